//! Jobs against their events: as many events as versions, one after the other, the last one saying the state it is in (INV-A1).

use std::collections::BTreeMap;

use domain::event::AuditEvent;
use domain::ids::{JobId, TenantId};
use domain::key::Partition;
use domain::record::Record;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::{Depth, Verification, VerifyLog};
use crate::ports::{JobFilter, JobStore, PortError};

/// Jobs of one list.
const PER_PAGE: usize = 100;
/// Times a job is read before it is left alone as one that never stands still.
const LOOKS: usize = 5;
/// Jobs read at once.
const AT_ONCE: usize = 8;

/// Looks at every job of the tenant; the first that doesn't fit its events ends it.
pub(super) async fn compare(
    verify: &VerifyLog,
    result: &mut Verification,
    depth: &Depth,
    shed: Option<Timestamp>,
) -> Result<(), PortError> {
    let (store, tenant) = (verify.store.as_ref(), result.tenant.clone());
    let mut after: Option<String> = None;
    loop {
        if verify.is_over(depth) {
            result.finished = false;
            return Ok(());
        }
        let page = store.list_jobs(&tenant, &JobFilter::default(), after.as_deref(), PER_PAGE).await?;
        let ids: Vec<JobId> = page.jobs.into_iter().map(|job| job.id).collect();
        result.jobs += ids.len() as u64;
        let looks = stream::iter(ids).map(|id| look_again(store, &tenant, id, shed)).buffered(AT_ONCE);
        let found: Vec<Option<String>> = looks.try_collect().await?;
        result.broken_at = found.into_iter().flatten().next();
        after = page.next;
        if after.is_none() || result.broken_at.is_some() {
            return Ok(());
        }
    }
}

/// A job that moves while it is read may look torn once, at another place each time; one that is torn looks so again.
async fn look_again(
    store: &dyn JobStore,
    tenant: &TenantId,
    id: JobId,
    shed: Option<Timestamp>,
) -> Result<Option<String>, PortError> {
    let mut before = None;
    for _ in 0..LOOKS {
        let found = look(store, tenant, &id, shed).await?;
        if found.is_none() || found == before {
            return Ok(found);
        }
        before = found;
    }
    Ok(None)
}

async fn look(
    store: &dyn JobStore,
    tenant: &TenantId,
    id: &JobId,
    shed: Option<Timestamp>,
) -> Result<Option<String>, PortError> {
    let records = store.query(tenant, &Partition::Job(id.clone()), "").await?;
    Ok(torn(&records, shed).map(|torn| format!("job {id}: {torn}")))
}

/// The first item of a job that doesn't fit its events, in words.
///
/// Events of before `shed` left the table: what was made before it may lack its first ones.
fn torn(records: &[Record], shed: Option<Timestamp>) -> Option<String> {
    let is_old = records.iter().any(|it| matches!(it, Record::Job(job) if Some(job.created_at) < shed));
    let mut trails: BTreeMap<&str, BTreeMap<u64, Vec<&AuditEvent>>> = BTreeMap::new();
    for record in records {
        if let Record::Event(event) = record
            && let Some(item) = &event.item
        {
            trails.entry(&item.item).or_default().entry(item.version).or_default().push(event);
        }
    }
    for record in records {
        let Some(version) = record.version() else { continue };
        let key = record.key();
        let trail = trails.remove(key.sort()).unwrap_or_default();
        if let Some(found) = check(record, version, &trail, is_old) {
            return Some(format!("{} {found}", key.sort()));
        }
    }
    // Retention takes the items of a job away, and says in the same transaction how many.
    let purged: u64 = records.iter().filter_map(Record::as_event).map(AuditEvent::purged).sum();
    let gone = trails.into_keys().nth(usize::try_from(purged).unwrap_or(usize::MAX));
    gone.map(|item| format!("{item} has events and is gone"))
}

fn check(record: &Record, version: u64, trail: &BTreeMap<u64, Vec<&AuditEvent>>, lacks_first: bool) -> Option<String> {
    let first = if lacks_first { trail.keys().next().copied().unwrap_or(version + 1) } else { 1 };
    if first > version {
        return None;
    }
    for expected in first..=version {
        match trail.get(&expected).map(Vec::len) {
            Some(1) => {}
            Some(_) => return Some(format!("has two events for version {expected}")),
            None => return Some(format!("has no event for version {expected}")),
        }
    }
    if let Some(beyond) = trail.keys().find(|found| !(first..=version).contains(*found)) {
        return Some(format!("is at version {version} and has an event for version {beyond}"));
    }
    let state = state_of(record)?;
    let mut before: Option<&str> = None;
    for (number, events) in trail {
        let event = events.first()?;
        if event.from.as_deref() != before && (*number > first || first == 1) {
            return Some(format!("was not where the event of version {number} says it came from"));
        }
        before = event.to.as_deref();
    }
    (before != Some(state)).then(|| "is not in the state its last event says".to_owned())
}

/// The state that events tell, of the items whose events tell one.
fn state_of(record: &Record) -> Option<&'static str> {
    match record {
        Record::Job(job) => Some(job.status.as_str()),
        Record::Step(step) => Some(step.state.as_str()),
        Record::Event(_)
        | Record::Challenge(_)
        | Record::Ticket(_)
        | Record::Idempotency(_)
        | Record::Key(_)
        | Record::DataMapPointer(_)
        | Record::Suppression(_)
        | Record::Hold(_)
        | Record::Guard(_)
        | Record::Claim(_)
        | Record::Retention(_)
        | Record::RetentionRun(_)
        | Record::Notices(_)
        | Record::MailMark(_)
        | Record::Complaint(_)
        | Record::Counter(_) => None,
    }
}
