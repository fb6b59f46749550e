//! Ends Habeas's own records (V6, R-RET-1): runs of jobs, then the requests themselves, archived before they go.
//!
//! Ended jobs stand in the index of the sweeps by the time of their next look, so nothing is scanned. Suppressions,
//! receipts, and the record of an erasure that began are never touched: they prove it, and know who comes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::TenantId;
use domain::job::Job;
use domain::record::{ENDED_SHARDS, Record};
use domain::retention::RetentionClass;
use domain::retention_run::RunPhase;
use jiff::{SignedDuration, Timestamp};

use self::booking::Book;
use crate::keyring::{Keyring, TenantSecrets};
use crate::ports::{
    AuditFeed, AuditIndex, Clock, Entropy, EvidenceStore, JobStore, PortError, PortErrorKind, RetentionAlerts,
    RetentionWarning, WakeEntry,
};
use crate::sweep_retention::{Asked, Cap, RetentionReport, Swept};

mod archiving;
mod booking;
mod events;
mod taking;
mod wiring;

/// Tenants of one run.
const MAX_TENANTS: usize = 10_000;
/// Ends no log: every tenant with one is found.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// Entries of one look at a shard, and keys of one read.
const AT_ONCE: usize = 100;
/// Entries of the one look at a shard of a run by hand, which leaves those it is not asked for where they are.
const BY_HAND: usize = 1_000;
/// Jobs of one archive.
const PER_ARCHIVE: usize = 25;
/// How soon what is not over is looked at again: so long a policy that became shorter may wait.
const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
/// When what failed is tried again: with the next tick.
const SOON: SignedDuration = SignedDuration::from_mins(10);
/// When what could not go today is tried again.
const TOMORROW: SignedDuration = SignedDuration::from_hours(20);

/// Ends our own records.
pub struct RetireRecords {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Which tenants there are.
    pub feed: Arc<dyn AuditFeed>,
    /// Audit events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// Where archives go.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Tells operators.
    pub alerts: Arc<dyn RetentionAlerts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// How much one night may take of one class and tenant; the share counts for customers' collections only.
    pub cap: Cap,
    /// How long archives stay under lock, in days.
    pub keep_days: i64,
}

/// The classes of our own records.
pub const OWN: [RetentionClass; 3] =
    [RetentionClass::JobExecutions, RetentionClass::Requests, RetentionClass::AuditLogs];

/// The name under which a class of our own records is reported; `None` for classes of customers' data.
#[must_use]
pub const fn collection_of(class: RetentionClass) -> Option<&'static str> {
    match class {
        RetentionClass::JobExecutions => Some("habeas.job_executions"),
        RetentionClass::Requests => Some("habeas.requests"),
        RetentionClass::AuditLogs => Some("habeas.audit_logs"),
        RetentionClass::Messages
        | RetentionClass::Logs
        | RetentionClass::Metrics
        | RetentionClass::Sessions
        | RetentionClass::TempFiles
        | RetentionClass::Evidence => None,
    }
}

/// What goes together.
type Unit = (TenantId, RetentionClass);

/// A job whose time is over, and where it stands in the index.
struct Expired {
    job: Job,
    entry: WakeEntry,
}

/// One slice.
struct Night<'a> {
    asked: &'a Asked,
    ends_at: Timestamp,
    books: BTreeMap<TenantId, Book>,
}

impl Night<'_> {
    fn is_asked(&self, tenant: &TenantId, class: RetentionClass) -> bool {
        let named = self.asked.collection.as_deref();
        self.asked.tenant.as_ref().is_none_or(|asked| asked == tenant)
            && named.is_none_or(|named| collection_of(class) == Some(named))
    }

    fn has_time(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }

    /// Whether entries of the index stay where they are, so that a second look would find them again.
    const fn leaves_entries(&self) -> bool {
        self.asked.dry_run || self.asked.tenant.is_some() || self.asked.collection.is_some()
    }
}

