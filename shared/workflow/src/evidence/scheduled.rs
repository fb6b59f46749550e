//! Evidence that collects itself (R-AUD-5): once a week and tenant, with the weekly verification of the log.
//!
//! What is collected: what that verification found, how the deployment is set up, where each retention run stands, which retention
//! policies are in force and why, and what the log of the week before tells (`week.rs`).
//! The id is that of the week and the kind, so that a second run finds what the first one left and writes nothing twice.

use std::sync::Arc;

use domain::event::{Action, EventType};
use domain::evidence::EvidenceType;
use domain::ids::{EvidenceId, OpNonce, TenantId};
use domain::key::Partition;
use domain::record::{DataMapPointer, Record};
use domain::retention::RetentionPolicy;
use domain::retention_run::RetentionRun;
use domain::role::Pseudonym;
use domain::sensitive::Sensitive;
use domain::transition::{Cause, TransitionBuilder};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::sealing::sealed;
use super::week::Week;
use super::{EvidenceWords, NewEvidence, RESOURCE_TYPE, corrupt, custody, custody_name, item_name, policies};
use crate::keyring::Keyring;
use crate::ports::{AuditIndex, CommitError, Entropy, EvidenceStore, JobStore, PortError, PortErrorKind};
use crate::sealing::sha256;
use crate::verify_log::Verification;

/// How whoever collects it is named in evidence and custody.
const COLLECTOR: &str = "worker";

/// Collects evidence by itself.
pub struct CollectEvidence {
    // Dependencies.
    /// Our tables: read are runs, policies and the pointer of the data map, written is the event of each piece.
    pub store: Arc<dyn JobStore>,
    /// Events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// Objects under lock.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// How the deployment is set up, by the names of settings; no secret is among them.
    pub settings: Vec<(&'static str, String)>,
    /// How long evidence is locked.
    pub keep_days: i64,
}

/// What was collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Pieces that are new.
    pub new: u64,
    /// Pieces that this week had already.
    pub known: u64,
}

impl CollectEvidence {
    /// Collects what this week does not have yet. May run any number of times, also at once.
    ///
    /// # Errors
    /// When a store fails; what was collected before stays, and the next run goes on.
    pub async fn collect(&self, found: &Verification, now: Timestamp) -> Result<Collected, PortError> {
        let (tenant, mut collected) = (&found.tenant, Collected::default());
        let week = week_of(now)?;
        for (name, new) in self.pieces(found, week).await? {
            let id = id_of(tenant, name, week);
            if self.keep(tenant, id, &new, now).await? { collected.new += 1 } else { collected.known += 1 }
        }
        Ok(collected)
    }

    async fn pieces(
        &self,
        found: &Verification,
        week: Timestamp,
    ) -> Result<Vec<(&'static str, NewEvidence)>, PortError> {
        let tenant = &found.tenant;
        let verification = serde_json::to_value(found).map_err(|cause| corrupt("write evidence", cause))?;
        let pointer = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let pointer = pointer.into_iter().flatten().find_map(Record::into_data_map_pointer);
        let map = pointer.map(|it| json!({"version": it.version, "sha256": it.hash, "published_at": it.published_at}));
        let settings: Map<String, Value> =
            self.settings.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
        let configuration = json!({"settings": settings, "data_map": map});
        let mut pieces = vec![
            (
                "verification",
                piece(EvidenceType::Audit, "Verification of the audit log", &verification, ("audit-verifier", "CC7.2")),
            ),
            (
                "configuration",
                piece(EvidenceType::Configuration, "Settings of the deployment", &configuration, ("habeas", "CC8.1")),
            ),
        ];
        let runs = self.store.query(tenant, &Partition::Tenant, RetentionRun::PREFIX).await?;
        let runs: Vec<Value> = runs.iter().filter_map(told_of_run).collect();
        if !runs.is_empty() {
            let title = "Runs of the retention sweep";
            pieces.push((
                "retention",
                piece(EvidenceType::SystemLog, title, &Value::from(runs), ("retention-sweep", "CC6.5")),
            ));
        }
        let prefix = RetentionPolicy::PREFIX;
        pieces.extend(policies::pieces(self.store.query(tenant, &Partition::Tenant, prefix).await?));
        pieces.extend(Week::read(&self.index, tenant, week).await?.pieces());
        Ok(pieces)
    }

