//! How requests come in.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::job::Scope;
use domain::request::RequestType;
use domain::sensitive::Sensitive;
use http::header::LOCATION;
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, IdempotencyKey, JsonBody, Origin};
use workflow::caller::Caller;
use workflow::submit_request::{Idempotency, NewRequest};

use super::checked_text;
use crate::app::{App, caller};
use crate::body::{DeleteBody, ExportBody, JobBody, RequestForm};

/// What an idempotency key covers.
pub(crate) struct Sent {
    pub(crate) key: Option<String>,
    pub(crate) route: &'static str,
    pub(crate) bytes: Bytes,
}

/// Submits and answers 202 with the job as it was accepted, also when the call is repeated.
pub(crate) async fn accept(app: &App, caller: &Caller, request: NewRequest, sent: Sent) -> Result<Response, Problem> {
    let Sent { key, route, bytes } = sent;
    let idempotency = key.map(|key| Idempotency { key, route: route.to_owned(), body: bytes.to_vec() });
    let accepted = app.submit.submit(caller, request, idempotency.as_ref()).await;
    let accepted = accepted.map_err(|refusal| app.refused(&refusal))?;
    let body = JobBody::as_accepted(&accepted.job);
    let location = body.links["self"].clone();
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if accepted.replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Accepts a request about one person.
#[utoipa::path(post, path = "/api/v1/privacy/requests", tag = "requests", request_body = RequestForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer for 30 days")),
    responses((status = 202, description = "The job", body = JobBody)))]
pub(crate) async fn submit(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<RequestForm>,
) -> Result<Response, Problem> {
    let request = value.read()?;
    accept(&app, &caller(principal, origin), request, Sent { key, route: "POST /api/v1/privacy/requests", bytes }).await
}

/// Asks for everything an organisation holds.
#[utoipa::path(post, path = "/api/v1/privacy/export", tag = "requests", request_body = ExportBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer for 30 days")),
    responses((status = 202, description = "The job", body = JobBody)))]
pub(crate) async fn export_organization(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<ExportBody>,
) -> Result<Response, Problem> {
    let organization_id = value.organization_id.map(|id| checked_text("/organization_id", id, 255)).transpose()?;
    let request = NewRequest {
        request_type: RequestType::Access,
        regime: None,
        scope: Scope::Organization,
        identities: Vec::new(),
        organization_id,
        confirmed_name: None,
        received_at: None,
        description: Some(Sensitive::new("export of the organisation, asked for by its owner".to_owned())),
        format: value.format,
        include_media: value.include_media,
        purpose: None,
        corrections: Vec::new(),
        grace_days: None,
        language: None,
        order: None,
    };
    accept(&app, &caller(principal, origin), request, Sent { key, route: "POST /api/v1/privacy/export", bytes }).await
}

/// Asks for the deletion of everything an organisation holds: its name is typed back exactly, and an officer approves.
#[utoipa::path(post, path = "/api/v1/privacy/delete", tag = "requests", request_body = DeleteBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer for 30 days")),
    responses((status = 202, description = "The job", body = JobBody)))]
pub(crate) async fn delete_organization(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<DeleteBody>,
) -> Result<Response, Problem> {
    let organization_id = value.organization_id.map(|id| checked_text("/organization_id", id, 255)).transpose()?;
    let name = checked_text("/confirm_org_name", value.confirm_org_name, 255)?;
    let request = NewRequest {
        request_type: RequestType::Erasure,
        regime: None,
        scope: Scope::Organization,
        identities: Vec::new(),
        organization_id,
        confirmed_name: Some(name),
        received_at: None,
        description: Some(Sensitive::new("deletion of the organisation, asked for by its owner".to_owned())),
        format: None,
        include_media: value.delete_media,
        purpose: None,
        corrections: Vec::new(),
        grace_days: value.grace_period_days,
        language: None,
        order: None,
    };
    accept(&app, &caller(principal, origin), request, Sent { key, route: "POST /api/v1/privacy/delete", bytes }).await
}
