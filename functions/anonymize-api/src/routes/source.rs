//! Collections of the data map: looked at by sample, asked with differential privacy.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, IdempotencyKey, JsonBody, Origin, caller};
use workflow::anonymization::Made;

use super::{Sent, accept};
use crate::app::App;
use crate::body::{AnswerBody, OrderedBody, QueryForm, SourceScanBody, SourceScanForm};

/// Says which columns of a collection hold personal data, by a sample of its rows.
#[utoipa::path(post, path = "/api/v1/privacy/scan/source", tag = "anonymisation", request_body = SourceScanForm,
    responses((status = 200, description = "Columns with personal data", body = SourceScanBody)))]
pub(crate) async fn scan(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<SourceScanForm>,
) -> Result<Json<SourceScanBody>, Problem> {
    let (name, sample) = value.read()?;
    let scan = app.anonymization.scan_source(&caller(principal, origin), &name, sample).await;
    Ok(Json(SourceScanBody::of(scan.map_err(|refusal| app.refused(&refusal))?)))
}

/// Answers a question about a collection with noise, and pays for it from the tenant's privacy budget.
#[utoipa::path(post, path = "/api/v1/privacy/analytics", tag = "anonymisation", request_body = QueryForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer 202 for 30 days")),
    responses((status = 200, description = "A noisy answer and what is left of the budget", body = AnswerBody),
        (status = 202, description = "The source is more than a call can read: a job, paid already", body = OrderedBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<QueryForm>,
) -> Result<Response, Problem> {
    let (query, caller) = (value.read()?, caller(principal, origin));
    match app.anonymization.ask(&caller, &query).await.map_err(|refusal| app.refused(&refusal))? {
        Made::Here(answer) => Ok(Json(AnswerBody::of(answer)).into_response()),
        Made::Ordered(order) => {
            accept(&app, &caller, order, Sent { key, route: "POST /api/v1/privacy/analytics", bytes }).await
        }
    }
}
