//! Documents and texts that are sent: scanned, or given back without what they hold of people.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, IdempotencyKey, JsonBody, Origin, caller};
use workflow::anonymization::{SourceName, Work};
use workflow::caller::Caller;

use super::{Sent, accept, answer};
use crate::app::App;
use crate::body::{AnonymizeForm, AnonymizedBody, Input, OrderedBody, ScanForm, ScannedBody};

/// Finds personal data in a document or a text; the answer has positions, never values.
#[utoipa::path(post, path = "/api/v1/privacy/scan", tag = "anonymisation", request_body = ScanForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer 202 for 30 days")),
    responses((status = 200, description = "What was found", body = ScannedBody),
        (status = 202, description = "A source is scanned by a job", body = OrderedBody)))]
pub(crate) async fn scan(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<ScanForm>,
) -> Result<Response, Problem> {
    let caller = caller(principal, origin);
    match value.read()? {
        Input::Sent(content) => {
            let scanned = app.anonymization.scan(&caller, &content).await;
            let scanned = scanned.map_err(|refusal| app.refused(&refusal))?;
            Ok(Json(ScannedBody::of(&scanned)).into_response())
        }
        Input::Source(source) => {
            let sent = Sent { key, route: "POST /api/v1/privacy/scan", bytes };
            order(&app, &caller, (&source, Work::Scan), sent).await
        }
    }
}

/// Gives a document back with personal data replaced by one method.
#[utoipa::path(post, path = "/api/v1/privacy/anonymize", tag = "anonymisation", request_body = AnonymizeForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer 202 for 30 days")),
    responses((status = 200, description = "The document", body = AnonymizedBody),
        (status = 202, description = "A source is anonymised by a job", body = OrderedBody)))]
pub(crate) async fn anonymize(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<AnonymizeForm>,
) -> Result<Response, Problem> {
    let (input, method, fields) = value.read()?;
    let caller = caller(principal, origin);
    let document = match input {
        Input::Sent(document) => document,
        Input::Source(source) => {
            let work = Work::Anonymize { method: method.of_value(), fields };
            let sent = Sent { key, route: "POST /api/v1/privacy/anonymize", bytes };
            return order(&app, &caller, (&source, work), sent).await;
        }
    };
    let done = app.anonymization.anonymize(&caller, document, method.of_value(), fields.as_deref()).await;
    answer(&AnonymizedBody::of(done.map_err(|refusal| app.refused(&refusal))?, method))
}

/// Has a job do what was asked of a collection.
async fn order(
    app: &App,
    caller: &Caller,
    (source, work): (&SourceName, Work),
    sent: Sent,
) -> Result<Response, Problem> {
    let order = app.anonymization.order(caller, source, work).await.map_err(|refusal| app.refused(&refusal))?;
    accept(app, caller, Box::new(order), sent).await
}
