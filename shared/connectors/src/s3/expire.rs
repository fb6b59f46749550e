//! Whole objects that have lived long enough, by what their keys or S3 say; each goes only as the version that was listed.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use datamap::{LAST_MODIFIED, fields_of_key};
use domain::datum::Datum;
use jiff::Timestamp;
use workflow::ports::{
    CONTENT_BYTES, Content, Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind,
};

use super::cursor::{self, MediaAt, VERSION};
use super::list::list;
use super::reader::{declared, typed};
use super::template::whole_prefix;
use super::versions::Bucket;
use crate::failure::{corrupt, failed};
use crate::pace::Pace;
use crate::scope::Scope;

/// Keys of one listing.
const PAGE_KEYS: i32 = 1000;
/// After so many bytes of objects that are archived a page ends.
const PAGE_BYTES: u64 = CONTENT_BYTES as u64;
/// The tag that labels an object.
const LABEL: &str = "retention_class";
/// Objects of which the label is looked for.
const LOOKED_AT: i32 = 20;

/// Objects under keys made from a template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeObjects<'a> {
    // Dependencies.
    pub(crate) client: &'a Client,
    pub(crate) pace: &'a Pace,
    // Configuration.
    pub(crate) bucket: &'a str,
    pub(crate) template: &'a str,
}

/// The version of an object that was listed.
struct Listed {
    key: String,
    etag: String,
    bytes: u64,
    /// In seconds since 1970.
    written_at: i64,
}

