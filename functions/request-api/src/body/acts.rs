//! Bodies of acts on a job that is there: approving, lifting, refusing, the legal clock, notes.

use domain::job::WaitingFor;
use serde::Deserialize;
use utoipa::ToSchema;

use super::schema;

/// An officer's approval of a plan, or of an objection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    /// Of an erasure: `plan_hash` of the plan that was looked at.
    #[schema(min_length = 1, max_length = 128)]
    pub plan_hash: Option<String>,
    /// Of an objection: why it is upheld.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
}

/// The end of a restriction.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftBody {
    /// The reason, for the person.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// How the person was told by other means; else they are mailed, and the restriction ends then.
    #[schema(min_length = 1, max_length = 1000)]
    pub told_by: Option<String>,
}

/// Why a request is taken back.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// The reason.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
}

/// Why a request is refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectBody {
    /// The reason, for the person.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Why a legal clock is moved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// The reason, for the person.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Why a legal clock is stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// What is waited for.
    #[schema(schema_with = schema::waiting_for)]
    pub waiting_for: WaitingFor,
    /// The reason, for the person.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// To whom a job is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignBody {
    /// The `sub` of the person's tokens.
    #[schema(min_length = 1, max_length = 255)]
    pub assignee: String,
}

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// The note.
    #[schema(min_length = 1, max_length = 2000)]
    pub note: String,
}