impl RetireRecords {
    /// Takes away what is over until everything is done or the slice ends. May run any number of times, and beside itself.
    ///
    /// # Errors
    /// When the tenants can't be told. What fails of one class is in the report.
    pub async fn run(&self, asked: &Asked, slice_ends_at: Timestamp) -> Result<RetentionReport, PortError> {
        let mut night = Night { asked, ends_at: slice_ends_at, books: BTreeMap::new() };
        let mut report = RetentionReport::default();
        for shard in ENDED_SHARDS {
            match self.shard(shard, &mut night).await {
                Ok(is_done) => report.is_unfinished |= !is_done,
                Err(error) => {
                    tracing::error!(error = %error, shard, "a shard of ended jobs was not looked at");
                    report.failed += 1;
                }
            }
        }
        let tenants = match &asked.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.feed.heartbeats_due(self.clock.now() + FAR, MAX_TENANTS).await?,
        };
        for tenant in &tenants {
            if night.has_time(self.clock.now()) {
                match self.shed(tenant, &mut night).await {
                    Ok(is_done) => report.is_unfinished |= !is_done,
                    Err(error) => {
                        report.failed += 1;
                        self.failed(tenant, RetentionClass::AuditLogs, &error);
                    }
                }
            }
            if let Err(error) = self.tell(tenant, &mut night, &mut report).await {
                tracing::error!(error = %error, "what became of own records is not told");
                report.failed += 1;
            }
        }
        Ok(report)
    }

    /// Looks at what is due in one shard; `false` if time was over before.
    async fn shard(&self, shard: u8, night: &mut Night<'_>) -> Result<bool, PortError> {
        loop {
            let now = self.clock.now();
            if now >= night.ends_at {
                return Ok(false);
            }
            let limit = if night.leaves_entries() { BY_HAND } else { AT_ONCE };
            let due = self.store.due(shard, now, limit).await?;
            let is_last = due.len() < limit || night.leaves_entries();
            let mut over: BTreeMap<Unit, Vec<Expired>> = BTreeMap::new();
            let mut has_moved = false;
            for (entry, job) in self.jobs_of(due).await? {
                let Some(class) = job.retires_next() else { continue };
                if !night.is_asked(&job.tenant, class) {
                    continue;
                }
                let days = self.book(&job.tenant, night).await?.days(class, job.organization_id.as_deref());
                match days.and_then(|days| job.retires_at(days)) {
                    Some(at) if at <= now => {
                        over.entry((job.tenant.clone(), class)).or_default().push(Expired { job, entry });
                    }
                    later => {
                        has_moved |= self.store.postpone(&entry, later.unwrap_or(now + WEEK).min(now + WEEK)).await?;
                    }
                }
            }
            has_moved |= !over.is_empty();
            for (unit, mut expired) in over {
                while !expired.is_empty() {
                    let rest = expired.split_off(expired.len().min(PER_ARCHIVE));
                    self.retire(&unit, std::mem::replace(&mut expired, rest), night).await?;
                }
            }
            if is_last || !has_moved {
                return Ok(true);
            }
        }
    }

    /// The jobs of entries: an entry is only a hint, what counts is the job itself.
    async fn jobs_of(&self, due: Vec<WakeEntry>) -> Result<Vec<(WakeEntry, Job)>, PortError> {
        let mut jobs = Vec::with_capacity(due.len());
        for due in due.chunks(AT_ONCE) {
            let keys: Vec<_> = due.iter().map(|entry| entry.key.clone()).collect();
            let found = self.store.load(&keys).await?.into_iter().map(|it| it.and_then(Record::into_job));
            jobs.extend(due.iter().cloned().zip(found).filter_map(|(entry, job)| Some((entry, *job?))));
        }
        Ok(jobs)
    }

    /// Takes some jobs of one class away, and books it. What fails of it is tried again tomorrow.
    async fn retire(&self, unit: &Unit, expired: Vec<Expired>, night: &mut Night<'_>) -> Result<(), PortError> {
        let (tenant, class) = unit;
        let run = self.todays(unit, night).await?;
        let mut after = run.clone();
        after.failed_because = None;
        let all = expired.len() as u64;
        after.done.scanned += all;
        after.done.expired += all;
        after.counted = after.done;
        if night.asked.dry_run {
            after.phase = RunPhase::Reported;
            return self.write(unit, &run, after, night).await;
        }
        let left = if night.asked.beyond_cap { u64::MAX } else { self.cap.rows.saturating_sub(after.done.deleted) };
        let (mut taken, mut stays) = (expired, Vec::new());
        if all > left {
            stays = taken.split_off(usize::try_from(left).unwrap_or(0));
            after.phase = RunPhase::BeyondCap;
        }
        let entries: Vec<WakeEntry> = taken.iter().map(|it| it.entry.clone()).collect();
        if let Err(error) = self.take(unit, taken, &mut after, &mut stays).await {
            after.done.failed = after.done.expired - after.done.deleted - after.done.held;
            after.failed_because = Some(error.to_string());
            self.failed(tenant, *class, &error);
            for entry in &entries {
                self.store.postpone(entry, self.clock.now() + SOON).await?;
            }
        }
        let tomorrow = self.clock.now() + TOMORROW;
        for entry in &stays {
            self.store.postpone(&entry.entry, tomorrow).await?;
        }
        self.write(unit, &run, after, night).await
    }

    fn failed(&self, tenant: &TenantId, class: RetentionClass, error: &PortError) {
        let (tenant, reason) = (tenant.clone(), error.to_string());
        let collection = collection_of(class).unwrap_or_default().to_owned();
        self.alerts.warn(&RetentionWarning::Failed { tenant, collection, reason });
    }

    /// Says what became of a tenant's records today; a day on which nothing went says so too.
    async fn tell(
        &self,
        tenant: &TenantId,
        night: &mut Night<'_>,
        report: &mut RetentionReport,
    ) -> Result<(), PortError> {
        for class in OWN {
            if !night.is_asked(tenant, class) {
                continue;
            }
            let unit = (tenant.clone(), class);
            let run = self.todays(&unit, night).await?;
            if run.op_nonce == booking::unwritten() {
                self.write(&unit, &run.clone(), run, night).await?;
            }
            let Some((run, new)) = night.books.get_mut(tenant).and_then(|book| book.moved(class)) else { continue };
            let (phase, tally, told) = (run.phase, run.told(), run.collection.clone());
            if phase == RunPhase::BeyondCap {
                let (tenant, expired) = (tenant.clone(), tally.expired);
                self.alerts.warn(&RetentionWarning::BeyondCap { tenant, collection: told.clone(), expired });
            }
            let (tenant, collection) = (tenant.clone(), told.clone());
            self.alerts.warn(&RetentionWarning::Reported { tenant, collection, class: class.as_str(), tally: new });
            report.swept.push(Swept { tenant: unit.0, collection: told, phase, tally });
        }
        Ok(())
    }
}

/// The keyed hash by which a manifest names a record.
fn digest_of(secrets: &TenantSecrets, record: &Record) -> Result<String, PortError> {
    let plain = serde_json::to_vec(record);
    let plain = plain.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "write an archive", cause))?;
    Ok(secrets.digest("archived record v1", &[&plain]))
}
