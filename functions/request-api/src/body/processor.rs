//! How the processors of a request and the tokens of the person stand, as shown with its job (GDPR Art. 19, RFC 7009).

use domain::processor::ProcessorStatus;
use domain::step::{Checkpoint, Step};
use serde::Serialize;
use utoipa::ToSchema;

/// A processor that is told of the erasure.
#[derive(Serialize, ToSchema)]
pub struct ProcessorBody {
    /// Its key in the data map.
    pub processor: String,
    /// `waiting`, `accepted`, `completed`, `refused`, `unreachable` or `overdue`.
    #[schema(value_type = String)]
    pub status: ProcessorStatus,
    /// Why it refused or could not be told, as a code.
    pub reason: Option<String>,
    /// When it took the notice.
    pub told_at: Option<String>,
    /// By when it must have answered; before it was told, until when that is tried.
    pub answer_by: String,
    /// When it says that it will be done.
    pub expected_at: Option<String>,
    /// When it answered.
    pub answered_at: Option<String>,
}

impl ProcessorBody {
    /// The processors among the steps of a job.
    #[must_use]
    pub fn of(steps: &[Step]) -> Vec<Self> {
        steps.iter().filter_map(Self::of_step).collect()
    }

    fn of_step(step: &Step) -> Option<Self> {
        let Some(Checkpoint::Processor(state)) = &step.checkpoint else { return None };
        Some(Self {
            processor: state.processor.clone(),
            status: state.status,
            reason: state.reason.clone(),
            told_at: state.told_at.map(|at| at.to_string()),
            answer_by: state.answer_by.to_string(),
            expected_at: state.expected_at.map(|at| at.to_string()),
            answered_at: state.answered_at.map(|at| at.to_string()),
        })
    }
}

/// The tokens of the person, revoked at their issuers while the grace period runs.
#[derive(Serialize, ToSchema)]
pub struct TokensBody {
    /// Revoked in the last round.
    pub revoked: u64,
    /// Left after the last round; tried again.
    pub left: u64,
}

impl TokensBody {
    /// The tokens that the newest approval had revoked.
    #[must_use]
    pub fn of(steps: &[Step]) -> Option<Self> {
        steps.iter().rev().find_map(|step| match &step.checkpoint {
            Some(Checkpoint::Revoke(state)) => Some(Self { revoked: state.revoked, left: state.left }),
            _ => None,
        })
    }
}
