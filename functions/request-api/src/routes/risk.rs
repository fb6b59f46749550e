//! What is kept with a request of high risk.

use axum::Json;
use axum::extract::State;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, Origin, QueryPairs};

use super::JobPath;
use crate::app::{App, caller};
use crate::body::RiskRecordsBody;

/// What a request of high risk keeps with it: the person's consent records, and how long and why the data is held.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/risk", tag = "jobs",
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The risk, and what bears on it", body = RiskRecordsBody),
        (status = 409, description = "The risk is not high, not known yet, or the job's key is gone")))]
pub(crate) async fn risk(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<RiskRecordsBody>, Problem> {
    query.finish()?;
    let kept = app.risks.read(&caller(principal, origin), &id).await;
    let (risk, kept) = kept.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(RiskRecordsBody::of(&risk, kept)))
}
