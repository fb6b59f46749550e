//! What both passes know of a collection: what becomes of a row, how masking is keyed, where a pass goes on.

use std::collections::BTreeMap;

use datamap::{Masker, RetentionAct, Treatment, rewrite};
use domain::datum::Datum;
use domain::retention_run::RetentionRun;
use domain::sealed::Sealed;

use super::Unit;
use crate::keyring::TenantSecrets;
use crate::ports::{Cursor, Entropy, ExpiredRow, PortError, PortErrorKind, settled};
use crate::sealing::Place;

/// The keyed hashes of masking, under the tenant's key; a run has no key of its own that could die with it.
pub(super) struct TenantMasker(pub(super) TenantSecrets);

impl Masker for TenantMasker {
    fn lasting(&self, value: &[u8]) -> String {
        self.0.digest("mask v1", &[value])
    }

    fn passing(&self, value: &[u8]) -> String {
        self.0.digest("retention mask v1", &[value])
    }
}

/// What becomes of an expired row of a collection.
pub(super) fn treatment(unit: &Unit<'_>) -> Result<Treatment, PortError> {
    Ok(match unit.retention()?.act {
        RetentionAct::Delete => Treatment::Delete,
        RetentionAct::Anonymize => Treatment::Rewrite { fields: unit.map.anonymized(unit.index), kept: None },
    })
}

/// Whether anything is left to do with an expired row.
pub(super) fn has_work(treatment: &Treatment, masker: &dyn Masker, row: &Datum) -> bool {
    match treatment {
        Treatment::Delete => true,
        Treatment::Rewrite { fields, .. } => rewrite(row, fields, masker) != *row,
        Treatment::Keep { .. } => false,
    }
}

fn place(run: &RetentionRun) -> Place {
    Place::attribute(&run.key(), "cursor")
}

/// Where a pass goes on.
pub(super) fn open_cursor(secrets: &TenantSecrets, run: &RetentionRun) -> Result<Option<Cursor>, PortError> {
    let Some(sealed) = &run.cursor else { return Ok(None) };
    let refused = || PortError::new(PortErrorKind::Corrupt, "open the cursor of a retention run");
    let plain = secrets.open(&place(run), sealed).map_err(|_| refused())?;
    String::from_utf8(plain.to_vec()).map(|text| Some(Cursor(text))).map_err(|_| refused())
}

/// The same, to be kept.
pub(super) fn seal_cursor(
    secrets: &TenantSecrets,
    run: &RetentionRun,
    cursor: Option<&Cursor>,
    entropy: &dyn Entropy,
) -> Option<Sealed> {
    cursor.map(|cursor| secrets.seal(&place(run), cursor.0.as_bytes(), entropy))
}

/// The keyed hash of a row: its manifest names it so, without saying anything of it.
pub(super) fn digest(secrets: &TenantSecrets, it: &ExpiredRow) -> String {
    let row = settled(&it.row).to_json();
    match &it.part_of {
        None => secrets.digest("archived row v1", &[&row]),
        Some(version) => secrets.digest("archived row v1", &[&row, version.as_bytes()]),
    }
}

/// How often each digest occurs.
pub(super) fn counted(digests: impl IntoIterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for digest in digests {
        *counted.entry(digest).or_default() += 1;
    }
    counted
}
