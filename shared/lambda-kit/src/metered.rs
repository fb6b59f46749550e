//! Counts jobs as they move: one metric line for each status a committed job comes to and leaves. No call is made for it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::AuditEvent;
use domain::ids::TenantId;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::transition::{Change, Transition};
use jiff::Timestamp;
use workflow::ports::{Clock, CommitError, JobFilter, JobStore, ListPage, PortError, SortRange, WakeEntry};

use crate::metrics::{Metric, Unit};
use crate::settings::Settings;
use crate::time::system_clock;

/// The store of a function, with the moves of jobs counted.
#[must_use]
pub fn metered(settings: &Settings, store: Arc<dyn JobStore>) -> Arc<dyn JobStore> {
    Arc::new(MeteredStore { store, clock: system_clock(settings), stage: settings.stage.as_str() })
}

/// Passes everything on, and tells of jobs that moved once that is committed; a crash in between loses a count.
struct MeteredStore {
    // Dependencies.
    store: Arc<dyn JobStore>,
    clock: Arc<dyn Clock>,
    // Configuration.
    stage: &'static str,
}

/// The statuses a transition takes jobs from and to.
fn moves(transition: &Transition) -> impl Iterator<Item = (Option<&str>, &str)> {
    let events = transition.changes.iter().filter_map(|change| match change {
        Change::Put { record: Record::Event(event), .. } => Some(event.as_ref()),
        Change::Put { .. }
        | Change::Delete { .. }
        | Change::Add { .. }
        | Change::Guard { .. }
        | Change::Check { .. } => None,
    });
    let of_jobs = events.filter(|event: &&AuditEvent| event.resource_type == "job" && event.item.is_some());
    of_jobs
        .filter_map(|event| event.to.as_deref().map(|to| (event.from.as_deref(), to)))
        .filter(|(from, to)| *from != Some(*to))
}

/// The metric lines of a transition.
fn lines(transition: &Transition, stage: &str, now: Timestamp) -> Vec<Metric> {
    let line =
        |status: &str, name| Metric::at(now).by("Stage", stage).by("Status", status).value(name, Unit::Count, 1.0);
    let both = moves(transition)
        .flat_map(|(from, to)| from.map(|from| line(from, "JobsLeft")).into_iter().chain([line(to, "JobsEntered")]));
    both.collect()
}

#[async_trait]
impl JobStore for MeteredStore {
    async fn commit(&self, transition: &Transition) -> Result<(), CommitError> {
        self.store.commit(transition).await?;
        lines(transition, self.stage, self.clock.now()).iter().for_each(Metric::emit);
        Ok(())
    }

    async fn load(&self, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError> {
        self.store.load(keys).await
    }

    async fn query(&self, tenant: &TenantId, partition: &Partition, prefix: &str) -> Result<Vec<Record>, PortError> {
        self.store.query(tenant, partition, prefix).await
    }

    async fn query_newest(
        &self,
        tenant: &TenantId,
        partition: &Partition,
        range: SortRange<'_>,
        limit: usize,
    ) -> Result<Vec<Record>, PortError> {
        self.store.query_newest(tenant, partition, range, limit).await
    }

    async fn list_jobs(
        &self,
        tenant: &TenantId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListPage, PortError> {
        self.store.list_jobs(tenant, filter, after, limit).await
    }

    async fn due(&self, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<WakeEntry>, PortError> {
        self.store.due(shard, until, limit).await
    }

    async fn postpone(&self, entry: &WakeEntry, to: Timestamp) -> Result<bool, PortError> {
        self.store.postpone(entry, to).await
    }
}

#[cfg(test)]
mod tests {
    use domain::event::Action;
    use domain::ids::{JobId, OpNonce};
    use domain::transition::{Cause, TransitionBuilder};

    use super::*;

    #[test]
    fn a_job_that_moves_is_counted_where_it_leaves_and_where_it_comes() {
        let now = Timestamp::UNIX_EPOCH;
        let tenant: TenantId = "acme".parse().unwrap();
        let job = JobId::new(now, [3; 10]);
        let mut builder = TransitionBuilder::new(&tenant, OpNonce::new([1; 16]), Cause::worker(now), [2; 10]);
        let mut tell = |resource: &str, from: Option<&str>, to: Option<&str>| {
            let mut event = builder.plain_event(&job, resource, Action::Update);
            event.item = Some(domain::event::ItemVersion { item: resource.to_owned(), version: 1 });
            event.from = from.map(str::to_owned);
            event.to = to.map(str::to_owned);
            builder.event(event);
        };
        tell("job", None, Some("pending"));
        tell("job", Some("pending"), Some("in_progress"));
        tell("job", Some("in_progress"), Some("in_progress"));
        tell("step", Some("ready"), Some("claimed"));
        let lines: Vec<String> =
            lines(&builder.build(), "dev", now).iter().map(|line| line.to_json().to_string()).collect();
        let told = |name: &str, status: &str| {
            let fits = |line: &&String| line.contains(name) && line.contains(&format!("\"Status\":\"{status}\""));
            lines.iter().filter(fits).count()
        };
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!((told("JobsEntered", "pending"), told("JobsLeft", "pending")), (1, 1));
        assert_eq!(told("JobsEntered", "in_progress"), 1);
        assert!(lines.iter().all(|line| !line.contains("acme") && !line.contains(job.as_str())), "{lines:?}");
    }
}
