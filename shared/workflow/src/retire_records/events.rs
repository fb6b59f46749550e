//! Audit events that have outlived `audit_logs_days` leave the table and its indexes; the log itself keeps every one.
//!
//! Two steps, so that whoever verifies the log is never surprised: what will go is archived and announced by an event of
//! its own; it goes once that event is in the log. Events of receipts stay: by them a receipt is proven.

use std::collections::BTreeSet;

use domain::event::{AuditEvent, EventIndex};
use domain::hold::{Hold, HoldStatus};
use domain::ids::{EventId, OpNonce, TenantId};
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::retention::RetentionClass;
use domain::retention_run::{ArchivedChunk, RetentionRun, Window};
use domain::transition::{Cause, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use super::booking::unwritten;
use super::{Night, RetireRecords, Unit, digest_of};
use crate::ports::{CommitError, IdRange, PortError, PortErrorKind, SortRange};

/// Events of one announcement.
const AT_MOST: usize = 5_000;
/// Events of one look.
const PAGE: usize = 1_000;
/// Events of one read, and of one transaction.
const AT_ONCE: usize = 100;

impl RetireRecords {
    /// Takes away what was announced, or announces what goes next; `false` where more is to be done with the next tick.
    pub(super) async fn shed(&self, tenant: &TenantId, night: &mut Night<'_>) -> Result<bool, PortError> {
        let unit = (tenant.clone(), RetentionClass::AuditLogs);
        if !night.is_asked(tenant, unit.1) {
            return Ok(true);
        }
        let run = self.todays(&unit, night).await?;
        match (run.archived.clone(), run.removing) {
            (Some(chunk), Some(window)) => self.take_events(&unit, run, (&chunk, window), night).await,
            (_, _) => self.announce(&unit, run, night).await,
        }
    }

    /// Archives the oldest events that are over and says in the log that they will go.
    async fn announce(&self, unit: &Unit, run: RetentionRun, night: &mut Night<'_>) -> Result<bool, PortError> {
        let now = self.clock.now();
        let Some(days) = self.book(&unit.0, night).await?.longest(unit.1) else { return Ok(true) };
        let hours = SignedDuration::from_hours(i64::try_from(days.saturating_mul(24)).unwrap_or(i64::MAX / 4));
        let before = now.checked_sub(hours).unwrap_or(Timestamp::UNIX_EPOCH);
        let events = self.oldest(&unit.0, before).await?;
        if events.is_empty() {
            return Ok(true);
        }
        let mut after = run.clone();
        after.failed_because = None;
        let count = events.len() as u64;
        after.done.scanned += count;
        after.done.expired += count;
        after.counted = after.done;
        if night.asked.dry_run {
            after.phase = domain::retention_run::RunPhase::Reported;
            return self.write(unit, &run, after, night).await.map(|()| true);
        }
        if self.anybody_is_held(&unit.0).await? {
            // An event may be about anybody: while somebody is held, none goes.
            after.done.held += count;
            return if run.op_nonce == unwritten() {
                self.write(unit, &run, after, night).await.map(|()| true)
            } else {
                Ok(true)
            };
        }
        let records: Vec<Record> = events.into_iter().map(|event| Record::Event(Box::new(event))).collect();
        let chunk = self.archive(unit, &run, &records).await?;
        after.done.archived += count;
        after.archived = Some(chunk);
        after.removing = Some(Window { from: now, until: now });
        self.write_announcing(unit, (&run, after), Some((count, before)), night).await?;
        Ok(false)
    }

    /// The oldest events of before an instant that are in the log, but for those that prove receipts.
    async fn oldest(&self, tenant: &TenantId, before: Timestamp) -> Result<Vec<AuditEvent>, PortError> {
        let mut found = Vec::new();
        let mut range = IdRange { above: String::new(), below: EventId::bound(before) };
        loop {
            let page = self.index.oldest(tenant, &EventIndex::All, &range, PAGE).await?;
            let Some(last) = page.events.last() else { return Ok(found) };
            range.above = last.id.to_string();
            for events in page.events.chunks(AT_ONCE) {
                let keys: Vec<TenantKey> = events.iter().map(AuditEvent::key).collect();
                let stored = self.feed.events(&keys).await?;
                let goes = |event: &AuditEvent| event.at < before && event.resource_type != AuditEvent::RECEIPT;
                found.extend(
                    stored.into_iter().flatten().filter(|it| it.is_sealed && goes(&it.event)).map(|it| it.event),
                );
            }
            if !page.more || found.len() >= AT_MOST {
                found.truncate(AT_MOST);
                return Ok(found);
            }
        }
    }

    /// Takes away what an archive holds and the log knows will go.
    async fn take_events(
        &self,
        unit: &Unit,
        run: RetentionRun,
        (chunk, window): (&ArchivedChunk, Window),
        night: &mut Night<'_>,
    ) -> Result<bool, PortError> {
        let tenant = &unit.0;
        if night.asked.dry_run || !self.is_announced(tenant, window).await? || self.anybody_is_held(tenant).await? {
            return Ok(night.asked.dry_run);
        }
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let rows: BTreeSet<String> = self.manifest(chunk).await?.into_iter().collect();
        // What went already is not among the oldest any more; what is younger is not in the archive.
        let oldest = self.oldest(tenant, window.from).await?;
        let mut keys = Vec::new();
        for event in oldest {
            let (key, record) = (event.key(), Record::Event(Box::new(event)));
            if rows.contains(&digest_of(&secrets, &record)?) {
                keys.push(key);
            }
        }
        for keys in keys.chunks(AT_ONCE) {
            if self.clock.now() >= night.ends_at {
                return Ok(false);
            }
            let cause = Cause::worker(self.clock.now());
            let nonce = OpNonce::new(self.entropy.bytes());
            let mut builder = TransitionBuilder::new(tenant, nonce, cause, self.entropy.bytes());
            keys.iter().for_each(|key| builder.delete(key.clone()));
            match self.store.commit(&builder.build()).await {
                Ok(()) => {}
                Err(CommitError::Port(error)) => return Err(error),
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                    return Err(PortError::new(PortErrorKind::Conflict, "take audit events away"));
                }
            }
        }
        let mut after = run.clone();
        after.failed_because = None;
        after.done.deleted += chunk.rows;
        (after.archived, after.removing) = (None, None);
        self.write(unit, &run, after, night).await?;
        Ok(chunk.rows < AT_MOST as u64)
    }

    /// Whether the event that announces is in the log.
    async fn is_announced(&self, tenant: &TenantId, window: Window) -> Result<bool, PortError> {
        let prefix = format!("{}{:013}", AuditEvent::SORT_PREFIX, window.from.as_millisecond().max(0));
        let below = AuditEvent::sort_after(window.from);
        let range = SortRange { prefix: &prefix, below: &below };
        let found = self.store.query_newest(tenant, &Partition::Tenant, range, AT_ONCE).await?;
        let announces = |record: &Record| record.as_event().is_some_and(|event| event.sheds().is_some());
        let keys: Vec<TenantKey> = found.iter().filter(|it| announces(it)).map(Record::key).collect();
        let stored = self.feed.events(&keys).await?;
        Ok(stored.iter().flatten().any(|event| event.is_sealed))
    }

    async fn anybody_is_held(&self, tenant: &TenantId) -> Result<bool, PortError> {
        let found = self.store.query(tenant, &Partition::Tenant, Hold::PREFIX).await?;
        Ok(found.into_iter().filter_map(Record::into_hold).any(|hold| hold.status != HoldStatus::Released))
    }
}
