//! The tables in memory: the reading half of the store. Writing is in `commit`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use domain::hold::{Claim, Hold};
use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::key::{Partition, TenantKey};
use domain::record::{Record, ended_shard};
use domain::retention_run::RetentionRun;
use domain::transition::Transition;
use jiff::Timestamp;
use workflow::ports::{CommitError, JobFilter, JobStore, ListPage, PortError, PortErrorKind, SortRange, WakeEntry};

pub use self::commit::{Commit, Verb, Write};
use self::items::address;
pub(crate) use self::items::{read_item, write_item};
use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

mod commit;
mod corrections;
mod expect;
mod items;
mod partners;

/// Most keys of one `load`.
const MAXIMUM_KEYS: usize = 100;

/// Some key, for bounds that no item comes near.
static ANY_KEY: LazyLock<Arc<TenantKey>> = LazyLock::new(|| {
    let tenant: TenantId = "any".parse().expect("a tenant's name holds letters");
    Arc::new(TenantKey::new(&tenant, Partition::Tenant, ""))
});

/// The tables of the world.
#[derive(Debug, Clone)]
pub struct MemoryJobStore {
    world: MemoryWorld,
}

impl MemoryJobStore {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl JobStore for MemoryJobStore {
    async fn commit(&self, transition: &Transition) -> Result<(), CommitError> {
        if self.world.inspect(|state| state.mutants.has(Mutant::SendBeforeCommit)) {
            self.send_first(transition).await?;
        }
        if self.world.inspect(|state| state.mutants.has(Mutant::HoldOutsideClaim)) {
            self.world.call("load", |state| commit::check_holds_only(state, transition)).await?;
        }
        self.world.call("commit", |state| commit::commit(state, transition)).await
    }

