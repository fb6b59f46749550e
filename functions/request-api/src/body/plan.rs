//! The plan of an erasure, or of a rectification, as it is shown: counts by source, and for one source the ids of its records.

use domain::erasure::{Erasure, PlannedSource};
use serde::Serialize;
use utoipa::ToSchema;
use workflow::read_plan::{PlanPage, PlannedRecord};

/// What an erasure, or a rectification, would do.
#[derive(Serialize, ToSchema)]
pub struct PlanBody {
    /// SHA-256 over every record and what is to be done to it; approving names it.
    pub plan_hash: String,
    /// When it was frozen.
    pub planned_at: String,
    /// Whether this very plan is approved.
    pub approved: bool,
    /// When the erasure becomes irreversible, once approved.
    pub grace_ends_at: Option<String>,
    /// Counts, source by source.
    pub sources: Vec<PlannedSourceBody>,
    /// What carrying it out takes.
    pub estimate: EstimateBody,
}

/// What an erasure would do in one source.
#[derive(Serialize, ToSchema)]
pub struct PlannedSourceBody {
    /// `dataset.collection` of the data map.
    pub source: String,
    /// Rows or media that go.
    pub would_delete: u64,
    /// Rows that stay with some fields rewritten.
    pub would_anonymise: u64,
    /// Rows in which fields are corrected; rectifications only.
    pub would_correct: u64,
    /// Rows that stay as they are.
    pub would_keep: u64,
    /// Why anything stays.
    pub reason: Option<String>,
    /// Rows of others in objects that are rewritten.
    pub other_rows: u64,
    /// Whether its rows are out of use from the approval on, until the erasure is done or taken back.
    pub quarantined: bool,
}

/// What carrying a plan out takes.
#[derive(Serialize, ToSchema)]
pub struct EstimateBody {
    /// Rows, media and objects that are changed.
    pub targets: u64,
    /// Calls of the port that erases, 25 targets each.
    pub calls: u64,
}

/// The plan, or the records of one source of it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum PlanAnswer {
    /// Without `source`.
    Plan(PlanBody),
    /// With `source`.
    Records(PlanRecordList),
}

/// A page of the records that would change in one source.
#[derive(Serialize, ToSchema)]
pub struct PlanRecordList {
    /// The records, in the order they were planned.
    pub items: Vec<PlanRecordBody>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// A record that would change.
#[derive(Serialize, ToSchema)]
pub struct PlanRecordBody {
    /// Its key in the source: of a row, or of an object.
    pub id: String,
    /// `delete`, `anonymise` or `correct`.
    pub action: &'static str,
    /// Rows of the person in it.
    pub rows: u64,
    /// Rows of others in it.
    pub other_rows: u64,
}

impl PlanRecordList {
    /// A page as it is shown.
    #[must_use]
    pub fn of(page: PlanPage) -> Self {
        let body = |record: PlannedRecord| PlanRecordBody {
            id: record.id,
            action: record.act.as_str(),
            rows: record.rows,
            other_rows: record.other_rows,
        };
        Self { items: page.records.into_iter().map(body).collect(), next_cursor: page.next }
    }
}

impl PlanBody {
    /// The current plan; none before it is frozen.
    #[must_use]
    pub fn of(erasure: &Erasure) -> Option<Self> {
        let plan = erasure.plan.as_ref()?;
        let targets = plan.sources.iter().map(|source| source.targets);
        let calls = targets.clone().map(|targets| targets.div_ceil(25)).sum();
        Some(Self {
            plan_hash: plan.hash.clone(),
            planned_at: plan.planned_at.to_string(),
            approved: erasure.is_approved(),
            grace_ends_at: erasure.grace_ends_at.map(|at| at.to_string()),
            sources: plan.sources.iter().map(PlannedSourceBody::of).collect(),
            estimate: EstimateBody { targets: targets.sum(), calls },
        })
    }
}

impl PlannedSourceBody {
    fn of(source: &PlannedSource) -> Self {
        Self {
            source: source.source.clone(),
            would_delete: source.would_delete,
            would_anonymise: source.would_anonymise,
            would_correct: source.would_correct,
            would_keep: source.would_keep,
            reason: source.reason.clone(),
            other_rows: source.other_rows,
            quarantined: source.quarantines,
        }
    }
}
