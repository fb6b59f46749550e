//! The bucket of evidence under Object Lock, and the KMS key that signs checkpoints. No lock is shortened: what is
//! deleted has none any more.

use async_trait::async_trait;
use audit_log::key::CheckpointKey;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::ObjectLockMode;
use jiff::Timestamp;
use tokio::sync::OnceCell;
use workflow::ports::{CheckpointSigner, EvidenceStore, Marked, PortError, PortErrorKind};

use crate::failure::{failed, failure};

/// Objects under lock in S3.
#[derive(Debug, Clone)]
pub struct S3EvidenceStore {
    // Dependencies.
    client: aws_sdk_s3::Client,
    // Configuration.
    bucket: String,
    lock: Option<ObjectLockMode>,
}

impl S3EvidenceStore {
    /// `lock_mode` is `COMPLIANCE`, `GOVERNANCE`, or anything else for a bucket without locks.
    pub(crate) fn new(client: aws_sdk_s3::Client, bucket: &str, lock_mode: &str) -> Self {
        let lock = match lock_mode {
            "COMPLIANCE" => Some(ObjectLockMode::Compliance),
            "GOVERNANCE" => Some(ObjectLockMode::Governance),
            _ => None,
        };
        Self { client, bucket: bucket.to_owned(), lock }
    }

    /// The versions and deletion marks of one object.
    async fn versions(&self, name: &str) -> Result<Vec<(String, String)>, PortError> {
        let (mut found, mut after) = (Vec::new(), (None, None));
        loop {
            let request = self.client.list_object_versions().bucket(&self.bucket).prefix(name);
            let request = request.set_key_marker(after.0).set_version_id_marker(after.1);
            let page = request.send().await.map_err(|error| failed("list evidence", error))?;
            let versions = page.versions.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
            let marks = page.delete_markers.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
            let told = versions.chain(marks).filter_map(|(key, version)| Some((key?, version?)));
            found.extend(told.filter(|(key, _)| key == name));
            // Names come in order, and the one that is looked for comes first.
            let is_passed = page.next_key_marker.as_deref() != Some(name);
            after = (page.next_key_marker, page.next_version_id_marker);
            if is_passed || page.is_truncated != Some(true) {
                return Ok(found);
            }
        }
    }

    fn put(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> PutObjectFluentBuilder {
        let request = self.client.put_object().bucket(&self.bucket).key(name).body(ByteStream::from(bytes));
        match &self.lock {
            None => request,
            Some(mode) => request
                .object_lock_mode(mode.clone())
                .object_lock_retain_until_date(DateTime::from_secs(keep_until.as_second())),
        }
    }
}

/// Whether a conditional write was made; `false` if its condition did not hold.
async fn was_written(request: PutObjectFluentBuilder) -> Result<bool, PortError> {
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("PreconditionFailed") => Ok(false),
        Err(error) => Err(failure("put evidence", &error)),
    }
}

#[async_trait]
impl EvidenceStore for S3EvidenceStore {
    async fn read(&self, name: &str) -> Result<Option<Marked>, PortError> {
        let answer = match self.client.get_object().bucket(&self.bucket).key(name).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match failure("read evidence", &error) {
                    PortError { kind: PortErrorKind::NotFound, .. } => Ok(None),
                    other => Err(other),
                };
            }
        };
        let mark = answer.e_tag().unwrap_or_default().to_owned();
        let cut_short = |source| PortError::caused(PortErrorKind::Transient, "read evidence", source);
        let bytes = answer.body.collect().await.map_err(cut_short)?.to_vec();
        Ok(Some(Marked { bytes, mark }))
    }

    async fn names(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError> {
        let keys = i32::try_from(limit.min(1_000)).unwrap_or(1_000);
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(keys);
        let answer = request.set_start_after(after.map(str::to_owned)).send().await;
        let page = answer.map_err(|error| failed("list evidence", error))?;
        Ok(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect())
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> Result<bool, PortError> {
        was_written(self.put(name, bytes, keep_until).if_none_match("*")).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, mark: &str, keep_until: Timestamp) -> Result<bool, PortError> {
        was_written(self.put(name, bytes, keep_until).if_match(mark)).await
    }

    async fn remove(&self, name: &str) -> Result<bool, PortError> {
        for (key, version) in self.versions(name).await? {
            let request = self.client.delete_object().bucket(&self.bucket).key(key).version_id(version);
            match request.send().await {
                Ok(_) => {}
                Err(error) if error.code() == Some("AccessDenied") => return Ok(false),
                Err(error) => return Err(failure("remove evidence", &error)),
            }
        }
        Ok(true)
    }
}

/// Signs checkpoints with an Ed25519 key of KMS.
#[derive(Debug)]
pub struct KmsCheckpointSigner {
    // Dependencies.
    client: aws_sdk_kms::Client,
    known: OnceCell<CheckpointKey>,
    // Configuration.
    key_id: String,
}

impl KmsCheckpointSigner {
    pub(crate) fn new(client: aws_sdk_kms::Client, key_id: &str) -> Self {
        Self { client, known: OnceCell::new(), key_id: key_id.to_owned() }
    }

    async fn ask_key(&self) -> Result<CheckpointKey, PortError> {
        let answer = self.client.get_public_key().key_id(&self.key_id).send().await;
        let answer = answer.map_err(|error| failed("read the checkpoint key", error))?;
        let der = answer.public_key.map(Blob::into_inner).unwrap_or_default();
        CheckpointKey::from_der(&der)
            .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "read the checkpoint key", source))
    }
}