    async fn load(&self, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError> {
        self.world.call("load", |state| load(state, keys)).await
    }

    async fn query(&self, tenant: &TenantId, partition: &Partition, prefix: &str) -> Result<Vec<Record>, PortError> {
        self.world.call("query", |state| Ok(query(state, tenant, partition, prefix))).await
    }

    async fn query_newest(
        &self,
        tenant: &TenantId,
        partition: &Partition,
        range: SortRange<'_>,
        limit: usize,
    ) -> Result<Vec<Record>, PortError> {
        self.world
            .call("query_newest", |state| {
                let mut found = query(state, tenant, partition, range.prefix);
                found.retain(|record| record.key().sort() < range.below);
                found.reverse();
                found.truncate(limit);
                Ok(found)
            })
            .await
    }

    async fn list_jobs(
        &self,
        tenant: &TenantId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListPage, PortError> {
        self.world.call("list_jobs", |state| list_jobs(state, tenant, filter, after, limit)).await
    }

    async fn due(&self, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<WakeEntry>, PortError> {
        self.world
            .call("due", |state| {
                let from = (shard, Timestamp::MIN, Arc::clone(&ANY_KEY));
                let due = state.wake.range(from..).take_while(|(at, when, _)| *at == shard && *when <= until);
                let entry = |(_, seen, key): &(u8, Timestamp, Arc<TenantKey>)| WakeEntry {
                    key: TenantKey::clone(key),
                    seen: *seen,
                };
                Ok(due.take(limit).map(entry).collect())
            })
            .await
    }

    async fn postpone(&self, entry: &WakeEntry, to: Timestamp) -> Result<bool, PortError> {
        self.world.call("postpone", |state| Ok(postpone(state, entry, to))).await
    }
}

impl MemoryJobStore {
    /// The deliberate bug: nudges leave before what they announce is committed.
    async fn send_first(&self, transition: &Transition) -> Result<(), CommitError> {
        self.world
            .call("send", |state| {
                for nudge in commit::nudges_of(transition) {
                    crate::job_queue::send_one(state, &nudge, 0);
                }
                Ok::<(), CommitError>(())
            })
            .await
    }
}

fn load(state: &mut State, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError> {
    if keys.len() > MAXIMUM_KEYS {
        return Err(PortError::new(PortErrorKind::Corrupt, "load"));
    }
    for key in keys {
        state.check_tenant("load", key.tenant());
    }
    let is_unseen = |key: &TenantKey| {
        state.mutants.has(Mutant::SuppressionUnseen) && matches!(key.partition(), Partition::Suppression(_))
    };
    Ok(keys.iter().map(|key| read_item(state, key).filter(|_| !is_unseen(key)).cloned()).collect())
}

fn query(state: &mut State, tenant: &TenantId, partition: &Partition, prefix: &str) -> Vec<Record> {
    state.check_tenant("query", tenant);
    let first = address(state.mutants, &TenantKey::new(tenant, partition.clone(), prefix));
    let matches = |key: &TenantKey| {
        key.tenant() == first.tenant() && key.partition() == partition && key.sort().starts_with(prefix)
    };
    let unseen = [
        (Mutant::StaleClaims, Claim::PREFIX),
        (Mutant::HoldsUnread, Hold::PREFIX),
        (Mutant::SweepUnseen, RetentionRun::PREFIX),
    ];
    if unseen.iter().any(|(mutant, of)| *of == prefix && state.mutants.has(*mutant)) {
        return Vec::new();
    }
    let found = state.items.range::<TenantKey, _>(&first..).take_while(|(key, _)| matches(key));
    found.map(|(_, record)| Record::clone(record)).collect()
}

fn list_jobs(
    state: &mut State,
    tenant: &TenantId,
    filter: &JobFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<ListPage, PortError> {
    state.check_tenant("list_jobs", tenant);
    let end = match after {
        Some(id) => {
            let id = id.parse::<JobId>();
            Partition::Job(id.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "list_jobs", cause))?)
        }
        None => Partition::Tenant,
    };
    let start = Partition::Job(JobId::new(Timestamp::UNIX_EPOCH, [0; 10]));
    let bound = |partition| address(state.mutants, &TenantKey::new(tenant, partition, ""));
    let (start, end) = (bound(start), bound(end));
    if limit == 0 || start >= end {
        return Ok(ListPage::default());
    }
    Ok(page(&state.items, &start, &end, filter, limit))
}

fn page(
    items: &BTreeMap<Arc<TenantKey>, Arc<Record>>,
    start: &TenantKey,
    end: &TenantKey,
    filter: &JobFilter,
    limit: usize,
) -> ListPage {
    let mut page = ListPage::default();
    for record in items.range::<TenantKey, _>(start..end).rev().map(|(_, record)| record) {
        let Record::Job(job) = record.as_ref() else { continue };
        if page.jobs.len() == limit {
            page.next = page.jobs.last().map(|job| job.id.to_string());
            return page;
        }
        if fits(job, filter) {
            page.jobs.push(Job::clone(job));
        }
    }
    page
}

fn fits(job: &Job, filter: &JobFilter) -> bool {
    let JobFilter { request_type, status, subject, organization_id, due_before, assignee } = filter;
    request_type.is_none_or(|wanted| job.request_type == wanted)
        && status.is_none_or(|wanted| job.status == wanted)
        && subject.as_ref().is_none_or(|wanted| job.subject_ref.as_ref() == Some(wanted))
        && organization_id.as_ref().is_none_or(|wanted| job.organization_id.as_ref() == Some(wanted))
        && due_before.is_none_or(|wanted| job.due_at < wanted)
        && assignee.as_ref().is_none_or(|wanted| job.assignee.as_ref() == Some(wanted))
}

fn postpone(state: &mut State, entry: &WakeEntry, to: Timestamp) -> bool {
    let record = read_item(state, &entry.key);
    if let Some(Record::Job(job)) = record {
        let shard = ended_shard(&job.id);
        return move_entry(state, shard, entry, to);
    }
    let Some(Record::Step(step)) = record else { return false };
    if step.next_check_at != Some(entry.seen) {
        return false;
    }
    let mut step = step.clone();
    step.next_check_at = Some(to);
    let key = Arc::new(address(state.mutants, &entry.key));
    write_item(state, key, Some(Arc::new(Record::Step(step))));
    true
}

/// An ended job stays as it is; only its place in the index moves.
fn move_entry(state: &mut State, shard: u8, entry: &WakeEntry, to: Timestamp) -> bool {
    let key = Arc::new(address(state.mutants, &entry.key));
    state.wake.remove(&(shard, entry.seen, Arc::clone(&key))) && state.wake.insert((shard, to, key))
}
