//! Putting a rewritten object in the place of the one that was read, with everything else it had, and only there.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    CompletedMultipartUpload, CompletedPart, MultipartUpload, ServerSideEncryption, StorageClass, Tag,
};
use aws_smithy_types::DateTime;
use std::collections::HashMap;
use workflow::ports::{PortError, PortErrorKind};

use super::versions::Bucket;
use crate::failure::{corrupt, failed};

/// What an object has beside its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) etag: String,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    content_type: Option<String>,
    expires: Option<DateTime>,
    website_redirect_location: Option<String>,
    metadata: Option<HashMap<String, String>>,
    storage_class: Option<StorageClass>,
    server_side_encryption: Option<ServerSideEncryption>,
    ssekms_key_id: Option<String>,
    bucket_key_enabled: Option<bool>,
    tagging: Option<String>,
}

/// Gives a request everything that is kept.
macro_rules! keep {
    ($request:expr, $kept:expr) => {
        $request
            .set_cache_control($kept.cache_control.clone())
            .set_content_disposition($kept.content_disposition.clone())
            .set_content_encoding($kept.content_encoding.clone())
            .set_content_language($kept.content_language.clone())
            .set_content_type($kept.content_type.clone())
            .set_expires($kept.expires)
            .set_website_redirect_location($kept.website_redirect_location.clone())
            .set_metadata($kept.metadata.clone())
            .set_storage_class($kept.storage_class.clone())
            .set_server_side_encryption($kept.server_side_encryption.clone())
            .set_ssekms_key_id($kept.ssekms_key_id.clone())
            .set_bucket_key_enabled($kept.bucket_key_enabled)
            .set_tagging($kept.tagging.clone())
    };
}

impl Kept {
    /// What an object that is being read has. Its tags are always asked for: S3 counts them only for those who may read
    /// them, and whoever may not must fail here rather than lose them.
    pub(super) async fn of(bucket: &Bucket<'_>, key: &str, object: &GetObjectOutput) -> Result<Self, PortError> {
        let etag = object.e_tag().ok_or_else(|| corrupt("read object", "an object without an entity tag"))?;
        let tagging = Some(tags(bucket, key).await?).filter(|tags| !tags.is_empty());
        let expires = object
            .expires_string()
            .and_then(|text| DateTime::from_str(text, aws_smithy_types::date_time::Format::HttpDate).ok());
        Ok(Self {
            etag: etag.to_owned(),
            cache_control: object.cache_control.clone(),
            content_disposition: object.content_disposition.clone(),
            content_encoding: object.content_encoding.clone(),
            content_language: object.content_language.clone(),
            content_type: object.content_type.clone(),
            expires,
            website_redirect_location: object.website_redirect_location.clone(),
            metadata: object.metadata.clone(),
            storage_class: object.storage_class.clone(),
            server_side_encryption: object.server_side_encryption.clone(),
            ssekms_key_id: object.ssekms_key_id.clone(),
            bucket_key_enabled: object.bucket_key_enabled,
            tagging,
        })
    }
}

async fn tags(bucket: &Bucket<'_>, key: &str) -> Result<String, PortError> {
    bucket.pace.request().await;
    let answer = bucket.client.get_object_tagging().bucket(bucket.name).key(key).send().await;
    let answer = answer.map_err(|error| failed("read tags", error))?;
    let one = |tag: &Tag| format!("{}={}", encoded(tag.key()), encoded(tag.value()));
    Ok(answer.tag_set().iter().map(one).collect::<Vec<_>>().join("&"))
}

/// A text as part of a URL query.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// An object that is being put in parts.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    bucket: Bucket<'a>,
    key: &'a str,
    id: String,
    parts: Vec<CompletedPart>,
}

/// Puts a small object where this one still is; false where another is there by now, or none.
pub(super) async fn put(bucket: &Bucket<'_>, key: &str, kept: &Kept, bytes: Vec<u8>) -> Result<bool, PortError> {
    bucket.pace.request().await;
    let request = bucket.client.put_object().bucket(bucket.name).key(key).if_match(&kept.etag);
    let answer = keep!(request, kept).body(ByteStream::from(bytes)).send().await;
    unless_raced(answer.map(drop).map_err(|error| failed("put object", error)))
}

