//! The steps of a job as they are shown.

use domain::step::Step;
use serde::Serialize;
use utoipa::ToSchema;

/// One step.
#[derive(Serialize, ToSchema)]
pub struct StepBody {
    /// What it does.
    pub name: &'static str,
    /// Which share of the work.
    pub shard: u32,
    /// Where it stands.
    pub state: &'static str,
    /// Claims since the last progress.
    pub attempts: u32,
    /// When it was made.
    pub created_at: String,
    /// When its outcome was committed.
    pub done_at: Option<String>,
}

/// How far a job is.
#[derive(Serialize, ToSchema)]
pub struct ProgressBody {
    /// Steps done.
    pub done: usize,
    /// Steps known so far.
    pub total: usize,
}

impl StepBody {
    pub(super) fn of(step: &Step) -> Self {
        Self {
            name: step.kind.as_str(),
            shard: step.shard,
            state: step.state.as_str(),
            attempts: step.attempts,
            created_at: step.created_at.to_string(),
            done_at: step.done_at.map(|at| at.to_string()),
        }
    }
}
