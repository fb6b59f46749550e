//! What a signed-in person sees of themselves: requests, rights, retention, what is held (R-DSR-8, V15).

use std::collections::BTreeSet;
use std::sync::Arc;

use datamap::DataMap;
use domain::job::{Job, JobStatus};
use domain::record::{DataMapPointer, Record};

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, DataMaps, JobFilter, JobStore};
use crate::refusal::Refusal;

/// Jobs shown at the most.
const JOBS: usize = 50;

/// Shows the personal dashboard.
pub struct Dashboard {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The personal dashboard.
#[derive(Debug, Clone)]
pub struct DashboardView {
    /// The person's own jobs, newest first.
    pub jobs: Vec<Job>,
    /// Rows in the newest finished archive: a count without another search; `None` before the first export.
    pub data_points: Option<u64>,
    /// Retention in words, per class of the data map.
    pub retention: Vec<String>,
    /// Collections the data map searches for this person.
    pub sources: Vec<String>,
}

impl Dashboard {
    /// The dashboard of the signed-in person.
    ///
    /// # Errors
    /// `Reserved` without a verified e-mail address.
    pub async fn show(&self, caller: &Caller) -> Result<DashboardView, Refusal> {
        let own = caller.own_identity().ok_or(Refusal::Reserved { to: "sessions with a verified e-mail address" })?;
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let filter = JobFilter { subject: Some(secrets.alias(&own)), ..JobFilter::default() };
        let jobs = self.store.list_jobs(tenant, &filter, None, JOBS).await?.jobs;
        let finished = jobs.iter().find(|job| job.status == JobStatus::Completed);
        let data_points = finished.and_then(|job| job.archive.as_ref()).map(|archive| archive.rows);
        let map = self.current_map(caller).await?;
        Ok(DashboardView { data_points, retention: retention(map.as_deref()), sources: sources(map.as_deref()), jobs })
    }

    async fn current_map(&self, caller: &Caller) -> Result<Option<Arc<DataMap>>, Refusal> {
        let tenant = &caller.principal.tenant;
        let found = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let hash = found.into_iter().flatten().find_map(Record::into_data_map_pointer).map(|found| found.hash);
        match hash {
            Some(hash) => Ok(Some(self.maps.load(tenant, &hash).await?)),
            None => Ok(None),
        }
    }
}

fn retention(map: Option<&DataMap>) -> Vec<String> {
    let Some(map) = map else { return Vec::new() };
    let classes = map.collections.iter().filter(|it| !it.skip).filter_map(|it| it.processing.retention_class.clone());
    classes.collect::<BTreeSet<String>>().into_iter().collect()
}

fn sources(map: Option<&DataMap>) -> Vec<String> {
    map.map(|map| map.collections.iter().filter(|it| !it.skip).map(datamap::Collection::id).collect())
        .unwrap_or_default()
}
