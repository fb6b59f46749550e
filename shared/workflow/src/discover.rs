//! Samples every source of a data map and says what personal data it holds and where the map doesn't say so (R-PII-3).
//!
//! The report holds names of fields, counts and masked examples; values never leave this file.

mod columns;
mod proposal;

use std::sync::Arc;

use datamap::DataMap;
use domain::event::{Action, EventType};
use domain::ids::{OpNonce, TenantId};
use domain::record::{DataMapPointer, Record};
use domain::transition::{Cause, TransitionBuilder};
use pii::detect::Scanner;
use serde::Serialize;

pub use columns::{Column, columns_of};

use crate::ports::{
    Clock, CommitError, DataMaps, Entropy, ExportStore, JobStore, PortError, PortErrorKind, SampleOrder, Sampler,
};

/// What a run found in the sources of one tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiscoveryReport {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// When.
    pub at: jiff::Timestamp,
    /// The data map it is compared with.
    pub map: String,
    /// Every collection with rows.
    pub sources: Vec<SourceFindings>,
    /// Collections that could not be read, and how that failed.
    pub failed: Vec<FailedSource>,
    /// What the map lacks, as a diff of its datasets; empty where it lacks nothing.
    pub proposal: String,
}

/// What one collection holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceFindings {
    /// `dataset.collection`.
    pub collection: String,
    /// Rows looked at.
    pub rows: usize,
    /// Columns with personal data.
    pub columns: Vec<Column>,
}

/// A collection that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedSource {
    /// `dataset.collection`.
    pub collection: String,
    /// The kind of failure.
    pub error: String,
}

impl DiscoveryReport {
    /// Columns that hold what the map doesn't say.
    #[must_use]
    pub fn drifts(&self) -> usize {
        self.sources.iter().flat_map(|source| &source.columns).filter(|column| column.drift.is_some()).count()
    }

    /// Columns with personal data.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.sources.iter().map(|source| source.columns.len()).sum()
    }
}

/// What is looked at, and when.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The tenant whose rows are wanted.
    pub tenant: TenantId,
    /// The data map that is compared with.
    pub map: Arc<DataMap>,
    /// Its hash.
    pub hash: String,
    /// Rows of each collection.
    pub rows: usize,
    /// When.
    pub at: jiff::Timestamp,
}

/// Looks at every collection of a map and compares; keeps nothing. A source that can't be read is named in the report.
pub async fn survey(sampler: &dyn Sampler, order: Survey) -> DiscoveryReport {
    let Survey { tenant, map, hash, rows, at } = order;
    let (sources, failed) = (Vec::new(), Vec::new());
    let mut report = DiscoveryReport { v: 1, tenant, at, map: hash, sources, failed, proposal: String::new() };
    // What requests pass by, nobody gave rights for.
    for collection in (0..map.collections.len()).filter(|at| !map.collections[*at].skip) {
        let (it, tenant) = (&map.collections[collection], report.tenant.clone());
        let order = SampleOrder { tenant, map: Arc::clone(&map), collection, rows: rows.max(1) };
        match sampler.sample(&order).await {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => {
                let columns = columns_of(&Scanner::new(), it, &rows);
                report.sources.push(SourceFindings { collection: it.id(), rows: rows.len(), columns });
            }
            Err(error) => {
                tracing::warn!(collection = %it.id(), error = %error, "a source could not be sampled");
                report.failed.push(FailedSource { collection: it.id(), error: format!("{:?}", error.kind) });
            }
        }
    }
    report.proposal = proposal::diff(&map, &report.sources);
    report
}

/// Samples and compares.
pub struct Discover {
    // Dependencies.
    /// Reads the sources.
    pub sampler: Arc<dyn Sampler>,
    /// The pointer to the data map, and the audit event.
    pub store: Arc<dyn JobStore>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// Where reports stay.
    pub exports: Arc<dyn ExportStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// Rows of each collection.
    pub rows: usize,
}

impl Discover {
    /// Looks at every collection of a tenant's map, stores the report and records that it was made.
    ///
    /// # Errors
    /// When there is no map, or the report can't be kept; a source that can't be read is named in the report.
    pub async fn run(&self, tenant: &TenantId) -> Result<DiscoveryReport, PortError> {
        let now = self.clock.now();
        let found = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let hash = found.into_iter().flatten().find_map(Record::into_data_map_pointer).map(|found| found.hash);
        let hash = hash.ok_or(PortError::new(PortErrorKind::NotFound, "read data map pointer"))?;
        let map = self.maps.load(tenant, &hash).await?;
        let order = Survey { tenant: tenant.clone(), map, hash, rows: self.rows, at: now };
        let report = survey(&*self.sampler, order).await;
        self.keep(&report).await?;
        Ok(report)
    }

    /// Stores the report under its time, then its event: counts, no names of columns.
    async fn keep(&self, report: &DiscoveryReport) -> Result<(), PortError> {
        let name = format!("discovery/{}/{}.json", report.tenant, report.at.strftime("%Y%m%dT%H%M%SZ"));
        let bytes = serde_json::to_vec_pretty(report)
            .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "write report", source))?;
        self.exports.put(&name, bytes).await?;
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = Cause::worker(report.at).because("the sources were sampled");
        let mut builder = TransitionBuilder::new(&report.tenant, nonce, cause, self.entropy.bytes());
        let mut event = builder.tenant_event("discovery", Action::Execute);
        event.event_type = EventType::DataAccess;
        event.to = Some(name);
        let rows: usize = report.sources.iter().map(|source| source.rows).sum();
        let counts = [
            ("sources", report.sources.len()),
            ("failed", report.failed.len()),
            ("rows", rows),
            ("columns", report.columns()),
            ("drifts", report.drifts()),
        ];
        event.counts = counts.map(|(name, count)| (name.to_owned(), count as u64)).into();
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Port(error)) => Err(error),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                Err(PortError::new(PortErrorKind::Conflict, "record discovery"))
            }
        }
    }
}
