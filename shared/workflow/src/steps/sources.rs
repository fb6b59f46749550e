//! The sources of a job: its pinned data map and the connector that reads them.

use std::sync::Arc;

use datamap::{DataMap, Lookup};
use domain::job::Job;

use crate::ports::{Connector, Cursor, DataMaps, SourceLookup, SourcePage};
use crate::step_error::StepError;

/// What steps that read the customer's systems hold.
#[derive(Clone)]
pub struct Sources {
    // Dependencies.
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The customer's systems.
    pub connector: Arc<dyn Connector>,
    // Configuration.
    /// The region this function runs in.
    pub region: String,
}

impl Sources {
    /// The data map a job is pinned to, if the job belongs to this region (R-EXP-6).
    ///
    /// # Errors
    /// Parks a job of another region.
    pub async fn map_of(&self, job: &Job) -> Result<Arc<DataMap>, StepError> {
        if job.region != self.region {
            return Err(StepError::park("the job belongs to another region"));
        }
        Ok(self.maps.load(&job.tenant, &job.data_map).await?)
    }

    /// Reads one page of a lookup for the walk: memory stays the same however many rows there are.
    ///
    /// # Errors
    /// When the source fails.
    pub async fn locate_page(
        &self,
        job: &Job,
        map: &Arc<DataMap>,
        lookup: &Lookup,
        after: Option<&Cursor>,
    ) -> Result<SourcePage, StepError> {
        let source = source_lookup(job, map, lookup);
        Ok(self.connector.locate(&source, &lookup.projection, after).await?)
    }
}

/// A lookup as the connector takes it.
pub(crate) fn source_lookup(job: &Job, map: &Arc<DataMap>, lookup: &Lookup) -> SourceLookup {
    SourceLookup {
        tenant: job.tenant.clone(),
        map: Arc::clone(map),
        collection: lookup.collection,
        field: lookup.field.clone(),
        values: lookup.values.clone(),
    }
}
