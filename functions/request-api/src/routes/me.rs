//! Self-service: what a signed-in person sees and asks of their own.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::job::Scope;
use domain::request::RequestType;
use domain::sensitive::Sensitive;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, IdempotencyKey, OptionalJson, Origin, QueryPairs};
use workflow::refusal::Refusal;
use workflow::submit_request::NewRequest;

use super::requests::{Sent, accept};
use crate::app::{App, caller};
use crate::body::{DashboardBody, JobBody, OwnDeletionBody, OwnExportBody};

const NO_SESSION: Refusal = Refusal::Reserved { to: "sessions with a verified e-mail address" };

/// What is known of the signed-in person's data, requests and rights.
#[utoipa::path(get, path = "/api/v1/privacy/me", tag = "me",
    responses((status = 200, description = "The personal dashboard", body = DashboardBody)))]
pub(crate) async fn dashboard(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<DashboardBody>, Problem> {
    query.finish()?;
    let caller = caller(principal, origin);
    let view = app.dashboard.show(&caller).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(DashboardBody::of(&caller.principal, &view)))
}

/// Asks for the signed-in person's own data.
#[utoipa::path(post, path = "/api/v1/privacy/me/export", tag = "me", request_body = Option<OwnExportBody>,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer for 30 days")),
    responses((status = 202, description = "The job", body = JobBody)))]
pub(crate) async fn export(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    OptionalJson { value, bytes }: OptionalJson<OwnExportBody>,
) -> Result<Response, Problem> {
    let caller = caller(principal, origin);
    let own = caller.own_identity().ok_or_else(|| app.refused(&NO_SESSION))?;
    let request = NewRequest {
        request_type: RequestType::Access,
        regime: value.regime,
        scope: Scope::Subject,
        identities: vec![own],
        organization_id: None,
        confirmed_name: None,
        received_at: None,
        description: Some(Sensitive::new("started by the person, signed in".to_owned())),
        format: value.format,
        include_media: value.include_media,
        purpose: None,
        corrections: Vec::new(),
        grace_days: None,
        language: None,
        order: None,
    };
    accept(&app, &caller, request, Sent { key, route: "POST /api/v1/privacy/me/export", bytes }).await
}

/// Asks for the deletion of the signed-in person's own data.
#[utoipa::path(post, path = "/api/v1/privacy/me/delete", tag = "me", request_body = Option<OwnDeletionBody>,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer for 30 days")),
    responses((status = 202, description = "The job", body = JobBody)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    OptionalJson { value, bytes }: OptionalJson<OwnDeletionBody>,
) -> Result<Response, Problem> {
    let caller = caller(principal, origin);
    let own = caller.own_identity().ok_or_else(|| app.refused(&NO_SESSION))?;
    let request = NewRequest {
        request_type: RequestType::Erasure,
        regime: value.regime,
        scope: Scope::Subject,
        identities: vec![own],
        organization_id: None,
        confirmed_name: None,
        received_at: None,
        description: Some(Sensitive::new("started by the person, signed in".to_owned())),
        format: None,
        include_media: true,
        purpose: None,
        corrections: Vec::new(),
        grace_days: value.grace_period_days,
        language: None,
        order: None,
    };
    accept(&app, &caller, request, Sent { key, route: "POST /api/v1/privacy/me/delete", bytes }).await
}
