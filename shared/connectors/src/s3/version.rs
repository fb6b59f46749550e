//! One version of an object read by ranges; what replaces it meanwhile is noticed, never mixed in.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use workflow::ports::{PortError, PortErrorKind};

use super::objects::ObjectSource;
use super::parquet::{Ranges, TAIL_BYTES};
use crate::failure::{corrupt, failed};

/// The version that was read first.
pub(super) struct Version<'a> {
    source: &'a ObjectSource<'a>,
    key: &'a str,
    etag: String,
}

/// The end of an object, its length, and what else the first answer told of it.
pub(super) struct End<'a> {
    pub(super) object: GetObjectOutput,
    pub(super) length: u64,
    pub(super) tail: Bytes,
    pub(super) version: Version<'a>,
}

impl<'a> End<'a> {
    /// Reads the end of an object; none where it is gone. `Conflict` where it is not the version named.
    pub(super) async fn of(
        source: &'a ObjectSource<'a>,
        key: &'a str,
        etag: Option<&str>,
    ) -> Result<Option<Self>, PortError> {
        source.pace.request().await;
        let request = source.client.get_object().bucket(source.bucket).key(key).range(format!("bytes=-{TAIL_BYTES}"));
        let mut object = match request.set_if_match(etag.map(str::to_owned)).send().await {
            Ok(object) => object,
            Err(error) => match failed("read object", error) {
                gone if gone.kind == PortErrorKind::NotFound => return Ok(None),
                error => return Err(error),
            },
        };
        let tail = whole(std::mem::take(&mut object.body)).await?;
        let told = object.content_range().and_then(|range| range.rsplit('/').next()?.parse().ok());
        let length = told.unwrap_or(tail.len() as u64);
        let etag = object.e_tag().ok_or_else(|| corrupt("read object", "an object without an entity tag"))?;
        let version = Version { source, key, etag: etag.to_owned() };
        Ok(Some(Self { object, length, tail, version }))
    }
}

impl Ranges for Version<'_> {
    async fn read(&mut self, range: Range<u64>) -> Result<Bytes, PortError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.source.pace.request().await;
        let request = self.source.client.get_object().bucket(self.source.bucket).key(self.key).if_match(&self.etag);
        let request = request.range(format!("bytes={}-{}", range.start, range.end - 1));
        let answer = request.send().await.map_err(|error| failed("read object", error))?;
        whole(answer.body).await
    }
}

async fn whole(body: aws_sdk_s3::primitives::ByteStream) -> Result<Bytes, PortError> {
    let cut = |_| PortError::caused(PortErrorKind::Transient, "read object", "the body was cut off");
    Ok(body.collect().await.map_err(cut)?.into_bytes())
}
