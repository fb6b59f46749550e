//! What the audit log of the last whole week tells: who of the staff acted, what the rules over events found, which erasures have a
//! signed receipt. Read once, newest first, in bounded looks; what lies beyond them is said to be missing, not guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::event::{Actor, AuditEvent, EventIndex, EventOutcome, EventType};
use domain::evidence::EvidenceType;
use domain::ids::{EventId, TenantId};
use domain::role::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::NewEvidence;
use super::scheduled::piece;
use crate::ports::{AuditIndex, IdRange, PortError};

/// Events of one look: about a megabyte, which is what one query gives.
const PER_LOOK: usize = 2_000;
/// A week with more events than these looks show is told from its end only.
const LOOKS: usize = 50;
/// The most lines of each list; an auditor who needs more asks the log.
const MOST_LINES: usize = 5_000;

/// What one of the staff did in one role.
#[derive(Debug)]
struct Acts {
    by_action: BTreeMap<&'static str, u64>,
    failures: u64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// A week of a log as it was read.
#[derive(Debug)]
pub(super) struct Week {
    from: Timestamp,
    until: Timestamp,
    /// Whether every event of the week was seen.
    is_whole: bool,
    events: u64,
    /// By pseudonym and role.
    staff: BTreeMap<(String, &'static str), Acts>,
    /// Acts of people without a role of the staff, who are not told apart.
    by_people: u64,
    found: Vec<Value>,
    receipts: Vec<Value>,
}

impl Week {
    /// Reads the seven days before a Monday.
    ///
    /// # Errors
    /// When the index fails.
    pub(super) async fn read(
        index: &Arc<dyn AuditIndex>,
        tenant: &TenantId,
        until: Timestamp,
    ) -> Result<Self, PortError> {
        let from = until - SignedDuration::from_hours(24 * 7);
        let mut week = Self {
            from,
            until,
            is_whole: true,
            events: 0,
            staff: BTreeMap::new(),
            by_people: 0,
            found: Vec::new(),
            receipts: Vec::new(),
        };
        let mut range = IdRange { above: EventId::bound(from), below: EventId::bound(until) };
        let mut is_read = false;
        for _ in 0..LOOKS {
            let page = index.newest(tenant, &EventIndex::All, &range, PER_LOOK).await?;
            page.events.iter().filter(|event| event.at >= from && event.at < until).for_each(|event| week.add(event));
            match page.events.last().filter(|_| page.more) {
                Some(last) => last.id.as_str().clone_into(&mut range.below),
                None => {
                    is_read = true;
                    break;
                }
            }
        }
        week.is_whole &= is_read;
        Ok(week)
    }

    fn add(&mut self, event: &AuditEvent) {
        self.events += 1;
        if let Actor::Person { pseudonym, role } = &event.actor {
            match role.filter(|role| is_staff(*role)) {
                None => self.by_people += 1,
                Some(role) => self.add_act((pseudonym.as_str().to_owned(), role.as_str()), event),
            }
        }
        let lines = match event.event_type {
            EventType::Anomaly => Some((&mut self.found, found(event))),
            EventType::Erasure if event.resource_type == AuditEvent::RECEIPT => {
                Some((&mut self.receipts, receipt(event)))
            }
            EventType::Erasure
            | EventType::DataAccess
            | EventType::RequestChange
            | EventType::ExportIssued
            | EventType::Authentication
            | EventType::ConfigurationChange
            | EventType::HoldChange
            | EventType::RetentionRun
            | EventType::UserAccess
            | EventType::EvidenceCollected => None,
        };
        match lines {
            Some((lines, line)) if lines.len() < MOST_LINES => lines.push(line),
            Some(_) => self.is_whole = false,
            None => {}
        }
    }

    fn add_act(&mut self, who: (String, &'static str), event: &AuditEvent) {
        let new = || Acts { by_action: BTreeMap::new(), failures: 0, first_at: event.at, last_at: event.at };
        let acts = self.staff.entry(who).or_insert_with(new);
        *acts.by_action.entry(event.action.as_str()).or_default() += 1;
        acts.failures += u64::from(event.outcome == EventOutcome::Failure);
        acts.first_at = acts.first_at.min(event.at);
        acts.last_at = acts.last_at.max(event.at);
    }

    /// The pieces of evidence in it, each with the name of its kind: none of a week without events.
    pub(super) fn pieces(&self) -> Vec<(&'static str, NewEvidence)> {
        let mut pieces = Vec::new();
        if self.events == 0 {
            return pieces;
        }
        if !self.staff.is_empty() {
            let staff: Vec<Value> = self.staff.iter().map(|((who, role), acts)| told(who, role, acts)).collect();
            let content = self.with(json!({"staff": staff, "acts_of_other_people": self.by_people}));
            let title = "Access of the staff, as it was used";
            pieces.push(("access", piece(EvidenceType::AccessReview, title, &content, ("audit-log", "CC6.2"))));
        }
        let title = "What the rules over audit events found";
        let content = self.with(json!({ "found": self.found }));
        pieces.push(("found", piece(EvidenceType::ScanResult, title, &content, ("audit-sealer", "CC7.2"))));
        if !self.receipts.is_empty() {
            let content = self.with(json!({ "receipts": self.receipts }));
            let title = "Signed receipts of erasures";
            pieces.push(("receipts", piece(EvidenceType::ErasureReceipt, title, &content, ("erasure-worker", "C1.2"))));
        }
        pieces
    }

    /// The period beside what was found in it.
    fn with(&self, found: Value) -> Value {
        let mut content = Map::from_iter([
            ("from".to_owned(), Value::from(self.from.to_string())),
            ("until".to_owned(), Value::from(self.until.to_string())),
            ("events".to_owned(), Value::from(self.events)),
            ("whole".to_owned(), Value::from(self.is_whole)),
        ]);
        if let Value::Object(found) = found {
            content.extend(found);
        }
        Value::Object(content)
    }
}

const fn is_staff(role: Role) -> bool {
    match role {
        Role::DataSubject | Role::Owner => false,
        Role::Dpo | Role::Operator | Role::Developer | Role::Auditor | Role::SuperAdmin => true,
    }
}

fn told(who: &str, role: &str, acts: &Acts) -> Value {
    json!({
        "actor": who,
        "role": role,
        "acts": acts.by_action,
        "failures": acts.failures,
        "first_at": acts.first_at.to_string(),
        "last_at": acts.last_at.to_string(),
    })
}

fn found(event: &AuditEvent) -> Value {
    json!({
        "event_id": event.id.as_str(),
        "at": event.at.to_string(),
        "rule": event.to,
        "about": event.from,
        "control": event.control_id,
    })
}

fn receipt(event: &AuditEvent) -> Value {
    json!({
        "event_id": event.id.as_str(),
        "at": event.at.to_string(),
        "job": event.job.as_ref().map(ToString::to_string),
        "sha256": event.to,
    })
}
