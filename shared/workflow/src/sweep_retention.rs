//! Takes away what has lived long enough (R-RET-3): counted first, archived where the map asks, then row by row.
//!
//! One run per collection and day, remembered in our own table, goes on over any number of slices. A policy that is
//! new or shorter is only reported the first time; a run that would take too much stops and waits for a person.

use std::sync::Arc;

use datamap::DataMap;
use domain::ids::TenantId;
use domain::record::{DataMapPointer, Record};
use domain::retention_run::{RetentionRun, RunPhase, Tally};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::keyring::Keyring;
use crate::ports::{
    AuditFeed, Clock, Connector, DataMaps, Entropy, EvidenceStore, JobStore, PortError, PortErrorKind, RetentionAlerts,
    RetentionSource, RetentionWarning, TableWriter,
};

mod archiving;
mod beginning;
mod chunk;
mod counting;
mod lines;
mod pieces;
mod policy;
mod removing;
mod subjects;

/// Tenants of one run.
const MAX_TENANTS: usize = 10_000;
/// Ends no log: every tenant with one is found.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 3650);

/// How much one run may take from one collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Rows.
    pub rows: u64,
    /// Share of the rows looked at, in percent; counts once more than a hundred rows would go.
    pub percent: u64,
}

impl Cap {
    /// Rows below which a share says nothing.
    const SMALL: u64 = 100;

    fn is_exceeded_by(self, expired: u64, scanned: u64) -> bool {
        let share = expired > Self::SMALL && expired.saturating_mul(100) > scanned.saturating_mul(self.percent);
        expired > self.rows || share
    }
}

/// What a run was asked for; the schedule asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether somebody asks by hand: a run begins although one began today.
    pub by_hand: bool,
    /// Whether nothing may be taken away.
    pub dry_run: bool,
    /// Only this tenant.
    pub tenant: Option<TenantId>,
    /// Only this collection.
    pub collection: Option<String>,
    /// Whether this one run may exceed the cap.
    pub beyond_cap: bool,
}

/// What became of one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The tenant.
    pub tenant: TenantId,
    /// `dataset.collection`.
    pub collection: String,
    /// Where its run stands.
    pub phase: RunPhase,
    /// What it tells.
    pub tally: Tally,
}

/// What a slice did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionReport {
    /// Collections whose run moved.
    pub swept: Vec<Swept>,
    /// Collections or tenants that failed; the others were swept.
    pub failed: u64,
    /// Whether the slice ended before the work did.
    pub is_unfinished: bool,
}

/// Sweeps what expired.
pub struct SweepRetention {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Which tenants there are.
    pub feed: Arc<dyn AuditFeed>,
    /// Data maps.
    pub maps: Arc<dyn DataMaps>,
    /// Finds and takes away.
    pub source: Arc<dyn RetentionSource>,
    /// Reads whose a row is.
    pub connector: Arc<dyn Connector>,
    /// Where archives go.
    pub evidence: Arc<dyn EvidenceStore>,
    /// How rows of nobody are written there.
    pub tables: Arc<dyn TableWriter>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Tells operators.
    pub alerts: Arc<dyn RetentionAlerts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// How much one run may take.
    pub cap: Cap,
    /// How long archives stay under lock, in days.
    pub keep_days: i64,
}

/// One collection of one tenant.
struct Unit<'a> {
    tenant: &'a TenantId,
    map: &'a Arc<DataMap>,
    index: usize,
    id: String,
}

