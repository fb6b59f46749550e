//! The policies that count for a tenant, and the run of the day in which what went is counted.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::{Action, AuditEvent, EventType};
use domain::ids::{OpNonce, TenantId};
use domain::key::Partition;
use domain::record::Record;
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::retention_run::{RetentionRun, RunPhase, Tally};
use domain::transition::{Cause, TransitionBuilder};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Night, RetireRecords, Unit, collection_of};
use crate::ports::{CommitError, PortError, PortErrorKind};

/// What is known of one tenant in one slice.
#[derive(Default)]
pub(super) struct Book {
    policies: BTreeMap<String, RetentionPolicy>,
    runs: BTreeMap<RetentionClass, RetentionRun>,
    moved: BTreeSet<RetentionClass>,
    /// What earlier slices of the day counted, which was told then.
    told: BTreeMap<RetentionClass, Tally>,
}

impl Book {
    /// Days a class is kept for an organisation; `None` for ever. What names no organisation is kept by the defaults.
    pub(super) fn days(&self, class: RetentionClass, organization: Option<&str>) -> Option<u64> {
        let own = organization.and_then(|organization| self.policies.get(organization));
        days_of(own.map_or(&[], |policy| policy.rules.as_slice()), class)
    }

    /// Days that count for what belongs to no organisation alone: the longest of all.
    pub(super) fn longest(&self, class: RetentionClass) -> Option<u64> {
        let own = self.policies.values().map(|policy| days_of(&policy.rules, class));
        own.chain([days_of(&[], class)]).try_fold(0, |longest, days| days.map(|days| days.max(longest)))
    }

    /// The run of a class, if this slice wrote it, and what it counted in this slice.
    pub(super) fn moved(&mut self, class: RetentionClass) -> Option<(&RetentionRun, Tally)> {
        let is_moved = self.moved.remove(&class);
        let run = self.runs.get(&class).filter(|_| is_moved)?;
        Some((run, run.told().since(self.told.get(&class).copied().unwrap_or_default())))
    }
}

/// The mark of a run that is not written yet.
pub(super) fn unwritten() -> OpNonce {
    OpNonce::new([0; 16])
}

fn days_of(rules: &[ClassRule], class: RetentionClass) -> Option<u64> {
    let rule = rules.iter().find(|rule| rule.class == class);
    match rule.map_or(Kept::For(class.default_length()), |rule| rule.kept) {
        Kept::For(length) => Some(u64::from(length) * u64::from(class.days_of_unit())),
        Kept::Permanently => None,
    }
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl RetireRecords {
    /// What is known of a tenant, read once in a slice.
    pub(super) async fn book<'a>(
        &self,
        tenant: &TenantId,
        night: &'a mut Night<'_>,
    ) -> Result<&'a mut Book, PortError> {
        if !night.books.contains_key(tenant) {
            let found = self.store.query(tenant, &Partition::Tenant, RetentionPolicy::PREFIX).await?;
            let mut policies: BTreeMap<String, RetentionPolicy> = BTreeMap::new();
            for policy in found.into_iter().filter_map(Record::into_retention) {
                let known = policies.get(&policy.organization_id).map_or(0, |known| known.version);
                if policy.version > known {
                    policies.insert(policy.organization_id.clone(), *policy);
                }
            }
            night.books.insert(tenant.clone(), Book { policies, ..Book::default() });
        }
        night.books.get_mut(tenant).ok_or(PortError::new(PortErrorKind::NotFound, "read retention policies"))
    }

    /// The run of today; one that is new has version 0 and is not written yet.
    pub(super) async fn todays(
        &self,
        (tenant, class): &Unit,
        night: &mut Night<'_>,
    ) -> Result<RetentionRun, PortError> {
        let by_hand = night.asked.by_hand;
        let (dry_run, beyond_cap) = (night.asked.dry_run, night.asked.beyond_cap);
        let book = self.book(tenant, night).await?;
        if let Some(run) = book.runs.get(class) {
            return Ok(run.clone());
        }
        let now = self.clock.now();
        let collection = collection_of(*class).unwrap_or_default();
        let found = self.store.load(&[RetentionRun::key_of(tenant, collection)]).await?;
        let before = found.into_iter().flatten().find_map(Record::into_retention_run).map(|run| *run);
        let run = match before {
            Some(run) if !by_hand && day(run.begun_at) == day(now) => run,
            before => {
                // What was announced and is not gone yet goes on, whichever day it is.
                let before_archived = before.as_ref().and_then(|run| run.archived.clone());
                let before_removing = before.as_ref().and_then(|run| run.removing);
                let own = book.policies.iter().map(|(name, policy)| (name.clone(), days_of(&policy.rules, *class)));
                RetentionRun {
                    v: 1,
                    tenant: tenant.clone(),
                    collection: collection.to_owned(),
                    version: before.map_or(0, |run| run.version),
                    op_nonce: unwritten(),
                    begun_at: now,
                    phase: RunPhase::Ended,
                    dry_run,
                    beyond_cap,
                    days: std::iter::once((String::new(), days_of(&[], *class))).chain(own).collect(),
                    reported_days: None,
                    reported_rule: None,
                    rule: String::new(),
                    counted: Tally::default(),
                    done: Tally::default(),
                    cursor: None,
                    chunk: 0,
                    archived: before_archived,
                    removing: before_removing,
                    failed_because: None,
                    labelled: true,
                }
            }
        };
        book.runs.insert(*class, run.clone());
        book.told.entry(*class).or_insert_with(|| run.told());
        Ok(run)
    }

    /// Writes how far the run of today is, with its event. Of two at once the second counts on from the first.
    pub(super) async fn write(
        &self,
        unit: &Unit,
        before: &RetentionRun,
        after: RetentionRun,
        night: &mut Night<'_>,
    ) -> Result<(), PortError> {
        self.write_announcing(unit, (before, after), None, night).await
    }

    /// The same, with the event that announces how many events of before an instant leave the table.
    pub(super) async fn write_announcing(
        &self,
        (tenant, class): &Unit,
        (before, after): (&RetentionRun, RetentionRun),
        announced: Option<(u64, Timestamp)>,
        night: &mut Night<'_>,
    ) -> Result<(), PortError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let at = after.removing.filter(|_| announced.is_some()).map_or_else(|| self.clock.now(), |window| window.from);
        let cause = Cause::worker(at).because("the retention policy");
        let mut builder = TransitionBuilder::new(tenant, nonce.clone(), cause, self.entropy.bytes());
        builder.write_retention_run((before.version > 0).then_some(before), after.clone());
        if let Some((count, before)) = announced {
            let mut event = builder.tenant_event(AuditEvent::PURGED, Action::Delete);
            event.event_type = EventType::RetentionRun;
            event.from = Some(AuditEvent::SHED.to_owned());
            event.to = Some(before.to_string());
            event.counts = vec![("deleted".to_owned(), count)];
            builder.event(event);
        }
        let written = self.store.commit(&builder.build()).await;
        let book = self.book(tenant, night).await?;
        match written {
            Ok(()) => {
                let version = before.version + 1;
                book.runs.insert(*class, RetentionRun { version, op_nonce: nonce, ..after });
                book.moved.insert(*class);
                Ok(())
            }
            // What went is told by the events of what went; the count of this run is low by it.
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                book.runs.remove(class);
                Ok(())
            }
            Err(CommitError::Port(error)) => Err(error),
        }
    }
}
