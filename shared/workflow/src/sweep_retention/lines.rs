//! The lines of an archive: a row, or an object with what names it; sealed under the key of whoever it is of.
//!
//! What an object holds stands in its line, or, where it is long, in pieces beside the archive (`pieces.rs`).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::datum::Datum;
use domain::record::KeyRecord;
use domain::request::Alias;
use jiff::Timestamp;
use serde_json::json;

use super::pieces::{Pieced, Pieces};
use super::{SweepRetention, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{ExpiredRow, ExpiryOrder, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey};

/// What an archive is written for.
pub(super) struct Writing<'a> {
    pub(super) order: &'a ExpiryOrder,
    pub(super) secrets: &'a TenantSecrets,
    /// The name of the archive without its ending.
    pub(super) base: &'a str,
    pub(super) keep_until: Timestamp,
    /// When the slice is over.
    pub(super) ends_at: Timestamp,
}

/// Rows, a line for each, and the pieces that the lines speak of.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) rows: Vec<ExpiredRow>,
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) pieces: Pieces,
}

/// Keys of people by alias; none of rows that are of nobody.
type Keys = BTreeMap<Alias, SealingKey>;

impl SweepRetention {
    /// The rows with their lines, in the archive of this name; `None` where the slice was over before all were written.
    ///
    /// Without those that name nobody where all are of people, and those of objects that are others by now, gone, or too large.
    pub(super) async fn lines(
        &self,
        unit: &Unit<'_>,
        writing: &Writing<'_>,
        archive: &str,
        rows: Vec<ExpiredRow>,
    ) -> Result<Option<Lines>, PortError> {
        let is_about_people = unit.map.subjects(unit.index).next().is_some();
        let owner = |row: &ExpiredRow| Self::owner(unit, writing.secrets, &row.row);
        let rows = rows.into_iter().map(|row| (owner(&row), row));
        let rows: Vec<_> = rows.filter(|(owner, _)| owner.is_some() || !is_about_people).collect();
        let keys = self.keys(unit, rows.iter().filter_map(|(owner, _)| owner.as_ref())).await?;
        let mut written = Lines::default();
        for (owner, row) in rows {
            let key = owner.as_ref().map(|owner| keys.get(owner).ok_or_else(missing)).transpose()?;
            let plain = match self.plain(unit, writing, (&row, key)).await? {
                Pieced::Held(plain, pieces) => {
                    written.pieces.extend(pieces);
                    plain
                }
                Pieced::Lost => continue,
                Pieced::Late => return Ok(None),
            };
            let number = written.lines.len();
            written.lines.push(match owner.zip(key) {
                None => plain,
                Some((alias, key)) => {
                    let place = Place::object(unit.tenant.as_str(), &format!("{archive}#{number}"));
                    let sealed = BASE64.encode(key.seal_bytes(&place, &plain, self.entropy.as_ref()));
                    json!({"line": number, "subject": alias.as_str(), "sealed": sealed}).to_string().into_bytes()
                }
            });
            written.rows.push(row);
        }
        Ok(Some(written))
    }

    async fn keys(&self, unit: &Unit<'_>, owners: impl Iterator<Item = &Alias>) -> Result<Keys, PortError> {
        let owners: BTreeSet<&Alias> = owners.collect();
        if owners.is_empty() {
            return Ok(Keys::new());
        }
        let name = |alias: &Alias| KeyRecord::subject_owner(alias.as_str());
        let names: BTreeSet<String> = owners.iter().map(|alias| name(alias)).collect();
        let mut known = self.keyring.subject_keys(unit.tenant, &names, self.clock.now()).await?;
        Ok(owners.into_iter().filter_map(|alias| Some((alias.clone(), known.remove(&name(alias))?))).collect())
    }

    /// What a line says of a row, before it is sealed.
    async fn plain(
        &self,
        unit: &Unit<'_>,
        writing: &Writing<'_>,
        (row, key): (&ExpiredRow, Option<&SealingKey>),
    ) -> Result<Pieced, PortError> {
        if !unit.retention()?.whole_objects {
            return Ok(Pieced::Held(row.row.to_json(), Pieces::new()));
        }
        let Some(first) = self.source.content(writing.order, row, 0).await? else { return Ok(Pieced::Lost) };
        if first.of > first.bytes.len() as u64 {
            return self.pieced(unit, writing, (row, key), first).await;
        }
        let content = Datum::Text(BASE64.encode(first.bytes));
        let line = [("object".to_owned(), row.row.clone()), ("content".to_owned(), content)];
        Ok(Pieced::Held(Datum::Map(line.into()).to_json(), Pieces::new()))
    }
}

fn missing() -> PortError {
    PortError::new(PortErrorKind::Transient, "seal an archived row")
}
