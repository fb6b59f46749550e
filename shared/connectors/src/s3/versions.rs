//! Every version of an object, and their removal: what is erased must not live on as a previous version.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use workflow::ports::{Erased, PortError, PortErrorKind};

use crate::failure::{corrupt, failed};
use crate::pace::Pace;

/// Versions removed by one call.
const DELETE_MANY: usize = 1000;

/// The version of an object in a bucket that never had any.
const UNVERSIONED: &str = "null";

/// A version of an object, or the mark that it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) id: String,
    /// None for the mark of a deletion.
    pub(super) etag: Option<String>,
    pub(super) is_latest: bool,
    pub(super) bytes: u64,
    /// When it was written, in seconds since 1970.
    pub(super) written_at: Option<i64>,
}

impl Version {
    /// Whether deleting it needs the condition that it still is the same: its id is given again to what replaces it.
    pub(super) fn is_replaceable(&self) -> bool {
        self.id == UNVERSIONED
    }

    /// Whether it is only a mark that can't be removed without the risk of removing what replaces it. It stays.
    pub(super) fn is_lasting_mark(&self) -> bool {
        self.etag.is_none() && self.is_replaceable()
    }
}

/// A page of versions, in key order, newest first.
#[derive(Debug, Default)]
pub(super) struct VersionPage {
    pub(super) versions: Vec<Version>,
    /// The key and version after which the listing goes on.
    pub(super) next: Option<(String, Option<String>)>,
}

/// A bucket and the way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    // Dependencies.
    pub(super) client: &'a Client,
    pub(super) pace: &'a Pace,
    // Configuration.
    pub(super) name: &'a str,
}