impl SweepRetention {
    /// Sweeps until everything is done or the slice ends. May run any number of times, and beside itself.
    ///
    /// # Errors
    /// When the tenants can't be told. What fails of one collection is in the report.
    pub async fn run(&self, asked: &Asked, slice_ends_at: Timestamp) -> Result<RetentionReport, PortError> {
        let mut report = RetentionReport::default();
        let tenants = match &asked.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.feed.heartbeats_due(self.clock.now() + FAR, MAX_TENANTS).await?,
        };
        for tenant in &tenants {
            if let Err(error) = self.tenant(tenant, asked, slice_ends_at, &mut report).await {
                report.failed += 1;
                self.failed(tenant, "datamap", &error).await;
            }
        }
        Ok(report)
    }

    async fn tenant(
        &self,
        tenant: &TenantId,
        asked: &Asked,
        slice_ends_at: Timestamp,
        report: &mut RetentionReport,
    ) -> Result<(), PortError> {
        let pointer = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let pointer = pointer.into_iter().flatten().find_map(Record::into_data_map_pointer);
        let Some(pointer) = pointer else { return Ok(()) };
        let map = self.maps.load(tenant, &pointer.hash).await?;
        for (index, collection) in map.collections.iter().enumerate() {
            let id = collection.id();
            if collection.retention.is_none() || asked.collection.as_ref().is_some_and(|named| *named != id) {
                continue;
            }
            let unit = Unit { tenant, map: &map, index, id };
            match self.sweep(&unit, asked, slice_ends_at).await {
                Ok(Some(run)) => {
                    report.is_unfinished |= run.phase.is_open();
                    let (tenant, collection) = (tenant.clone(), unit.id);
                    report.swept.push(Swept { tenant, collection, phase: run.phase, tally: run.told() });
                }
                Ok(None) => {}
                Err(error) => {
                    report.failed += 1;
                    self.failed(tenant, &unit.id, &error).await;
                }
            }
        }
        Ok(())
    }

    /// Begins or goes on with the run of one collection; `None` where there is nothing to do today.
    async fn sweep(
        &self,
        unit: &Unit<'_>,
        asked: &Asked,
        slice_ends_at: Timestamp,
    ) -> Result<Option<RetentionRun>, PortError> {
        let found = self.store.load(&[RetentionRun::key_of(unit.tenant, &unit.id)]).await?;
        let found = found.into_iter().flatten().find_map(Record::into_retention_run).map(|run| *run);
        let mut run = match found {
            Some(run) if run.phase.is_open() => run,
            Some(run) if !asked.by_hand && day(run.begun_at) == day(self.clock.now()) => return Ok(None),
            before => match self.begin(unit, asked, before).await? {
                Some(run) => run,
                None => return Ok(None),
            },
        };
        while run.phase.is_open() && self.clock.now() < slice_ends_at {
            let moved = match run.phase {
                RunPhase::Counting => self.count(unit, run, slice_ends_at).await?,
                RunPhase::Removing => self.remove(unit, run, slice_ends_at).await?,
                RunPhase::Reported | RunPhase::BeyondCap | RunPhase::Ended => Some(run),
            };
            // Somebody else moved it: whoever that is goes on.
            let Some(moved) = moved else { return Ok(None) };
            run = moved;
        }
        if !run.phase.is_open() {
            self.tell(unit, &run);
        }
        Ok(Some(run))
    }

    fn tell(&self, unit: &Unit<'_>, run: &RetentionRun) {
        let (tenant, collection) = (unit.tenant.clone(), unit.id.clone());
        if !run.labelled {
            let (tenant, collection) = (tenant.clone(), collection.clone());
            self.alerts.warn(&RetentionWarning::Unlabelled { tenant, collection });
        }
        if run.phase == RunPhase::BeyondCap {
            let (tenant, collection) = (tenant.clone(), collection.clone());
            self.alerts.warn(&RetentionWarning::BeyondCap { tenant, collection, expired: run.counted.expired });
        }
        let class = unit.retention().map_or("unknown", |retention| retention.class.as_str());
        self.alerts.warn(&RetentionWarning::Reported { tenant, collection, class, tally: run.told() });
    }
}

impl Unit<'_> {
    fn order(&self, before: Timestamp) -> crate::ports::ExpiryOrder {
        let (tenant, map, collection) = (self.tenant.clone(), Arc::clone(self.map), self.index);
        crate::ports::ExpiryOrder { tenant, map, collection, before }
    }

    fn retention(&self) -> Result<&datamap::Retention, PortError> {
        let collection = self.map.collections.get(self.index);
        let retention = collection.and_then(|collection| collection.retention.as_ref());
        retention.ok_or(PortError::new(PortErrorKind::Corrupt, "read the data map"))
    }
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}
