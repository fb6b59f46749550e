//! Archives of expired rows: under lock, read back and compared before anything is taken away (INV-E6).
//!
//! A row of a person is a line sealed under that person's key, so that erasing the person forgets it here as well.
//! Rows of nobody are a Parquet file.

use std::io::Write as _;

use domain::datum::Datum;
use domain::retention_run::{ArchivedChunk, RetentionRun};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::chunk::digest;
use super::lines::{Lines, Writing};
use super::pieces::Pieces;
use super::{SweepRetention, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{ExpiredRow, ExpiryOrder, PortError, PortErrorKind};
use crate::sealing::sha256;

/// Lines of NDJSON, gzipped.
const LINES: &str = "ndjson.gz";
/// A table.
const PARQUET: &str = "parquet";

/// What lies beside each archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    v: u8,
    tenant: String,
    collection: String,
    class: String,
    begun_at: Timestamp,
    archive: String,
    /// `ndjson.gz` or `parquet`; manifests from before there was a choice say nothing.
    #[serde(default)]
    format: String,
    sha256: String,
    bytes: u64,
    /// Whether each line is sealed under its subject's key.
    sealed: bool,
    /// Keyed hash of each row, in the order of the lines.
    pub(super) rows: Vec<String>,
    /// What of long objects lies beside the archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pieces: Pieces,
}

/// What a chunk is archived as.
struct Packed {
    /// What the name of the archive ends with.
    format: &'static str,
    rows: Vec<ExpiredRow>,
    bytes: Vec<u8>,
    is_sealed: bool,
    pieces: Pieces,
}

impl SweepRetention {
    /// Archives rows and says so in the run; gives back those that are in the archive, `None` where the slice was over before.
    pub(super) async fn archive(
        &self,
        unit: &Unit<'_>,
        (order, secrets, ends_at): (&ExpiryOrder, &TenantSecrets, Timestamp),
        run: &mut RetentionRun,
        rows: Vec<ExpiredRow>,
    ) -> Result<Option<Vec<ExpiredRow>>, PortError> {
        let base =
            format!("retention/{}/{}/{:013}/{:06}", unit.tenant, unit.id, run.begun_at.as_millisecond(), run.chunk);
        let keep_until = run.begun_at + SignedDuration::from_hours(24 * self.keep_days);
        let all = rows.len() as u64;
        let writing = Writing { order, secrets, base: &base, keep_until, ends_at };
        let Some(packed) = self.packed(unit, &writing, rows).await? else { return Ok(None) };
        let Packed { format, rows, bytes, is_sealed, pieces } = packed;
        run.done.failed += all - rows.len() as u64;
        if rows.is_empty() {
            return Ok(Some(rows));
        }
        let (archive, manifest) = (format!("{base}.{format}"), format!("{base}.manifest.json"));
        let (checksum, length) = (sha256(&bytes), bytes.len() as u64);
        self.put(&archive, bytes, keep_until).await?;
        self.verify(&archive, &checksum).await?;
        let said = Manifest {
            v: 1,
            tenant: unit.tenant.to_string(),
            collection: unit.id.clone(),
            class: unit.retention()?.class.to_string(),
            begun_at: run.begun_at,
            archive: archive.clone(),
            format: format.to_owned(),
            sha256: checksum.clone(),
            bytes: length,
            sealed: is_sealed,
            rows: rows.iter().map(|it| digest(secrets, it)).collect(),
            pieces,
        };
        let said = serde_json::to_vec(&said).map_err(|cause| corrupt("write a manifest", cause))?;
        self.put(&manifest, said, keep_until).await?;
        let count = rows.len() as u64;
        run.done.archived += count;
        run.archived = Some(ArchivedChunk { archive, sha256: checksum, manifest, rows: count, booked: 0 });
        Ok(Some(rows))
    }

    /// Rows of people are sealed line by line, rows of nobody are a table, objects lie beside what names them.
    async fn packed(
        &self,
        unit: &Unit<'_>,
        writing: &Writing<'_>,
        rows: Vec<ExpiredRow>,
    ) -> Result<Option<Packed>, PortError> {
        let is_sealed = unit.map.subjects(unit.index).next().is_some();
        let collection = writing.order.target()?.0;
        if !is_sealed && !unit.retention()?.whole_objects {
            let looked_at: Vec<&Datum> = rows.iter().map(|it| &it.row).collect();
            let bytes = self.tables.parquet(collection, &looked_at)?;
            return Ok(Some(Packed { format: PARQUET, rows, bytes, is_sealed, pieces: Pieces::new() }));
        }
        let archive = format!("{}.{LINES}", writing.base);
        let Some(Lines { rows, lines, pieces }) = self.lines(unit, writing, &archive, rows).await? else {
            return Ok(None);
        };
        Ok(Some(Packed { format: LINES, rows, bytes: gzipped(&lines)?, is_sealed, pieces }))
    }

    /// Writes an object; one that an earlier attempt left there is replaced, its version stays under lock.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> Result<(), PortError> {
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
    pub(super) async fn verify(&self, name: &str, checksum: &str) -> Result<(), PortError> {
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
