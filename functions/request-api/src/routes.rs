//! The routes, by what they are about, and what they share.

use axum::extract::{FromRequestParts, Path};
use domain::ids::JobId;
use http::request::Parts;
use lambda_kit::Problem;

pub(crate) mod acts;
pub(crate) mod clock;
pub(crate) mod download;
pub(crate) mod erasure;
pub(crate) mod holds;
pub(crate) mod jobs;
pub(crate) mod me;
pub(crate) mod notices;
pub(crate) mod processors;
pub(crate) mod requests;
pub(crate) mod retention;
pub(crate) mod risk;
pub(crate) mod suppressions;
pub(crate) mod verification;

/// The job a path names; what is not an id is simply unknown.
pub(crate) struct JobPath(pub(crate) JobId);

impl<S: Send + Sync> FromRequestParts<S> for JobPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// Refuses a text that is empty or too long.
pub(crate) fn checked_text(pointer: &str, text: String, longest: usize) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(pointer, "is empty"));
    }
    if text.chars().count() > longest {
        return Err(Problem::invalid(pointer, format!("is longer than {longest} characters")));
    }
    Ok(text)
}
