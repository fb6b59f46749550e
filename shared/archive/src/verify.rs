//! Checks a finished archive by a reader that is not ours: each file against its manifest row and back.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek};

use sha2::{Digest, Sha256};
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::entry::{EntryKind, hex};
use crate::manifest::{MANIFEST_NAME, Manifest, ManifestFile};

/// A manifest larger than this is not read.
const LARGEST_MANIFEST_BYTES: u64 = 1 << 30;

/// Why an archive can't be checked at all.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Not a ZIP that can be opened.
    #[error("the file is not a readable ZIP archive")]
    Zip(#[from] ZipError),
    /// There is no manifest.
    #[error("the archive has no manifest.json")]
    NoManifest,
    /// The manifest can't be read.
    #[error("the manifest can't be read")]
    ReadManifest(#[from] std::io::Error),
    /// The manifest is not one of ours.
    #[error("the manifest is not in the form we know")]
    Manifest(#[from] serde_json::Error),
}

/// What is wrong with one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The manifest lists it, the archive lacks it.
    #[error("listed but missing")]
    Missing,
    /// The archive holds it, the manifest does not list it, or it is listed twice.
    #[error("not listed exactly once")]
    Unlisted,
    /// Its bytes can't be read, or its CRC is wrong.
    #[error("unreadable")]
    Unreadable,
    /// Another size than listed.
    #[error("another size than listed")]
    WrongSize,
    /// Another number of rows than listed.
    #[error("another number of rows than listed")]
    WrongRows,
    /// Another SHA-256 than listed.
    #[error("another checksum than listed")]
    WrongChecksum,
}

/// One file of the archive, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedFile {
    /// Path inside the archive.
    pub name: String,
    /// `dataset.collection`, empty for documents.
    pub source: String,
    /// Rows, as counted.
    pub rows: u64,
    /// Size, as counted.
    pub bytes: u64,
    /// SHA-256, as computed.
    pub sha256: String,
    /// What is wrong; `None` for a file that is as listed.
    pub problem: Option<Problem>,
}

/// The outcome of checking an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The manifest, as read.
    pub manifest: Manifest,
    /// Each file, those of the manifest first, in its order.
    pub files: Vec<VerifiedFile>,
    /// Rows of each `dataset.collection`, from its JSON files, or from its CSV files where it has no JSON.
    pub rows: BTreeMap<String, u64>,
}

impl Verified {
    /// Whether every file is as listed and nothing else is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(|file| file.problem.is_none())
    }
}

/// Reads every byte of the archive and compares it with its manifest; memory does not grow with the data.
///
/// # Errors
/// [`VerifyError`] if there is no ZIP or no manifest to compare with; wrong files are told in the result.
pub fn verify(reader: impl Read + Seek) -> Result<Verified, VerifyError> {
    let mut zip = ZipArchive::new(reader)?;
    let manifest = read_manifest(&mut zip)?;
    let mut files: Vec<VerifiedFile> = Vec::with_capacity(manifest.files.len());
    let mut listed = HashSet::from([MANIFEST_NAME.as_bytes()]);
    for row in &manifest.files {
        let is_new = listed.insert(row.name.as_bytes());
        files.push(if is_new { check(&mut zip, row) } else { unlisted(&row.name) });
    }
    let extra = zip.file_names_raw().filter(|name| !listed.contains(name));
    files.extend(extra.map(|name| unlisted(&String::from_utf8_lossy(name))));
    let rows = rows_by_source(&manifest, &files);
    Ok(Verified { manifest, files, rows })
}

fn read_manifest(zip: &mut ZipArchive<impl Read + Seek>) -> Result<Manifest, VerifyError> {
    if zip.index_for_name(MANIFEST_NAME).is_none() {
        return Err(VerifyError::NoManifest);
    }
    let entry = zip.by_name(MANIFEST_NAME)?;
    let mut bytes = Vec::new();
    entry.take(LARGEST_MANIFEST_BYTES).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn unlisted(name: &str) -> VerifiedFile {
    VerifiedFile {
        name: name.to_owned(),
        source: String::new(),
        rows: 0,
        bytes: 0,
        sha256: String::new(),
        problem: Some(Problem::Unlisted),
    }
}

fn check(zip: &mut ZipArchive<impl Read + Seek>, row: &ManifestFile) -> VerifiedFile {
    let mut count = Count::new(row.kind);
    let problem = match zip.by_name(&row.name) {
        // One byte more than listed is enough to know, however far a hostile entry unpacks.
        Ok(entry) => match count.read(entry.take(row.bytes.saturating_add(1))) {
            Ok(()) => None,
            Err(_) => Some(Problem::Unreadable),
        },
        Err(ZipError::FileNotFound) => Some(Problem::Missing),
        Err(_) => Some(Problem::Unreadable),
    };
    let sha256 = hex(&count.sha256.finalize());
    let problem = problem
        .or_else(|| (count.bytes != row.bytes).then_some(Problem::WrongSize))
        .or_else(|| (count.rows != row.rows).then_some(Problem::WrongRows))
        .or_else(|| (sha256 != row.sha256).then_some(Problem::WrongChecksum));
    VerifiedFile {
        name: row.name.clone(),
        source: row.source.clone(),
        rows: count.rows,
        bytes: count.bytes,
        sha256,
        problem,
    }
}

fn rows_by_source(manifest: &Manifest, files: &[VerifiedFile]) -> BTreeMap<String, u64> {
    let sum = |kind: EntryKind| {
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for (row, file) in manifest.files.iter().zip(files).filter(|(row, _)| row.kind == kind) {
            *rows.entry(row.source.clone()).or_default() += file.rows;
        }
        rows
    };
    let mut rows = sum(EntryKind::Csv);
    rows.extend(sum(EntryKind::Json));
    rows
}

/// Counts what passes by: bytes, rows, checksum.
struct Count {
    kind: EntryKind,
    bytes: u64,
    rows: u64,
    is_quoted: bool,
    is_header: bool,
    sha256: Sha256,
}

impl Count {
    fn new(kind: EntryKind) -> Self {
        let is_header = kind == EntryKind::Csv;
        Self { kind, bytes: 0, rows: 0, is_quoted: false, is_header, sha256: Sha256::new() }
    }

    fn read(&mut self, mut content: impl Read) -> std::io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = match content.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let chunk = &buffer[..length];
            self.bytes += length as u64;
            self.sha256.update(chunk);
            match self.kind {
                EntryKind::Json => {
                    self.rows += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
                }
                EntryKind::Csv => self.count_csv(chunk),
                EntryKind::Media | EntryKind::Document => {}
            }
        }
    }

    /// Line ends outside quotes; a doubled quote toggles twice and so changes nothing.
    fn count_csv(&mut self, chunk: &[u8]) {
        for byte in chunk {
            match byte {
                b'"' => self.is_quoted = !self.is_quoted,
                b'\n' if !self.is_quoted && self.is_header => self.is_header = false,
                b'\n' if !self.is_quoted => self.rows += 1,
                _ => {}
            }
        }
    }
}
