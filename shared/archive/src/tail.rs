//! The end of the ZIP: the pages about it and its directory. Parts joined in order, then this, are the archive.

use std::collections::HashSet;

use crate::directory::{CentralDirectory, DirectoryError};
use crate::entry::{EntryKind, EntryRecord};
use crate::header::DosTime;
use crate::info::ArchiveInfo;
use crate::manifest::{MANIFEST_NAME, manifest};
use crate::part::{NewEntry, Packing, PartWriter};
use crate::readme::readme;

/// A part that no one writes any more, as its index tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenPart {
    /// How many bytes at its front belong into the ZIP.
    pub zip_bytes: u64,
    /// The entries in them.
    pub entries: Vec<EntryRecord>,
}

/// What follows the last part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// `README.html`, `manifest.json`, the directory and the end records.
    pub bytes: Vec<u8>,
    /// Size of the whole ZIP.
    pub archive_bytes: u64,
    /// Number of entries of the whole ZIP.
    pub entries: u64,
}

/// Ends the archive: a pure function of the frozen parts, so that any worker writes the same bytes.
///
/// # Errors
/// [`DirectoryError`] if the parts can't be joined: an entry outside its part, or a name twice.
pub fn archive_tail(info: &ArchiveInfo, parts: &[FrozenPart]) -> Result<Tail, DirectoryError> {
    archive_tail_packing(info, parts, Packing::Deflated)
}

/// The same with documents kept as `packing` says.
///
/// # Errors
/// As [`archive_tail`].
pub fn archive_tail_packing(
    info: &ArchiveInfo,
    parts: &[FrozenPart],
    packing: Packing,
) -> Result<Tail, DirectoryError> {
    refuse_duplicates(parts)?;
    let made_at = DosTime::at(info.made_at);
    let mut directory = CentralDirectory::new(made_at);
    for part in parts {
        directory.add_part(&part.entries, part.zip_bytes)?;
    }
    let mut listed: Vec<&EntryRecord> = parts.iter().flat_map(|part| &part.entries).collect();

    let mut pages = PartWriter::packing(made_at, packing);
    pages.add_packed(document("README.html", readme(info, &listed).as_bytes()));
    let readme = pages.entries().to_vec();
    listed.extend(&readme);
    let manifest = manifest(info, &listed).to_json();
    pages.add_packed(document(MANIFEST_NAME, &manifest));

    let (mut bytes, entries) = pages.into_entries();
    let zip_bytes = bytes.len() as u64;
    directory.add_part(&entries, zip_bytes)?;
    bytes.extend_from_slice(&directory.finish());
    let before: u64 = parts.iter().map(|part| part.zip_bytes).sum();
    Ok(Tail { archive_bytes: before + bytes.len() as u64, entries: listed.len() as u64 + 1, bytes })
}

fn document<'a>(name: &str, content: &'a [u8]) -> NewEntry<'a> {
    let kind = EntryKind::Document;
    NewEntry { name: name.to_owned(), source: "", kind, rows: 0, content }
}

fn refuse_duplicates(parts: &[FrozenPart]) -> Result<(), DirectoryError> {
    let mut names = HashSet::from(["README.html", MANIFEST_NAME]);
    for entry in parts.iter().flat_map(|part| &part.entries) {
        if !names.insert(&entry.name) {
            return Err(DirectoryError::Duplicate);
        }
    }
    Ok(())
}
