//! Collections of the data map: looked at by sample, asked with differential privacy.

use axum::Json;
use axum::extract::State;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, caller};

use crate::app::App;
use crate::body::{AnswerBody, QueryForm, SourceScanBody, SourceScanForm};

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
    responses((status = 200, description = "A noisy answer and what is left of the budget", body = AnswerBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<QueryForm>,
) -> Result<Json<AnswerBody>, Problem> {
    let query = value.read()?;
    let answer = app.anonymization.ask(&caller(principal, origin), &query).await;
    Ok(Json(AnswerBody::of(answer.map_err(|refusal| app.refused(&refusal))?)))
}