#[async_trait]
impl CheckpointSigner for KmsCheckpointSigner {
    async fn key(&self) -> Result<CheckpointKey, PortError> {
        self.known.get_or_try_init(|| self.ask_key()).await.cloned()
    }

    async fn sign(&self, text: &[u8]) -> Result<Vec<u8>, PortError> {
        let answer = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(text))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
            .send()
            .await
            .map_err(|error| failed("sign a checkpoint", error))?;
        Ok(answer.signature.map(Blob::into_inner).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Replay, credentials};

    fn store(replay: &Replay) -> S3EvidenceStore {
        let config = replay.config(credentials(None));
        S3EvidenceStore::new(aws_sdk_s3::Client::new(&config), "evidence", "COMPLIANCE")
    }

    #[tokio::test]
    async fn an_object_that_is_there_is_an_answer_and_no_failure() {
        let refused = "<Error><Code>PreconditionFailed</Code></Error>";
        let store = store(&Replay::answering(&[(412, refused)]));
        assert!(!store.put_new("a", vec![1], Timestamp::UNIX_EPOCH).await.unwrap());
        assert!(!store.replace("a", vec![1], "\"x\"", Timestamp::UNIX_EPOCH).await.unwrap());
    }

    #[tokio::test]
    async fn two_writers_at_once_and_a_locked_door_are_told_apart() {
        let answers = [
            (409, "<Error><Code>ConditionalRequestConflict</Code></Error>"),
            (403, "<Error><Code>AccessDenied</Code></Error>"),
        ];
        let store = store(&Replay::answering(&answers));
        let kind = |result: Result<bool, PortError>| result.unwrap_err().kind;
        assert_eq!(kind(store.put_new("a", vec![1], Timestamp::UNIX_EPOCH).await), PortErrorKind::Transient);
        assert_eq!(kind(store.put_new("a", vec![1], Timestamp::UNIX_EPOCH).await), PortErrorKind::Denied);
    }

    #[tokio::test]
    async fn of_an_object_every_version_goes_and_a_locked_one_is_an_answer() {
        let listed = "<ListVersionsResult><IsTruncated>false</IsTruncated>\
            <Version><Key>a</Key><VersionId>2</VersionId></Version><Version><Key>ab</Key><VersionId>9</VersionId></Version>\
            <DeleteMarker><Key>a</Key><VersionId>1</VersionId></DeleteMarker></ListVersionsResult>";
        let denied = "<Error><Code>AccessDenied</Code></Error>";
        let replay = Replay::answering(&[(200, listed), (204, ""), (204, ""), (200, listed), (403, denied)]);
        let store = store(&replay);
        assert!(store.remove("a").await.unwrap());
        assert!(!store.remove("a").await.unwrap(), "its lock has not ended");
    }

    #[tokio::test]
    async fn a_missing_object_is_none() {
        let store = store(&Replay::answering(&[(404, "<Error><Code>NoSuchKey</Code></Error>")]));
        assert_eq!(store.read("a").await.unwrap(), None);
    }
}
