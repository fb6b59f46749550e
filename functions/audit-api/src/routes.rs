//! The routes, by what they are about, and what they share.

use axum::extract::{FromRequestParts, Path};
use domain::ids::{EventId, EvidenceId};
use http::request::Parts;
use lambda_kit::Problem;

pub(crate) mod events;
pub(crate) mod evidence;
pub(crate) mod log;

/// The event a path names; what is not an id is simply unknown.
pub(crate) struct EventPath(pub(crate) EventId);

impl<S: Send + Sync> FromRequestParts<S> for EventPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The evidence a path names; what is not an id is simply unknown.
pub(crate) struct EvidencePath(pub(crate) EvidenceId);

impl<S: Send + Sync> FromRequestParts<S> for EvidencePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}