fn unless_raced(answer: Result<(), PortError>) -> Result<bool, PortError> {
    match answer {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

impl<'a> Upload<'a> {
    pub(super) async fn start(bucket: Bucket<'a>, key: &'a str, kept: &Kept) -> Result<Self, PortError> {
        bucket.pace.request().await;
        let request = bucket.client.create_multipart_upload().bucket(bucket.name).key(key);
        let answer = keep!(request, kept).send().await.map_err(|error| failed("start upload", error))?;
        let id = answer.upload_id.ok_or_else(|| corrupt("start upload", "an upload without an id"))?;
        let upload = Self { bucket, key, id, parts: Vec::new() };
        upload.abort_leftovers().await?;
        Ok(upload)
    }

    /// Gives up what killed workers have left of the same object: uploads begun by the same principal as this one.
    /// Were one of them alive, it would lose the race for the object in any case. Who may not list leaves them.
    async fn abort_leftovers(&self) -> Result<(), PortError> {
        self.bucket.pace.request().await;
        let request = self.bucket.client.list_multipart_uploads().bucket(self.bucket.name).prefix(self.key);
        let answer = match request.send().await.map_err(|error| failed("list uploads", error)) {
            Ok(answer) => answer,
            Err(error) if error.kind == PortErrorKind::Denied => return Ok(()),
            Err(error) => return Err(error),
        };
        let of_key = || answer.uploads().iter().filter(|it| it.key() == Some(self.key));
        let initiator = |it: &MultipartUpload| it.initiator().and_then(|it| it.id().map(str::to_owned));
        let Some(own) = of_key().find(|it| it.upload_id() == Some(&self.id)).and_then(initiator) else {
            return Ok(());
        };
        for left in of_key().filter(|it| initiator(it).as_ref() == Some(&own)) {
            let Some(id) = left.upload_id().filter(|id| *id != self.id) else { continue };
            Self { bucket: self.bucket, key: self.key, id: id.to_owned(), parts: Vec::new() }.abort().await?;
        }
        Ok(())
    }

    pub(super) async fn part(&mut self, bytes: Vec<u8>) -> Result<(), PortError> {
        self.bucket.pace.request().await;
        let number = i32::try_from(self.parts.len() + 1).map_err(|_| corrupt("upload part", "too many parts"))?;
        let request = self.bucket.client.upload_part().bucket(self.bucket.name).key(self.key).upload_id(&self.id);
        let answer = request.part_number(number).body(ByteStream::from(bytes)).send().await;
        let answer = answer.map_err(|error| failed("upload part", error))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag);
        let part = part.set_checksum_crc32(answer.checksum_crc32).set_checksum_crc64_nvme(answer.checksum_crc64_nvme);
        self.parts.push(part.build());
        Ok(())
    }

    /// Puts the parts where this object still is; false where another is there by now, or none.
    pub(super) async fn complete(&self, etag: &str) -> Result<bool, PortError> {
        self.bucket.pace.request().await;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts.clone())).build();
        let request = self.bucket.client.complete_multipart_upload().bucket(self.bucket.name).key(self.key);
        let request = request.upload_id(&self.id).multipart_upload(parts).if_match(etag);
        unless_raced(request.send().await.map(drop).map_err(|error| failed("complete upload", error)))
    }

    /// Gives the upload up, so that nothing of it stays; it may be gone already.
    pub(super) async fn abort(&self) -> Result<(), PortError> {
        self.bucket.pace.request().await;
        let request = self.bucket.client.abort_multipart_upload().bucket(self.bucket.name).key(self.key);
        let answer = request.upload_id(&self.id).send().await.map(drop).map_err(|error| failed("abort upload", error));
        unless_raced(answer).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_a_query() {
        assert_eq!(encoded("a b=ü&c/1.2~_-"), "a%20b%3D%C3%BC%26c%2F1.2~_-");
    }
}
