//! The table of routes. Each route is one function in `routes`: parse, call, answer.

use axum::Router;
use axum::routing::{get, post};
use lambda_kit::http::harden;

use crate::app::App;
use crate::routes::{events, evidence, log};

/// The router of this function, whole: tests drive the same one that Lambda serves.
pub fn router(app: App) -> Router {
    let outermost = app.outermost.clone();
    let audit = Router::new()
        .route("/events", get(events::list))
        .route("/events/export", get(events::export))
        .route("/events/{id}", get(events::one))
        .route("/events/{id}/proof", get(log::proof))
        .route("/checkpoint", get(log::checkpoint))
        .route("/verify", post(log::verify));
    let kept = Router::new()
        .route("/", post(evidence::collect).get(evidence::list))
        .route("/{id}", get(evidence::one))
        .route("/{id}/custody", get(evidence::custody))
        .route("/{id}/verify", post(evidence::verify));
    let routes = Router::new().nest("/api/v1/audit", audit).nest("/api/v1/compliance/evidence", kept);
    harden(routes.with_state(app), outermost)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_event_is_a_call_of_the_gateway() {
        let event: lambda_http::request::LambdaRequest =
            serde_json::from_str(include_str!("../events/query.json")).unwrap();
        assert!(matches!(event, lambda_http::request::LambdaRequest::ApiGatewayV2(_)));
    }
}
