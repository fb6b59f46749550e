//! What an importer asks before it takes people in.

use axum::Json;
use axum::extract::State;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin};

use crate::app::{App, caller};
use crate::body::{SuppressionsBody, SuppressionsForm};

/// Which of these people were erased and must not come back, and whose data is restricted: kept, and not used (GDPR
/// Art. 18). Nothing is kept of the question.
#[utoipa::path(post, path = "/api/v1/privacy/suppressions/check", tag = "suppressions",
    request_body = SuppressionsForm,
    responses((status = 200, description = "Those who must not come back, and those whose data is not used", body = SuppressionsBody)))]
pub(crate) async fn check(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<SuppressionsForm>,
) -> Result<Json<SuppressionsBody>, Problem> {
    let identities = value.read()?;
    let found = app.suppressions.check(&caller(principal, origin), &identities).await;
    Ok(Json(SuppressionsBody::of(&found.map_err(|refusal| app.refused(&refusal))?)))
}
