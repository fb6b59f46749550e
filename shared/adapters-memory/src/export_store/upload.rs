//! Multipart uploads: parts may come again and in any order; completing is once and for all.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::step::UploadedPart;
use jiff::Timestamp;
use workflow::ports::{PortError, PortErrorKind};

use super::Objects;

/// An upload that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The object it becomes.
    pub key: String,
    /// Its parts so far, with their tags.
    pub parts: BTreeMap<u32, (String, Arc<Vec<u8>>)>,
}

pub(super) fn start(objects: &mut Objects, key: &str) -> String {
    objects.next_upload += 1;
    let id = format!("upload-{}", objects.next_upload);
    objects.uploads.insert(id.clone(), Upload { key: key.to_owned(), parts: BTreeMap::new() });
    id
}

pub(super) fn part(
    objects: &mut Objects,
    key: &str,
    upload_id: &str,
    number: u32,
    bytes: &Arc<Vec<u8>>,
) -> Result<UploadedPart, PortError> {
    let upload = objects.uploads.get_mut(upload_id).filter(|upload| upload.key == key);
    let upload = upload.ok_or_else(|| PortError::new(PortErrorKind::NotFound, "upload_part"))?;
    if !(1..=10_000).contains(&number) {
        return Err(PortError::new(PortErrorKind::Corrupt, "upload_part"));
    }
    // As in S3 the tag follows from the bytes, so that the same part written twice is the same part.
    let etag = tag(bytes);
    upload.parts.insert(number, (etag.clone(), Arc::clone(bytes)));
    Ok(UploadedPart { number, etag })
}

#[expect(clippy::too_many_arguments, reason = "one call of the port, with the switch and the time of the world")]
pub(super) fn complete(
    objects: &mut Objects,
    key: &str,
    upload_id: &str,
    parts: &[UploadedPart],
    overwrites: bool,
    now: Timestamp,
) -> Result<(), PortError> {
    let fails = |kind| PortError::new(kind, "complete_upload");
    let upload = objects.uploads.get(upload_id).filter(|upload| upload.key == key);
    let upload = upload.ok_or_else(|| fails(PortErrorKind::NotFound))?;
    if objects.stored.contains_key(key) && !overwrites {
        return Err(fails(PortErrorKind::Conflict));
    }
    let is_ascending = parts.windows(2).all(|pair| pair[0].number < pair[1].number);
    if parts.is_empty() || !is_ascending {
        return Err(fails(PortErrorKind::Corrupt));
    }
    let mut whole = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let stored = upload.parts.get(&part.number).filter(|(etag, _)| *etag == part.etag);
        let (_, bytes) = stored.ok_or_else(|| fails(PortErrorKind::Corrupt))?;
        let is_last = at + 1 == parts.len();
        if !is_last && bytes.len() < objects.smallest_part_bytes {
            return Err(fails(PortErrorKind::Corrupt));
        }
        whole.extend_from_slice(bytes);
    }
    objects.uploads.remove(upload_id);
    objects.write(key, Arc::new(whole), now);
    Ok(())
}

fn tag(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
