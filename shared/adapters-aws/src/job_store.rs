//! The two tables behind the port `JobStore`: one place that writes (`commit`), the rest reads.

mod commit;
mod condition;
mod list;
mod read;
mod wake;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::ids::TenantId;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::transition::Transition;
use jiff::Timestamp;
use workflow::ports::{CommitError, JobFilter, JobStore, ListPage, PortError, WakeEntry};

/// Jobs, steps, events and keys in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoJobStore {
    // Dependencies.
    client: Client,
    // Configuration.
    jobs_table: String,
    keyring_table: String,
}

impl DynamoJobStore {
    pub(crate) fn new(client: Client, jobs_table: &str, keyring_table: &str) -> Self {
        Self { client, jobs_table: jobs_table.to_owned(), keyring_table: keyring_table.to_owned() }
    }

    fn table_of(&self, partition: &Partition) -> &str {
        if partition.is_keyring() { &self.keyring_table } else { &self.jobs_table }
    }
}

#[async_trait]
impl JobStore for DynamoJobStore {
    async fn commit(&self, transition: &Transition) -> Result<(), CommitError> {
        commit::commit(self, transition).await
    }

    async fn load(&self, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError> {
        read::load(self, keys).await
    }

    async fn query(&self, tenant: &TenantId, partition: &Partition, prefix: &str) -> Result<Vec<Record>, PortError> {
        read::query(self, tenant, partition, prefix).await
    }

    async fn query_newest(
        &self,
        tenant: &TenantId,
        partition: &Partition,
        prefix: &str,
        below: &str,
        limit: usize,
    ) -> Result<Vec<Record>, PortError> {
        read::query_newest(self, (tenant, partition), prefix, below, limit).await
    }

    async fn list_jobs(
        &self,
        tenant: &TenantId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListPage, PortError> {
        list::list_jobs(self, tenant, filter, after, limit).await
    }

    async fn due(&self, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<WakeEntry>, PortError> {
        wake::due(self, shard, until, limit).await
    }

    async fn postpone(&self, entry: &WakeEntry, to: Timestamp) -> Result<bool, PortError> {
        wake::postpone(self, entry, to).await
    }
}
