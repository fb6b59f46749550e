//! Archives of our own records: NDJSON, gzipped, each line sealed under the tenant's key, under lock, read back before anything goes.
//!
//! What is personal in a record is sealed once more, under the key of its job or its person, which is gone by then or
//! goes with the person's erasure.

use std::io::Write as _;

use domain::record::Record;
use domain::retention_run::{ArchivedChunk, RetentionRun};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::SignedDuration;
use serde_json::json;

use super::{RetireRecords, Unit, digest_of};
use crate::ports::{PortError, PortErrorKind};
use crate::sealing::{Place, sha256};

impl RetireRecords {
    /// Archives records with a manifest beside them, verified; gives back where they are.
    pub(super) async fn archive(
        &self,
        (tenant, class): &Unit,
        run: &RetentionRun,
        records: &[Record],
    ) -> Result<ArchivedChunk, PortError> {
        let now = self.clock.now();
        let secrets = self.keyring.tenant(tenant, now).await?;
        // A name of its own: whoever is killed behind it leaves an archive too many, and never one too few.
        let nonce = domain::ids::OpNonce::new(self.entropy.bytes());
        let name = format!("{:013}/{}", run.begun_at.as_millisecond(), nonce.as_str());
        let base = format!("retention/{tenant}/{}/{name}", run.collection);
        let (archive, manifest) = (format!("{base}.ndjson.gz"), format!("{base}.manifest.json"));
        let (mut lines, mut digests) = (Vec::with_capacity(records.len()), Vec::with_capacity(records.len()));
        for (number, record) in records.iter().enumerate() {
            let plain = serde_json::to_vec(record).map_err(|cause| corrupt("write an archive", cause))?;
            let place = Place::object(tenant.as_str(), &format!("{archive}#{number}"));
            let sealed = secrets.seal(&place, &plain, self.entropy.as_ref());
            lines.push(json!({"line": number, "sealed": sealed}).to_string());
            digests.push(digest_of(&secrets, record)?);
        }
        let bytes = gzipped(&lines)?;
        let checksum = sha256(&bytes);
        let said = json!({
            "v": 1, "tenant": tenant.as_str(), "collection": run.collection, "class": class.as_str(),
            "begun_at": run.begun_at, "archive": archive, "sha256": checksum, "bytes": bytes.len(),
            "sealed": true, "rows": digests,
        });
        let keep_until = now + SignedDuration::from_hours(24 * self.keep_days);
        self.put(&archive, bytes, keep_until).await?;
        let stored = self.evidence.read(&archive).await?;
        if stored.is_none_or(|stored| sha256(&stored.bytes) != checksum) {
            return Err(PortError::new(PortErrorKind::Corrupt, "verify an archive"));
        }
        self.put(&manifest, said.to_string().into_bytes(), keep_until).await?;
        let rows = records.len() as u64;
        Ok(ArchivedChunk { archive, sha256: checksum, manifest, rows, booked: 0 })
    }

    /// The keyed hash of each record of an archive.
    pub(super) async fn manifest(&self, chunk: &ArchivedChunk) -> Result<Vec<String>, PortError> {
        let lost = || PortError::new(PortErrorKind::Corrupt, "read the manifest of an archive");
        let stored = self.evidence.read(&chunk.manifest).await?.ok_or_else(lost)?;
        let said: serde_json::Value = serde_json::from_slice(&stored.bytes).map_err(|_| lost())?;
        let rows = said["rows"].as_array().ok_or_else(lost)?.iter();
        rows.map(|row| row.as_str().map(str::to_owned).ok_or_else(lost)).collect()
    }

    /// Nobody else writes under a name that was made just now; what is there is our own, written by a lost call.
    async fn put(&self, name: &str, bytes: Vec<u8>, keep_until: jiff::Timestamp) -> Result<(), PortError> {
        self.evidence.put_new(name, bytes, keep_until).await.map(drop)
    }
}

fn gzipped(lines: &[String]) -> Result<Vec<u8>, PortError> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    for line in lines {
        writeln!(gzip, "{line}").map_err(|cause| corrupt("write an archive", cause))?;
    }
    gzip.finish().map_err(|cause| corrupt("write an archive", cause))
}

fn corrupt(verb: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, verb, cause)
}
