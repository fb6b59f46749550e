//! How far a job about a collection is, in counts.

use std::collections::BTreeMap;

use domain::step::{Checkpoint, Step};
use serde::Serialize;
use utoipa::ToSchema;

/// What came of a collection so far; no value of any row.
#[derive(Serialize, ToSchema)]
pub struct ResultBody {
    /// Rows read, without those of people whose data is restricted.
    pub rows_read: u64,
    /// Lines of the result that are stored.
    pub lines: u64,
    /// Whether every row was read.
    pub read_to_the_end: bool,
    /// What was found and done: finds by type, values replaced, the measures of a data set.
    pub counts: BTreeMap<String, u64>,
}

impl ResultBody {
    /// From the step that reads the collection.
    #[must_use]
    pub fn of(steps: &[Step]) -> Option<Self> {
        steps.iter().find_map(|step| match &step.checkpoint {
            Some(Checkpoint::Anonymize(state)) => Some(Self {
                rows_read: state.rows,
                lines: state.parts.iter().map(|part| part.rows).sum(),
                read_to_the_end: state.read,
                counts: state.counts.clone(),
            }),
            _ => None,
        })
    }
}
