//! Multipart uploads. Completing never replaces an object: the archive is the same bytes whoever writes it.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use domain::step::UploadedPart;
use workflow::ports::{PortError, PortErrorKind};

use super::S3ExportStore;
use crate::failure::{failed, failure};

/// Stands between the `ETag` and the checksum in the name we give a part; neither holds it.
const SEPARATOR: char = ';';
/// Ends the name of a part that S3 takes as the last one only.
const SMALL: &str = ";small";
/// The smallest part that others may follow.
const SMALLEST_BYTES: usize = 5 * 1024 * 1024;

pub(super) async fn start(store: &S3ExportStore, key: &str) -> Result<String, PortError> {
    let answer = store
        .client
        .create_multipart_upload()
        .bucket(&store.bucket)
        .key(key)
        .content_type("application/zip")
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(&store.kms_key)
        .bucket_key_enabled(true)
        .send()
        .await
        .map_err(|error| failed("start upload", error))?;
    answer.upload_id.ok_or(PortError::new(PortErrorKind::Corrupt, "start upload"))
}

pub(super) async fn part(
    store: &S3ExportStore,
    key: &str,
    upload_id: &str,
    number: u32,
    bytes: Vec<u8>,
) -> Result<UploadedPart, PortError> {
    let is_small = bytes.len() < SMALLEST_BYTES;
    let answer = store
        .client
        .upload_part()
        .bucket(&store.bucket)
        .key(key)
        .upload_id(upload_id)
        .part_number(part_number(number)?)
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .body(ByteStream::from(bytes))
        .send()
        .await
        .map_err(|error| failed("upload part", error))?;
    let etag = answer.e_tag().ok_or(PortError::new(PortErrorKind::Corrupt, "upload part"))?;
    Ok(UploadedPart { number, etag: name_of(etag, answer.checksum_crc32(), is_small) })
}

pub(super) async fn complete(
    store: &S3ExportStore,
    key: &str,
    upload_id: &str,
    parts: &[UploadedPart],
) -> Result<(), PortError> {
    // The emulator would join them; S3 refuses, after everything was uploaded.
    if parts.iter().rev().skip(1).any(|part| part.etag.ends_with(SMALL)) {
        return Err(PortError::new(PortErrorKind::Corrupt, "complete upload"));
    }
    let parts = parts.iter().map(completed).collect::<Result<Vec<_>, _>>()?;
    store
        .client
        .complete_multipart_upload()
        .bucket(&store.bucket)
        .key(key)
        .upload_id(upload_id)
        .if_none_match("*")
        .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
        .send()
        .await
        .map(|_| ())
        .map_err(|error| failed("complete upload", error))
}

pub(super) async fn abort(store: &S3ExportStore, key: &str, upload_id: &str) -> Result<(), PortError> {
    let aborted =
        store.client.abort_multipart_upload().bucket(&store.bucket).key(key).upload_id(upload_id).send().await;
    match aborted.map_err(|error| failure("abort upload", &error)) {
        Ok(_) | Err(PortError { kind: PortErrorKind::NotFound, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The name we give a part.
fn name_of(etag: &str, checksum: Option<&str>, is_small: bool) -> String {
    let mut name = etag.to_owned();
    if let Some(checksum) = checksum {
        name.push(SEPARATOR);
        name.push_str(checksum);
    }
    if is_small {
        name.push_str(SMALL);
    }
    name
}

/// A part made with a checksum must be completed with it.
fn completed(part: &UploadedPart) -> Result<CompletedPart, PortError> {
    let name = part.etag.strip_suffix(SMALL).unwrap_or(&part.etag);
    let (etag, checksum) = match name.split_once(SEPARATOR) {
        Some((etag, checksum)) => (etag, Some(checksum.to_owned())),
        None => (name, None),
    };
    let number = part_number(part.number)?;
    Ok(CompletedPart::builder().part_number(number).e_tag(etag).set_checksum_crc32(checksum).build())
}

fn part_number(number: u32) -> Result<i32, PortError> {
    i32::try_from(number).map_err(|source| PortError::caused(PortErrorKind::Corrupt, "upload part", source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_read_back() {
        for (checksum, is_small) in [(None, false), (None, true), (Some("AAAAAA=="), false), (Some("AAAAAA=="), true)] {
            let part = UploadedPart { number: 2, etag: name_of("\"e\"", checksum, is_small) };
            let completed = completed(&part).unwrap();
            assert_eq!((completed.e_tag(), completed.checksum_crc32()), (Some("\"e\""), checksum));
            assert_eq!(part.etag.ends_with(SMALL), is_small);
        }
    }
}
