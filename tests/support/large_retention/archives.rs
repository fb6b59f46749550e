//! Archives as files, and the proof that each expired row is in one, whole, sealed under the key of its person.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use adapters_memory::{MemoryWorld, yield_once};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::datum::Datum;
use domain::record::KeyRecord;
use jiff::Timestamp;
use serde_json::Value;
use workflow::keyring::Keyring;
use workflow::ports::{EvidenceStore, Marked, PortError};
use workflow::sealing::{Place, sha256};

use super::generated::Generated;
use crate::executor::run;
use crate::sample::tenant;

/// A bucket that is a directory; the mark of an object is the digest of what it holds.
pub(super) struct Archives {
    root: PathBuf,
    calls: AtomicU64,
}

impl Archives {
    pub(super) fn new(root: &Path) -> Self {
        fs::create_dir_all(root).unwrap();
        Self { root: root.to_owned(), calls: AtomicU64::new(0) }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn forget_calls(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name.replace('/', "%"))
    }

    async fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
    }

    /// What of the expired rows is not in an archive whose manifest and checksum hold, or is in one too many.
    pub(super) fn broken(&self, memory: &MemoryWorld, keyring: &Keyring, table: &Generated) -> Vec<String> {
        let mut broken = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for entry in fs::read_dir(&self.root).unwrap() {
            let path = entry.unwrap().path();
            if !path.to_str().unwrap().ends_with(".manifest.json") {
                continue;
            }
            let manifest: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let name = manifest["archive"].as_str().unwrap();
            if manifest["sha256"] != sha256(&fs::read(self.path(name)).unwrap()).as_str() {
                broken.push(format!("{name} is not what its manifest says"));
            }
            let lines = BufReader::new(flate2::read::GzDecoder::new(File::open(self.path(name)).unwrap())).lines();
            for (at, line) in lines.enumerate() {
                let row = opened(memory, keyring, &format!("{name}#{at}"), &line.unwrap());
                match table.number_of(&row) {
                    Some(number) if seen.insert(number) => {}
                    Some(number) => broken.push(format!("row {number} is archived twice")),
                    None => broken.push(format!("{name} holds a row that did not expire")),
                }
            }
        }
        if seen.len() as u64 != table.expired() {
            broken.push(format!("{} of {} rows are archived", seen.len(), table.expired()));
        }
        broken
    }
}

fn opened(memory: &MemoryWorld, keyring: &Keyring, place: &str, line: &str) -> Datum {
    let acme = tenant("acme");
    let line: Value = serde_json::from_str(line).unwrap();
    let owner = KeyRecord::subject_owner(line["subject"].as_str().unwrap());
    let key = run(memory, keyring.known_subject_key(&acme, &owner, memory.now())).answer().unwrap().unwrap();
    let sealed = BASE64.decode(line["sealed"].as_str().unwrap()).unwrap();
    let row = key.open_bytes(&Place::object(acme.as_str(), place), &sealed).unwrap();
    Datum::parse_json(&row).unwrap()
}

#[async_trait]
impl EvidenceStore for Archives {
    async fn read(&self, name: &str) -> Result<Option<Marked>, PortError> {
        self.call().await;
        let bytes = fs::read(self.path(name)).ok();
        Ok(bytes.map(|bytes| Marked { mark: sha256(&bytes), bytes }))
    }

    async fn names(&self, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, PortError> {
        Ok(Vec::new())
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>, _: Timestamp) -> Result<bool, PortError> {
        self.call().await;
        let is_new = !self.path(name).exists();
        if is_new {
            fs::write(self.path(name), bytes).unwrap();
        }
        Ok(is_new)
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, mark: &str, _: Timestamp) -> Result<bool, PortError> {
        self.call().await;
        let is_newest = fs::read(self.path(name)).is_ok_and(|stored| sha256(&stored) == mark);
        if is_newest {
            fs::write(self.path(name), bytes).unwrap();
        }
        Ok(is_newest)
    }

    async fn remove(&self, _: &str) -> Result<bool, PortError> {
        Ok(false)
    }
}
