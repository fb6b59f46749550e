//! The lines of an archive: a row, or an object with what names it; sealed under the key of whoever it is of.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::datum::Datum;
use domain::record::KeyRecord;
use domain::request::Alias;
use serde_json::json;

use super::{SweepRetention, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{ExpiredRow, ExpiryOrder, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey};

/// A row with its line.
type Line = (ExpiredRow, Vec<u8>);

impl SweepRetention {
    /// The rows with their lines; without those of objects that are others by now, gone, or too large for an archive.
    pub(super) async fn lines(
        &self,
        unit: &Unit<'_>,
        order: &ExpiryOrder,
        rows: Vec<ExpiredRow>,
    ) -> Result<Vec<Line>, PortError> {
        let has_content = unit.retention()?.whole_objects;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            if !has_content {
                let line = row.row.to_json();
                lines.push((row, line));
            } else if let Some(content) = self.source.content(order, &row).await? {
                let content = Datum::Text(BASE64.encode(content));
                let line = [("object".to_owned(), row.row.clone()), ("content".to_owned(), content)];
                lines.push((row, Datum::Map(line.into()).to_json()));
            }
        }
        Ok(lines)
    }

    /// The rows that name somebody, each as a line under that subject's key.
    pub(super) async fn sealed(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        archive: &str,
        lines: Vec<Line>,
    ) -> Result<(Vec<ExpiredRow>, Vec<Vec<u8>>), PortError> {
        let owned: Vec<(Line, Alias)> = lines
            .into_iter()
            .filter_map(|it| Some((Self::owner(unit, secrets, &it.0.row)?, it)).map(|(alias, it)| (it, alias)))
            .collect();
        let owners: BTreeSet<String> =
            owned.iter().map(|(_, alias)| KeyRecord::subject_owner(alias.as_str())).collect();
        let keys: BTreeMap<String, SealingKey> =
            self.keyring.subject_keys(unit.tenant, &owners, self.clock.now()).await?;
        let missing = || PortError::new(PortErrorKind::Transient, "seal an archived row");
        let mut sealed_lines = Vec::with_capacity(owned.len());
        let mut rows = Vec::with_capacity(owned.len());
        for (number, ((row, line), alias)) in owned.into_iter().enumerate() {
            let key = keys.get(&KeyRecord::subject_owner(alias.as_str())).ok_or_else(missing)?;
            let place = Place::object(unit.tenant.as_str(), &format!("{archive}#{number}"));
            let sealed = key.seal_bytes(&place, &line, self.entropy.as_ref());
            let line = json!({"line": number, "subject": alias.as_str(), "sealed": BASE64.encode(sealed)});
            sealed_lines.push(line.to_string().into_bytes());
            rows.push(row);
        }
        Ok((rows, sealed_lines))
    }
}
