//! Our own tables: the only truth. One writer, `commit`; everything else reads.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::job::JobStatus;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::request::{Alias, RequestType};
use domain::role::Pseudonym;
use domain::transition::Transition;
use jiff::Timestamp;

use super::{CommitError, PortError};

/// Jobs, steps, events and what belongs to them.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Commits all changes or none. Asserts that every key is of the transition's tenant (INV-T1).
    ///
    /// Made once per nonce: committing the same transition again is a success without effect for at least 10 minutes.
    async fn commit(&self, transition: &Transition) -> Result<(), CommitError>;

    /// Reads up to 100 items, strongly consistent; the answer has one place per key. Both tables may be mixed.
    async fn load(&self, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError>;

    /// All items of a partition whose sort key starts with `prefix`, in sort order, strongly consistent.
    async fn query(&self, tenant: &TenantId, partition: &Partition, prefix: &str) -> Result<Vec<Record>, PortError>;

    /// The last `limit` items of a partition within a range, last first, strongly consistent; fewer only where there
    /// are no more.
    async fn query_newest(
        &self,
        tenant: &TenantId,
        partition: &Partition,
        range: SortRange<'_>,
        limit: usize,
    ) -> Result<Vec<Record>, PortError>;

    /// Jobs of a tenant, newest first, eventually consistent.
    async fn list_jobs(
        &self,
        tenant: &TenantId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListPage, PortError>;

    /// Entries of one shard of the sweep's index that are due, oldest first, of all tenants.
    async fn due(&self, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<WakeEntry>, PortError>;

    /// Moves the entry of a step, or of an ended job, in the sweep's index if it still stands at `seen`; `false` if it
    /// doesn't. Writes no version. The next write of an ended job puts it back to where its record says.
    async fn postpone(&self, entry: &WakeEntry, to: Timestamp) -> Result<bool, PortError>;
}

/// Sort keys that start with `prefix` and sort before `below`.
#[derive(Debug, Clone, Copy)]
pub struct SortRange<'a> {
    /// How they start.
    pub prefix: &'a str,
    /// What they sort before.
    pub below: &'a str,
}

/// Which jobs to list. Organisation and subject narrow what the caller may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this type.
    pub request_type: Option<RequestType>,
    /// In this status.
    pub status: Option<JobStatus>,
    /// About this subject.
    pub subject: Option<Alias>,
    /// Of this organisation.
    pub organization_id: Option<String>,
    /// Due before this time.
    pub due_before: Option<Timestamp>,
    /// Assigned to this person.
    pub assignee: Option<Pseudonym>,
}

/// A page of jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPage {
    /// The jobs.
    pub jobs: Vec<domain::job::Job>,
    /// Where the next page starts: the id of the last job looked at; `None` at the end.
    pub next: Option<String>,
}

/// An entry of the sweep's index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WakeEntry {
    /// The step's key.
    pub key: TenantKey,
    /// When it was due.
    pub seen: Timestamp,
}
