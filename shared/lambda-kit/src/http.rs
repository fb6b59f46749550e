//! What each HTTP function needs: reading requests strictly, answering in one manner, an access log without persons.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use workflow::ports::Entropy;

pub use self::body::{BODY_LIMIT_BYTES, BodyLimit, JsonBody, OptionalJson};
pub use self::contract::{add_problems, complete_contract};
pub use self::cursor::{cursor_after, id_in_cursor};
pub use self::gate::{Admitted, Authenticated, Gate};
pub use self::origin::{IdempotencyKey, Origin, caller};
pub use self::query::QueryPairs;
use crate::TakeCalls;
use crate::problem::{Problem, ProblemKind};
use crate::start::StartError;

mod body;
mod contract;
mod cursor;
mod finish;
mod gate;
mod origin;
mod query;
mod strict;

/// What the outermost layer needs.
#[derive(Clone)]
pub struct Outermost {
    /// Names calls that no gateway has named.
    pub entropy: Arc<dyn Entropy>,
    /// Counts AWS calls, for the log.
    pub take_calls: TakeCalls,
}

/// Puts the outermost layers on a router: panics, unknown paths and methods, problem documents, headers, access log.
pub fn harden(router: Router, outermost: Outermost) -> Router {
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            Problem::new(ProblemKind::MethodNotAllowed, "another method is needed here")
        })
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            axum::response::IntoResponse::into_response(Problem::new(
                ProblemKind::Internal,
                "the call was not finished",
            ))
        }))
        .layer(from_fn_with_state(outermost, finish::finish))
}

/// Serves a hardened router to API Gateway for as long as the sandbox lives.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_http(router: Router) -> Result<(), StartError> {
    lambda_http::run(router).await.map_err(|error| StartError::because(format!("the Lambda runtime ended: {error}")))
}

#[cfg(test)]
mod tests;
