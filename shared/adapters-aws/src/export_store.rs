//! The bucket of exports: every object under our KMS key, through the bucket key; links are made in `link`.

mod link;
mod upload;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::SharedCredentialsProvider;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier, ServerSideEncryption};
use domain::step::UploadedPart;
use jiff::Timestamp;
use workflow::ports::{ByteRange, ExportStore, Link, ObjectHead, PortError, PortErrorKind};

use crate::failure::{failed, failure};

pub(crate) use link::credentials_end;

/// Objects of ours in S3.
#[derive(Debug, Clone)]
pub struct S3ExportStore {
    // Dependencies.
    client: Client,
    credentials: Option<SharedCredentialsProvider>,
    // Configuration.
    bucket: String,
    kms_key: String,
}

impl S3ExportStore {
    pub(crate) fn new(
        client: Client,
        credentials: Option<SharedCredentialsProvider>,
        bucket: &str,
        kms_key: &str,
    ) -> Self {
        Self { client, credentials, bucket: bucket.to_owned(), kms_key: kms_key.to_owned() }
    }

    fn put_request(&self, key: &str, bytes: Vec<u8>) -> PutObjectFluentBuilder {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(bytes));
        if self.kms_key.is_empty() {
            return request;
        }
        request
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .ssekms_key_id(&self.kms_key)
            .bucket_key_enabled(true)
    }

    async fn delete_batch(&self, keys: Vec<ObjectIdentifier>) -> Result<(), PortError> {
        let batch = Delete::builder()
            .set_objects(Some(keys))
            .quiet(true)
            .build()
            .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "delete objects", source))?;
        let answer = self
            .client
            .delete_objects()
            .bucket(&self.bucket)
            .delete(batch)
            .send()
            .await
            .map_err(|error| failed("delete objects", error))?;
        match answer.errors().first().map(aws_sdk_s3::types::Error::code) {
            None => Ok(()),
            Some(Some("AccessDenied")) => Err(PortError::new(PortErrorKind::Denied, "delete objects")),
            Some(_) => Err(PortError::new(PortErrorKind::Transient, "delete objects")),
        }
    }
}

#[async_trait]
impl ExportStore for S3ExportStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        let sent = self.put_request(key, bytes).send().await;
        sent.map(|_| ()).map_err(|error| failed("put object", error))
    }

    async fn put_if_absent(&self, key: &str, bytes: Vec<u8>) -> Result<bool, PortError> {
        match self.put_request(key, bytes).if_none_match("*").send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(false),
            Err(error) => Err(failure("put object", &error)),
        }
    }

    async fn read(&self, key: &str, range: Option<ByteRange>) -> Result<Vec<u8>, PortError> {
        if range.is_some_and(|range| range.end <= range.start) {
            return Ok(Vec::new());
        }
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        read_object(&self.client, &self.bucket, key, range).await
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, PortError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => {
                let bytes = head.content_length().and_then(|length| u64::try_from(length).ok());
                bytes
                    .map(|bytes| Some(ObjectHead { bytes }))
                    .ok_or(PortError::new(PortErrorKind::Corrupt, "head object"))
            }
            Err(error) => match failure("head object", &error) {
                PortError { kind: PortErrorKind::NotFound, .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let sent = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        sent.map(|_| ()).map_err(|error| failed("delete object", error))
    }

    async fn delete_all(&self, prefix: &str) -> Result<(), PortError> {
        if prefix.is_empty() {
            return Err(PortError::new(PortErrorKind::Corrupt, "delete objects"));
        }
        let mut pages = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("list objects", error))?;
            let named = page.contents().iter().filter_map(aws_sdk_s3::types::Object::key);
            let keys = named
                .map(|key| ObjectIdentifier::builder().key(key).build())
                .collect::<Result<Vec<_>, _>>()
                .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "delete objects", source))?;
            if !keys.is_empty() {
                self.delete_batch(keys).await?;
            }
        }
        Ok(())
    }

    async fn start_upload(&self, key: &str) -> Result<String, PortError> {
        upload::start(self, key).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<UploadedPart, PortError> {
        upload::part(self, key, upload_id, number, bytes).await
    }

    async fn complete_upload(&self, key: &str, upload_id: &str, parts: &[UploadedPart]) -> Result<(), PortError> {
        upload::complete(self, key, upload_id, parts).await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), PortError> {
        upload::abort(self, key, upload_id).await
    }

    async fn sign_link(&self, key: &str, file_name: &str, now: Timestamp, until: Timestamp) -> Result<Link, PortError> {
        link::sign(self, key, file_name, now, until).await
    }
}

/// Reads an object, or a range as the header `Range` has it.
pub(crate) async fn read_object(
    client: &Client,
    bucket: &str,
    key: &str,
    range: Option<String>,
) -> Result<Vec<u8>, PortError> {
    let request = client.get_object().bucket(bucket).key(key).set_range(range);
    let answer = request.send().await.map_err(|error| failed("read object", error))?;
    let body = answer.body.collect().await;
    let body = body.map_err(|source| PortError::caused(PortErrorKind::Transient, "read object", source))?;
    Ok(body.to_vec())
}