impl Bucket<'_> {
    /// Lists versions under a prefix.
    pub(super) async fn versions(
        &self,
        prefix: &str,
        after: Option<(String, Option<String>)>,
        limit: i32,
    ) -> Result<VersionPage, PortError> {
        self.pace.request().await;
        let (key, id) = after.map_or((None, None), |(key, id)| (Some(key), id));
        let request = self.client.list_object_versions().bucket(self.name).prefix(prefix).max_keys(limit);
        let answer = request.set_key_marker(key).set_version_id_marker(id).send().await;
        let answer = answer.map_err(|error| failed("list versions", error))?;
        let mut versions: Vec<Version> = Vec::new();
        for it in answer.versions() {
            versions.push(Version {
                key: it.key().unwrap_or_default().to_owned(),
                id: it.version_id().unwrap_or(UNVERSIONED).to_owned(),
                etag: Some(it.e_tag().unwrap_or_default().to_owned()),
                is_latest: it.is_latest().unwrap_or(false),
                bytes: it.size().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
                written_at: it.last_modified().map(aws_smithy_types::DateTime::secs),
            });
        }
        for it in answer.delete_markers() {
            versions.push(Version {
                key: it.key().unwrap_or_default().to_owned(),
                id: it.version_id().unwrap_or(UNVERSIONED).to_owned(),
                etag: None,
                is_latest: it.is_latest().unwrap_or(false),
                bytes: 0,
                written_at: it.last_modified().map(aws_smithy_types::DateTime::secs),
            });
        }
        // Within a key the order of both lists together is not known; only which one is the latest matters.
        versions.sort_by(|left, right| left.key.cmp(&right.key).then(right.is_latest.cmp(&left.is_latest)));
        let next = answer.next_key_marker.filter(|_| answer.is_truncated == Some(true));
        Ok(VersionPage { versions, next: next.map(|key| (key, answer.next_version_id_marker)) })
    }

    /// Every version of one key.
    pub(super) async fn versions_of(&self, key: &str) -> Result<Vec<Version>, PortError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.versions(key, after.take(), 1000).await?;
            let is_past = page.versions.last().is_some_and(|last| last.key != key);
            found.extend(page.versions.into_iter().filter(|version| version.key == key));
            match page.next {
                Some(next) if !is_past => after = Some(next),
                Some(_) | None => return Ok(found),
            }
        }
    }

    /// Removes these versions for good, in any order.
    pub(super) async fn remove(&self, versions: &[Version]) -> Result<(), PortError> {
        let versions: Vec<&Version> = versions.iter().filter(|version| !version.is_lasting_mark()).collect();
        for chunk in versions.chunks(DELETE_MANY) {
            self.pace.request().await;
            let refused = |cause| PortError::caused(PortErrorKind::Corrupt, "remove versions", cause);
            let one = |it: &Version| ObjectIdentifier::builder().key(&it.key).version_id(&it.id).build();
            let objects = chunk.iter().copied().map(one).collect::<Result<Vec<_>, _>>().map_err(refused)?;
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(refused)?;
            let answer = self.client.delete_objects().bucket(self.name).delete(delete).send().await;
            let answer = answer.map_err(|error| failed("remove versions", error))?;
            let codes = answer.errors().iter().filter_map(|error| error.code());
            if let Some(code) = codes.clone().next() {
                let is_denied = codes.clone().any(|code| code.starts_with("AccessDenied"));
                let kind = if is_denied { PortErrorKind::Denied } else { PortErrorKind::Transient };
                return Err(PortError::caused(kind, "remove versions", code));
            }
        }
        Ok(())
    }

    /// Removes every version of a key but the latest.
    pub(super) async fn remove_previous(&self, key: &str) -> Result<(), PortError> {
        let versions = self.versions_of(key).await?;
        let previous: Vec<Version> = versions.into_iter().filter(|version| !version.is_latest).collect();
        self.remove(&previous).await
    }

    /// Deletes the object if it still is this one; false where it is another or gone.
    pub(super) async fn delete_latest(&self, key: &str, etag: &str) -> Result<bool, PortError> {
        self.pace.request().await;
        match self.client.delete_object().bucket(self.name).key(key).if_match(etag).send().await {
            Ok(_) => Ok(true),
            Err(error) => match failed("delete object", error) {
                refused if matches!(refused.kind, PortErrorKind::Conflict | PortErrorKind::NotFound) => Ok(false),
                error => Err(error),
            },
        }
    }

    /// Deletes the object with all its versions and marks if its latest version still is this one, or is a mark where
    /// no version is named; false where it is another.
    ///
    /// The latest goes last: else a previous version would come back in between.
    pub(super) async fn delete_all(&self, key: &str, etag: Option<&str>) -> Result<bool, PortError> {
        let versions = self.versions_of(key).await?;
        let Some(latest) = versions.iter().find(|version| version.is_latest) else {
            return if versions.is_empty() {
                Ok(true)
            } else {
                Err(corrupt("list versions", "no version is the latest"))
            };
        };
        if latest.etag.as_deref() != etag {
            return Ok(false);
        }
        let (latest, previous): (Vec<Version>, Vec<Version>) =
            versions.iter().cloned().partition(|version| version.is_latest);
        self.remove(&previous).await?;
        let is_conditional = latest.iter().any(Version::is_replaceable);
        if let Some(etag) = etag.filter(|_| is_conditional) {
            if !self.delete_latest(key, etag).await? {
                return Ok(false);
            }
            let left = self.versions_of(key).await?;
            return self.remove_unless_object(&left).await;
        }
        self.remove(&latest).await?;
        Ok(true)
    }

    /// Deletes the object with all its versions if the latest still is the one that was seen, or was deleted by an earlier
    /// try. Where it counts when it was written, the same bytes written again are another object.
    pub(super) async fn delete_as_seen(
        &self,
        key: &str,
        (seen, written_at): (&str, Option<i64>),
    ) -> Result<Erased, PortError> {
        let versions = self.versions_of(key).await?;
        let is_gone = versions.iter().all(Version::is_lasting_mark);
        let Some(latest) = versions.iter().find(|version| version.is_latest).filter(|_| !is_gone) else {
            return Ok(Erased::Gone);
        };
        // An earlier try may have deleted the latest version and not yet the others.
        let etag = latest.etag.as_deref();
        let is_another = |etag: &str| etag != seen || (written_at.is_some() && latest.written_at != written_at);
        if etag.is_some_and(is_another) {
            return Ok(Erased::Drifted);
        }
        Ok(if self.delete_all(key, etag).await? { Erased::Done } else { Erased::Drifted })
    }

    /// Removes what a deletion has left, unless somebody has put an object there since.
    async fn remove_unless_object(&self, left: &[Version]) -> Result<bool, PortError> {
        if !left.iter().any(|version| version.is_latest && version.etag.is_some()) {
            self.remove(left).await?;
        }
        Ok(true)
    }
}