    /// The evidence first, then the word of it, then custody: what a crash leaves open the next run closes.
    async fn keep(
        &self,
        tenant: &TenantId,
        id: EvidenceId,
        new: &NewEvidence,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let (name, number) = (item_name(tenant, id.as_str()), format!("{:06}", 1));
        let custody_name = custody_name(tenant, &id, &number);
        let stored = self.evidence.read(&name).await?;
        if stored.is_some() && self.evidence.read(&custody_name).await?.is_some() {
            return Ok(false);
        }
        let evidence = match stored {
            // A run before was stopped between the two.
            Some(stored) => serde_json::from_slice(&stored.bytes).map_err(|cause| corrupt("read evidence", cause))?,
            None => {
                let secrets = self.keyring.tenant(tenant, now).await?;
                let collector = Pseudonym::from_keyed_hash(COLLECTOR.to_owned());
                let at = (now, self.keep_days);
                let evidence = sealed((&secrets, self.entropy.as_ref()), (tenant, id), at, collector, new)?;
                let bytes = serde_json::to_vec(&evidence).map_err(|cause| corrupt("write evidence", cause))?;
                if !self.evidence.put_new(&name, bytes, evidence.retain_until).await? {
                    // Another run is at it, and ends it.
                    return Ok(false);
                }
                evidence
            }
        };
        let because = "collected with the weekly verification of the log";
        let control = evidence.control_objectives.first().cloned();
        let what = (EventType::EvidenceCollected, Action::Create, because);
        self.tell((tenant, &evidence.id), what, control, now).await?;
        let first = serde_json::to_vec(&custody::first(&evidence)).map_err(|cause| corrupt("write custody", cause))?;
        self.evidence.put_new(&custody_name, first, evidence.retain_until).await
    }

    /// Said before what it says is done: twice at worst, never not at all.
    pub(super) async fn tell(
        &self,
        (tenant, id): (&TenantId, &EvidenceId),
        (event_type, action, because): (EventType, Action, &'static str),
        control_id: Option<String>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = Cause::worker(now).because(because);
        let mut builder = TransitionBuilder::new(tenant, nonce, cause, self.entropy.bytes());
        let mut event = builder.tenant_event(RESOURCE_TYPE, action);
        event.event_type = event_type;
        event.to = Some(id.to_string());
        event.control_id = control_id;
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                Err(PortError::new(PortErrorKind::Conflict, "tell of evidence"))
            }
            Err(CommitError::Port(error)) => Err(error),
        }
    }
}

pub(super) fn piece(
    evidence_type: EvidenceType,
    title: &str,
    content: &Value,
    (source_system, control): (&str, &str),
) -> NewEvidence {
    let words = EvidenceWords {
        title: Sensitive::new(title.to_owned()),
        description: Sensitive::new("Collected by itself, once a week.".to_owned()),
        content: Sensitive::new(content.to_string()),
    };
    NewEvidence {
        evidence_type,
        words,
        source_system: source_system.to_owned(),
        control_objectives: vec![control.to_owned()],
        organization_id: None,
    }
}

fn told_of_run(record: &Record) -> Option<Value> {
    let Record::RetentionRun(run) = record else { return None };
    let counts: Map<String, Value> =
        run.told().counts().into_iter().map(|(name, count)| (name, Value::from(count))).collect();
    Some(json!({
        "collection": run.key().sort().trim_start_matches(RetentionRun::PREFIX),
        "phase": run.phase.as_str(),
        "counts": counts,
    }))
}

/// The Monday on which the week of a time began, in UTC.
fn week_of(now: Timestamp) -> Result<Timestamp, PortError> {
    let day = now.to_zoned(TimeZone::UTC).date();
    let since_monday = i64::from(day.weekday().to_monday_zero_offset());
    let monday =
        day.checked_sub(SignedDuration::from_hours(24 * since_monday)).and_then(|day| day.to_zoned(TimeZone::UTC));
    monday.map(|day| day.timestamp()).map_err(|cause| corrupt("find the week", cause))
}

/// The id of one kind of one week: it sorts with what was brought then, and a second run makes the same.
fn id_of(tenant: &TenantId, name: &str, week: Timestamp) -> EvidenceId {
    let digest = sha256(format!("scheduled evidence v1 {tenant} {name} {week}").as_bytes());
    let mut random = [0; 10];
    for (byte, digits) in random.iter_mut().zip(digest.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        *byte = digit(digits[0]) << 4 | digit(digits[1]);
    }
    EvidenceId::new(week, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_one_id_of_each_kind_and_tenant() {
        let tenant: TenantId = "acme".parse().unwrap();
        let at = |text: &str| week_of(text.parse().unwrap()).unwrap();
        let (monday, sunday) = (at("2026-03-02T00:00:00Z"), at("2026-03-08T23:59:59Z"));
        assert_eq!((monday, monday.to_string().as_str()), (sunday, "2026-03-02T00:00:00Z"));
        assert_ne!(at("2026-03-09T00:00:00Z"), monday);
        let id = |tenant: &TenantId, name| id_of(tenant, name, monday);
        assert_eq!(id(&tenant, "verification"), id(&tenant, "verification"));
        assert_ne!(id(&tenant, "verification"), id(&tenant, "configuration"));
        assert_ne!(id(&tenant, "verification"), id(&"globex".parse().unwrap(), "verification"));
    }
}
