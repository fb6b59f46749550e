//! What goes when, from the data map and the policy, and what the last sweep of each collection did (R-RET-3, R-RET-5).

use std::collections::BTreeMap;

use datamap::{Collection, DataMap, RetentionAct, Source};
use domain::key::Partition;
use domain::record::{DataMapPointer, Record};
use domain::retention::{ClassRule, RetentionClass};
use domain::retention_run::{RetentionRun, RunPhase, Tally};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{PolicyView, Retention, is_staff};
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::retire_records::OWN;

/// The schedule of an organisation, or of the tenant.
#[derive(Debug, Clone)]
pub struct ScheduleView {
    /// The policy that counts.
    pub policy: PolicyView,
    /// When the next runs begin: each collection once a day.
    pub next_run_at: Timestamp,
    /// Collections whose rows expire.
    pub collections: Vec<ScheduledCollection>,
    /// Collections of the data map that say nothing of retention: nothing is ever taken from them.
    pub unscheduled: Vec<String>,
}

/// A collection whose rows expire.
#[derive(Debug, Clone)]
pub struct ScheduledCollection {
    /// `dataset.collection`.
    pub collection: String,
    /// The rule that counts for its rows.
    pub rule: ClassRule,
    /// What becomes of them.
    pub act: RetentionAct,
    /// Whether they are archived first.
    pub archive: bool,
    /// How what expired is found: `scan`, `index`, `rows_in_objects`, `whole_objects`.
    pub found_by: &'static str,
    /// The index that finds it, if one does.
    pub index: Option<String>,
    /// Whether what holds it carries a retention label, as the last run saw it; none before the first (R-RET-4).
    pub labelled: Option<bool>,
    /// The last run, of all organisations together; for staff only.
    pub last_run: Option<LastRun>,
}

/// What the last run over a collection did.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// When it began.
    pub began_at: Timestamp,
    /// Where it stands.
    pub phase: RunPhase,
    /// Whether nothing was to be taken away.
    pub dry_run: bool,
    /// What it counted.
    pub tally: Tally,
    /// Why its last slice failed.
    pub failed_because: Option<String>,
}

impl Retention {
    /// What goes when. Reads only.
    ///
    /// # Errors
    /// As `show`.
    pub async fn schedule(&self, caller: &Caller, organization_id: Option<&str>) -> Result<ScheduleView, Refusal> {
        let policy = self.show(caller, organization_id).await?;
        let tenant = &caller.principal.tenant;
        let found = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let pointer = found.into_iter().flatten().find_map(Record::into_data_map_pointer);
        let map = match pointer {
            Some(pointer) => Some(self.maps.load(tenant, &pointer.hash).await?),
            None => None,
        };
        let found = self.store.query(tenant, &Partition::Tenant, RetentionRun::PREFIX).await?;
        let runs = found.into_iter().filter_map(Record::into_retention_run);
        let runs: BTreeMap<String, RetentionRun> = runs.map(|run| (run.collection.clone(), *run)).collect();
        let told = is_staff(caller);
        let all = map.iter().flat_map(|map| map.collections.iter());
        let collections = all.filter_map(|it| scheduled(it, &policy, runs.get(&it.id()), told));
        let own = OWN.iter().filter_map(|class| own_records(*class, &policy, &runs, told));
        let collections = collections.chain(own).collect();
        let next_run_at = next_run_at(policy.at);
        Ok(ScheduleView { policy, next_run_at, collections, unscheduled: unscheduled(map.as_deref()) })
    }
}

/// A class of our own records, told like a collection of the customer's.
fn own_records(
    class: RetentionClass,
    policy: &PolicyView,
    runs: &BTreeMap<String, RetentionRun>,
    is_staff: bool,
) -> Option<ScheduledCollection> {
    let collection = crate::retire_records::collection_of(class)?;
    let own = policy.rules.iter().find(|rule| rule.class == class).copied();
    Some(ScheduledCollection {
        collection: collection.to_owned(),
        rule: own.unwrap_or_else(|| usual(class)),
        act: RetentionAct::Delete,
        archive: class.archives_first(),
        found_by: "index",
        index: None,
        labelled: Some(true),
        last_run: runs.get(collection).filter(|_| is_staff).map(last_run),
    })
}

fn last_run(run: &RetentionRun) -> LastRun {
    LastRun {
        began_at: run.begun_at,
        phase: run.phase,
        dry_run: run.dry_run,
        tally: run.told(),
        failed_because: run.failed_because.clone(),
    }
}

fn unscheduled(map: Option<&DataMap>) -> Vec<String> {
    let all = map.into_iter().flat_map(|map| map.collections.iter());
    all.filter(|collection| collection.retention.is_none()).map(Collection::id).collect()
}

fn scheduled(
    collection: &Collection,
    policy: &PolicyView,
    run: Option<&RetentionRun>,
    is_staff: bool,
) -> Option<ScheduledCollection> {
    let retention = collection.retention.as_ref()?;
    // Rows that name no organisation are kept by the defaults, whatever one of them has set.
    let is_own = retention.organization_field.is_some();
    let own = policy.rules.iter().find(|rule| is_own && rule.class == retention.class).copied();
    let last_run = run.filter(|_| is_staff).map(last_run);
    Some(ScheduledCollection {
        collection: collection.id(),
        rule: own.unwrap_or_else(|| usual(retention.class)),
        act: retention.act,
        archive: retention.archive,
        found_by: found_by(collection),
        index: retention.index.as_ref().map(|index| index.name.clone()),
        labelled: run.map(|run| run.labelled),
        last_run,
    })
}

fn found_by(collection: &Collection) -> &'static str {
    let retention = collection.retention.as_ref();
    match &collection.source {
        Source::DynamoDb { .. } if retention.is_some_and(|it| it.index.is_some()) => "index",
        Source::DynamoDb { .. } => "scan",
        Source::S3Objects { .. } if retention.is_some_and(|it| !it.whole_objects) => "rows_in_objects",
        Source::S3Objects { .. } | Source::S3Media { .. } => "whole_objects",
    }
}

fn usual(class: RetentionClass) -> ClassRule {
    ClassRule { class, kept: domain::retention::Kept::For(class.default_length()) }
}

/// The next midnight: a run begins with the first tick of a day.
fn next_run_at(now: Timestamp) -> Timestamp {
    let day = now.to_zoned(TimeZone::UTC).date().tomorrow();
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC));
    midnight.map_or(now, |midnight| midnight.timestamp())
}
