//! Documents and texts that are sent: scanned, or given back without what they hold of people.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, caller};

use super::answer;
use crate::app::App;
use crate::body::{AnonymizeForm, AnonymizedBody, ScanForm, ScannedBody};

/// Finds personal data in a document or a text; the answer has positions, never values.
#[utoipa::path(post, path = "/api/v1/privacy/scan", tag = "anonymisation", request_body = ScanForm,
    responses((status = 200, description = "What was found", body = ScannedBody)))]
pub(crate) async fn scan(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<ScanForm>,
) -> Result<Json<ScannedBody>, Problem> {
    let content = value.read()?;
    let scanned = app.anonymization.scan(&caller(principal, origin), &content).await;
    Ok(Json(ScannedBody::of(&scanned.map_err(|refusal| app.refused(&refusal))?)))
}

/// Gives a document back with personal data replaced by one method.
#[utoipa::path(post, path = "/api/v1/privacy/anonymize", tag = "anonymisation", request_body = AnonymizeForm,
    responses((status = 200, description = "The document", body = AnonymizedBody)))]
pub(crate) async fn anonymize(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<AnonymizeForm>,
) -> Result<Response, Problem> {
    let (document, method, fields) = value.read()?;
    let caller = caller(principal, origin);
    let done = app.anonymization.anonymize(&caller, document, method.of_value(), fields.as_deref()).await;
    answer(&AnonymizedBody::of(done.map_err(|refusal| app.refused(&refusal))?, method))
}
