//! Archives as files, and the proof that each expired row is in one, whole, sealed under the key of its person.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use adapters_memory::{MemoryWorld, yield_once};
use async_trait::async_trait;
use jiff::Timestamp;
use workflow::keyring::Keyring;
use workflow::ports::{EvidenceStore, Marked, PortError};
use workflow::sealing::sha256;

use super::generated::Generated;
use crate::retention_archives::{MANIFEST, RetentionArchive, opened_row};
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
            if !path.to_str().unwrap().ends_with(MANIFEST) {
                continue;
            }
            let stored = |name: &str| fs::read(self.path(name)).ok();
            let Some(archive) = RetentionArchive::of(&fs::read(&path).unwrap(), stored) else {
                broken.push(format!("{} does not tell what its archive is", path.display()));
                continue;
            };
            for (place, line) in archive.lines() {
                let (_, row) = opened_row(memory, keyring, &tenant("acme"), (&place, &line));
                match table.number_of(&row) {
                    Some(number) if seen.insert(number) => {}
                    Some(number) => broken.push(format!("row {number} is archived twice")),
                    None => broken.push(format!("{} holds a row that did not expire", archive.name)),
                }
            }
        }
        if seen.len() as u64 != table.expired() {
            broken.push(format!("{} of {} rows are archived", seen.len(), table.expired()));
        }
        broken
    }
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
