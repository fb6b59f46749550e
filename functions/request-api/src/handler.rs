//! The table of routes. Each route is one function in `routes`: parse, call, answer.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use lambda_kit::http::harden;

use crate::access;
use crate::app::App;
use crate::routes::{
    acts, clock, download, erasure, holds, jobs, me, notices, processors, requests, retention, risk, suppressions,
    verification,
};

/// The router of this function, whole: tests drive the same one that Lambda serves.
pub fn router(app: App) -> Router {
    let outermost = app.outermost.clone();
    let job = Router::new()
        .route("/", get(jobs::one))
        .route("/timeline", get(jobs::timeline))
        .route("/verify", post(verification::code))
        .route("/verify/resend", post(verification::resend))
        .route("/verify/manual", post(verification::manual))
        .route("/process", post(acts::process))
        .route("/cancel", post(acts::cancel))
        .route("/reject", post(acts::reject))
        .route("/extend", post(clock::extend))
        .route("/pause", post(clock::pause))
        .route("/resume", post(clock::resume))
        .route("/lift", post(acts::lift))
        .route("/assign", post(acts::assign))
        .route("/notes", post(acts::note))
        .route("/plan", get(erasure::plan))
        .route("/risk", get(risk::risk))
        .route("/approve", post(erasure::approve))
        .route("/receipt", get(erasure::receipt))
        .route("/receipt/proof", get(erasure::proof))
        .route("/download", get(download::download))
        .route("/processors/{number}/answer", post(processors::answer));
    let privacy = Router::new()
        .route("/export", post(requests::export_organization))
        .route("/delete", post(requests::delete_organization))
        .route("/requests", post(requests::submit))
        .route("/jobs", get(jobs::list))
        .nest("/jobs/{id}", job)
        .route("/holds", post(holds::place).get(holds::list))
        .route("/holds/{id}/release", post(holds::release))
        .route("/retention", get(retention::show).put(retention::replace))
        .route("/retention/schedule", get(retention::schedule))
        .route("/suppressions/check", post(suppressions::check))
        .route("/notices", get(notices::show).put(notices::replace))
        .route("/me", get(me::dashboard))
        .route("/me/export", post(me::export))
        .route("/me/delete", post(me::delete));
    let recorded = from_fn_with_state(app.clone(), access::record);
    harden(Router::new().nest("/api/v1/privacy", privacy).layer(recorded).with_state(app), outermost)
}
