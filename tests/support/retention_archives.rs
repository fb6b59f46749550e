//! What a sweep has archived, as whoever checks it reads it: a manifest, the archive it names, its lines.

use std::io::{BufRead as _, BufReader};

use adapters_memory::MemoryWorld;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::datum::Datum;
use domain::ids::TenantId;
use domain::record::KeyRecord;
use flate2::read::GzDecoder;
use serde_json::Value;
use workflow::keyring::Keyring;
use workflow::sealing::{Place, SealingKey, sha256};

use crate::executor::run;

/// What the names of manifests end with.
pub const MANIFEST: &str = ".manifest.json";

/// An archive that is what its manifest says.
#[derive(Debug)]
pub struct RetentionArchive {
    /// The manifest.
    pub manifest: Value,
    /// The name of the archive.
    pub name: String,
    /// The archive as it is stored.
    pub bytes: Vec<u8>,
}

impl RetentionArchive {
    /// The archive that a manifest names; none where the manifest is broken or the checksum does not hold.
    pub fn of(manifest: &[u8], stored: impl FnOnce(&str) -> Option<Vec<u8>>) -> Option<Self> {
        let manifest: Value = serde_json::from_slice(manifest).ok()?;
        let name = manifest["archive"].as_str()?.to_owned();
        let bytes = stored(&name)?;
        (manifest["sha256"] == sha256(&bytes).as_str()).then_some(Self { manifest, name, bytes })
    }

    /// Its lines, each with the place it was sealed for.
    ///
    /// # Panics
    /// Where it is no text in gzip.
    pub fn lines(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let lines = BufReader::new(GzDecoder::new(self.bytes.as_slice())).lines().enumerate();
        lines.map(|(number, line)| (format!("{}#{number}", self.name), line.unwrap()))
    }
}

/// The row of a person in a line, with the key of that person, under which the line was sealed.
///
/// # Panics
/// Where it was sealed for another place or under another key.
#[must_use]
pub fn opened_row(
    memory: &MemoryWorld,
    keyring: &Keyring,
    tenant: &TenantId,
    (place, line): (&str, &str),
) -> (SealingKey, Datum) {
    let line: Value = serde_json::from_str(line).unwrap();
    let owner = KeyRecord::subject_owner(line["subject"].as_str().unwrap());
    let key = run(memory, keyring.known_subject_key(tenant, &owner, memory.now())).answer().unwrap().unwrap();
    let sealed = BASE64.decode(line["sealed"].as_str().unwrap()).unwrap();
    let row = key.open_bytes(&Place::object(tenant.as_str(), place), &sealed).unwrap();
    (key, Datum::parse_json(&row).unwrap())
}
