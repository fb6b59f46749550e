//! Which length counts for which organisation, pinned at the start of a run, and what that makes of a row.

use std::collections::BTreeMap;

use datamap::Retention;
use domain::datum::Datum;
use domain::key::Partition;
use domain::record::Record;
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::retention_run::RetentionRun;
use jiff::{SignedDuration, Timestamp};

use super::{SweepRetention, Unit};
use crate::ports::{PortError, PortErrorKind};
use crate::sealing::sha256;

/// Days by organisation; the empty name stands for all others, no number for ever.
type Days = BTreeMap<String, Option<u64>>;

impl SweepRetention {
    /// The lengths that count for a collection, and a digest of what the map says of it.
    pub(super) async fn policy(&self, unit: &Unit<'_>) -> Result<(Days, String), PortError> {
        let retention = unit.retention()?;
        let mut newest: BTreeMap<String, RetentionPolicy> = BTreeMap::new();
        if retention.organization_field.is_some() {
            let found = self.store.query(unit.tenant, &Partition::Tenant, RetentionPolicy::PREFIX).await?;
            for policy in found.into_iter().filter_map(Record::into_retention) {
                let known = newest.get(&policy.organization_id).map_or(0, |known| known.version);
                if policy.version > known {
                    newest.insert(policy.organization_id.clone(), *policy);
                }
            }
        }
        let usual = days_of(&RetentionPolicy::default_rules(), retention.class);
        let own =
            newest.into_iter().map(|(organization, policy)| (organization, days_of(&policy.rules, retention.class)));
        let days = std::iter::once((String::new(), usual)).chain(own).collect();
        let rule = serde_json::to_vec(retention);
        let rule = rule.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "read the data map", cause))?;
        Ok((days, sha256(&rule)))
    }
}

fn days_of(rules: &[ClassRule], class: RetentionClass) -> Option<u64> {
    let rule = rules.iter().find(|rule| rule.class == class);
    match rule.map_or(Kept::For(class.default_length()), |rule| rule.kept) {
        Kept::For(length) => Some(u64::from(length) * u64::from(class.days_of_unit())),
        Kept::Permanently => None,
    }
}

fn cutoff(begun_at: Timestamp, days: u64) -> Timestamp {
    let hours = i64::try_from(days.saturating_mul(24)).unwrap_or(i64::MAX);
    begun_at.checked_sub(SignedDuration::from_hours(hours.min(24 * 366 * 2_000))).unwrap_or(Timestamp::MIN)
}

/// The latest instant before which anything of a run may have expired; `None` where everything is kept for ever.
pub(super) fn latest_cutoff(run: &RetentionRun) -> Option<Timestamp> {
    run.days.values().flatten().min().map(|days| cutoff(run.begun_at, *days))
}

/// Whether a row has expired by the policy of its own organisation.
pub(super) fn has_expired(run: &RetentionRun, retention: &Retention, row: &Datum) -> bool {
    let own = retention.organization(row).and_then(|organization| run.days.get(organization));
    let days = own.or_else(|| run.days.get("")).copied().flatten();
    let counted = retention.counted_from(row);
    days.zip(counted).is_some_and(|(days, counted)| counted < cutoff(run.begun_at, days))
}
