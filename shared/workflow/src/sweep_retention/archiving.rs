//! Archives of expired rows: NDJSON, gzipped, under lock, read back and compared before anything is taken away (INV-E6).
//!
//! A row of a person is sealed under that person's key, so that erasing the person forgets it here as well.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::record::KeyRecord;
use domain::request::Alias;
use domain::retention_run::{ArchivedChunk, RetentionRun};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::chunk::digest;
use super::{SweepRetention, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{ExpiredRow, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey, sha256};

/// What lies beside each archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    v: u8,
    tenant: String,
    collection: String,
    class: String,
    begun_at: Timestamp,
    archive: String,
    sha256: String,
    bytes: u64,
    /// Whether each line is sealed under its subject's key.
    sealed: bool,
    /// Keyed hash of each row, in the order of the lines.
    pub(super) rows: Vec<String>,
}

impl SweepRetention {
    /// Archives rows and says so in the run; gives back those that are in the archive.
    pub(super) async fn archive(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        run: &mut RetentionRun,
        rows: Vec<ExpiredRow>,
    ) -> Result<Vec<ExpiredRow>, PortError> {
        let base =
            format!("retention/{}/{}/{:013}/{:06}", unit.tenant, unit.id, run.begun_at.as_millisecond(), run.chunk);
        let (archive, manifest) = (format!("{base}.ndjson.gz"), format!("{base}.manifest.json"));
        let is_about_people = unit.map.subjects(unit.index).next().is_some();
        let all = rows.len() as u64;
        let (rows, lines) = if is_about_people {
            self.sealed(unit, secrets, &archive, rows).await?
        } else {
            let lines = rows.iter().map(|it| it.row.to_json()).collect();
            (rows, lines)
        };
        run.done.failed += all - rows.len() as u64;
        if rows.is_empty() {
            return Ok(rows);
        }
        let bytes = gzipped(&lines)?;
        let (checksum, length) = (sha256(&bytes), bytes.len() as u64);
        let keep_until = run.begun_at + SignedDuration::from_hours(24 * self.keep_days);
        self.put(&archive, bytes, keep_until).await?;
        self.verify(&archive, &checksum).await?;
        let said = Manifest {
            v: 1,
            tenant: unit.tenant.to_string(),
            collection: unit.id.clone(),
            class: unit.retention()?.class.to_string(),
            begun_at: run.begun_at,
            archive: archive.clone(),
            sha256: checksum.clone(),
            bytes: length,
            sealed: is_about_people,
            rows: rows.iter().map(|it| digest(secrets, &it.row)).collect(),
        };
        let said = serde_json::to_vec(&said).map_err(|cause| corrupt("write a manifest", cause))?;
        self.put(&manifest, said, keep_until).await?;
        let count = rows.len() as u64;
        run.done.archived += count;
        run.archived = Some(ArchivedChunk { archive, sha256: checksum, manifest, rows: count, booked: 0 });
        Ok(rows)
    }

    /// The rows that name somebody, each as a line under that subject's key.
    async fn sealed(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        archive: &str,
        rows: Vec<ExpiredRow>,
    ) -> Result<(Vec<ExpiredRow>, Vec<Vec<u8>>), PortError> {
        let owned: Vec<(ExpiredRow, Alias)> = rows
            .into_iter()
            .filter_map(|it| Some((Self::owner(unit, secrets, &it.row)?, it)).map(|(a, b)| (b, a)))
            .collect();
        let owners: BTreeSet<String> =
            owned.iter().map(|(_, alias)| KeyRecord::subject_owner(alias.as_str())).collect();
        let keys: BTreeMap<String, SealingKey> =
            self.keyring.subject_keys(unit.tenant, &owners, self.clock.now()).await?;
        let missing = || PortError::new(PortErrorKind::Transient, "seal an archived row");
        let mut lines = Vec::with_capacity(owned.len());
        let mut rows = Vec::with_capacity(owned.len());
        for (number, (row, alias)) in owned.into_iter().enumerate() {
            let key = keys.get(&KeyRecord::subject_owner(alias.as_str())).ok_or_else(missing)?;
            let place = Place::object(unit.tenant.as_str(), &format!("{archive}#{number}"));
            let sealed = key.seal_bytes(&place, &row.row.to_json(), self.entropy.as_ref());
            let line = json!({"line": number, "subject": alias.as_str(), "sealed": BASE64.encode(sealed)});
            lines.push(line.to_string().into_bytes());
            rows.push(row);
        }
        Ok((rows, lines))
    }

    /// Writes an object; one that an earlier attempt left there is replaced, its version stays under lock.
    async fn put(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> Result<(), PortError> {
        if self.evidence.put_new(name, bytes.clone(), keep_until).await? {
            return Ok(());
        }
        let lost = || PortError::new(PortErrorKind::Transient, "write an archive");
        let known = self.evidence.read(name).await?.ok_or_else(lost)?;
        if known.bytes == bytes || self.evidence.replace(name, bytes, &known.mark, keep_until).await? {
            return Ok(());
        }
        Err(lost())
    }

    /// Reads an archive back; without it nothing may go.
    async fn verify(&self, name: &str, checksum: &str) -> Result<(), PortError> {
        let stored = self.evidence.read(name).await?;
        let is_whole = stored.is_some_and(|stored| sha256(&stored.bytes) == checksum);
        if is_whole { Ok(()) } else { Err(corrupt("verify an archive", "its checksum is another")) }
    }

    /// The manifest of a chunk.
    pub(super) async fn manifest(&self, chunk: &ArchivedChunk) -> Result<Manifest, PortError> {
        let found = self.evidence.read(&chunk.manifest).await?;
        let found = found.ok_or(PortError::new(PortErrorKind::NotFound, "read a manifest"))?;
        let manifest: Manifest =
            serde_json::from_slice(&found.bytes).map_err(|cause| corrupt("read a manifest", cause))?;
        if manifest.sha256 == chunk.sha256 {
            Ok(manifest)
        } else {
            Err(corrupt("read a manifest", "of another archive"))
        }
    }
}

fn gzipped(lines: &Vec<Vec<u8>>) -> Result<Vec<u8>, PortError> {
    let mut out = GzEncoder::new(Vec::new(), Compression::new(6));
    let failed = |cause: std::io::Error| corrupt("compress an archive", cause);
    for line in lines {
        out.write_all(line).map_err(failed)?;
        out.write_all(b"\n").map_err(failed)?;
    }
    out.finish().map_err(failed)
}

fn corrupt(operation: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, operation, cause)
}