impl<'a> WholeObjects<'a> {
    const fn versioned(&self) -> Bucket<'a> {
        Bucket { client: self.client, pace: self.pace, name: self.bucket }
    }

    /// A listing's worth of expired objects; what they hold is read only for an archive.
    pub(crate) async fn expired(
        &self,
        scope: &Scope<'_>,
        order: &ExpiryOrder,
        after: Option<&Cursor>,
    ) -> Result<ExpiredPage, PortError> {
        let prefix = self.prefix(scope)?;
        let at = match after {
            Some(cursor) => cursor::read::<MediaAt>(cursor)?,
            None => MediaAt { v: VERSION, ..MediaAt::default() },
        };
        let is_archived = order.target()?.1.archive;
        let listing = list((self.client, self.pace), self.bucket, &prefix, at.after.as_deref(), PAGE_KEYS).await?;
        let mut page = ExpiredPage::default();
        let (mut last, mut has_more) = (at.after, listing.has_more);
        for object in listing.objects {
            if is_archived && page.bytes >= PAGE_BYTES {
                has_more = true;
                break;
            }
            last.clone_from(&object.key);
            let Some((row, listed)) = self.row(scope, &object) else { continue };
            page.scanned += 1;
            if order.has_expired(&row) && scope.is_owned(&row) {
                page.bytes += if is_archived { listed.bytes } else { 0 };
                page.rows.push(ExpiredRow { row, held: Held::new(listed), part_of: None });
            }
        }
        if has_more {
            page.next = Some(cursor::write(&MediaAt { v: VERSION, value: 0, after: last })?);
        }
        Ok(page)
    }

    /// Where all of the tenant's objects are.
    fn prefix(&self, scope: &Scope<'_>) -> Result<String, PortError> {
        let is_told = |field: &str| self.template.contains(&format!("{{{field}}}"));
        match scope.tenant_field() {
            Some(field) if !is_told(field) => {
                Err(corrupt("look for expired objects", "the source is shared, but its keys do not name the tenant"))
            }
            Some(_) | None => Ok(whole_prefix(self.template, scope)),
        }
    }

    /// What a key and a listing say of an object, as a row; none for keys that the template does not make.
    fn row(&self, scope: &Scope<'_>, object: &Object) -> Option<(Datum, Listed)> {
        let key = object.key.as_deref().filter(|key| !key.ends_with('/'))?;
        let told = fields_of_key(self.template, key)?;
        let seconds = object.last_modified?.secs();
        let written_at = Timestamp::from_second(seconds).ok()?;
        let bytes = u64::try_from(object.size.unwrap_or(0)).unwrap_or(0);
        let etag = object.e_tag.clone()?;
        let text = |text: &str| Datum::Text(text.to_owned());
        let mut fields: Vec<(String, Datum)> = Vec::new();
        for (name, value) in told {
            if fields.iter().all(|(known, _)| known != name) {
                fields.push((name.to_owned(), typed(value, declared(scope.collection, name))));
            }
        }
        let object = [("key", text(key)), ("etag", text(&etag)), ("bytes", Datum::Number(bytes.to_string()))];
        fields.push((LAST_MODIFIED.to_owned(), Datum::Text(written_at.to_string())));
        fields.push(("object".to_owned(), Datum::Map(object.map(|(name, it)| (name.to_owned(), it)).into())));
        Some((Datum::Map(fields), Listed { key: key.to_owned(), etag, bytes, written_at: seconds }))
    }

    /// Deletes objects with all their versions where the latest still is the one that was listed.
    pub(crate) async fn remove(&self, scope: &Scope<'_>, rows: &[ExpiredRow]) -> Result<Vec<Erased>, PortError> {
        let prefix = self.prefix(scope)?;
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            let listed = of(row).filter(|listed| listed.key.starts_with(&prefix));
            let listed = listed.ok_or_else(|| corrupt("remove expired objects", "not an object of this collection"))?;
            let seen = (listed.etag.as_str(), Some(listed.written_at));
            answers.push(self.versioned().delete_as_seen(&listed.key, seen).await?);
        }
        Ok(answers)
    }

    /// The bytes of the version that was listed, from one of them on; none where it is another by now, or gone.
    pub(crate) async fn content(&self, row: &ExpiredRow, from: u64) -> Result<Option<Content>, PortError> {
        let listed = of(row).ok_or_else(|| corrupt("read expired objects", "not an object of this collection"))?;
        let end = listed.bytes.min(from.saturating_add(PAGE_BYTES));
        if from > 0 && from >= end {
            return Err(corrupt("read expired objects", "behind the end of the object"));
        }
        // A small one is asked for as a whole: of an empty one no range can be.
        let range = (end - from < listed.bytes).then(|| format!("bytes={from}-{}", end - 1));
        self.pace.request().await;
        let request = self.client.get_object().bucket(self.bucket).key(&listed.key).if_match(&listed.etag);
        let request = request.set_range(range);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => match failed("read object", error) {
                it if matches!(it.kind, PortErrorKind::Conflict | PortErrorKind::NotFound) => return Ok(None),
                error => return Err(error),
            },
        };
        let cut = |_| PortError::caused(PortErrorKind::Transient, "read object", "the body was cut off");
        let bytes = answer.body.collect().await.map_err(cut)?.to_vec();
        if bytes.len() as u64 == end - from {
            return Ok(Some(Content { bytes, of: listed.bytes }));
        }
        Err(PortError::caused(
            PortErrorKind::Transient,
            "read object",
            "the body has another length than was asked for",
        ))
    }

    /// Whether each of the first objects carries the label.
    pub(crate) async fn is_labelled(&self, scope: &Scope<'_>) -> Result<bool, PortError> {
        let prefix = self.prefix(scope)?;
        let listing = list((self.client, self.pace), self.bucket, &prefix, None, LOOKED_AT).await?;
        for key in listing.objects.into_iter().filter_map(|object| object.key) {
            self.pace.request().await;
            let tags = self.client.get_object_tagging().bucket(self.bucket).key(key).send().await;
            let tags = tags.map_err(|error| failed("read labels", error))?;
            if !tags.tag_set().iter().any(|tag| tag.key() == LABEL) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn of(row: &ExpiredRow) -> Option<&Listed> {
    row.held.get()
}
