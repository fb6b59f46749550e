//! Proof of identity: a code, a new code, an officer's word.

use axum::Json;
use axum::extract::State;
use domain::sensitive::Sensitive;
use http::StatusCode;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, OptionalJson, Origin};

use super::{JobPath, checked_text};
use crate::app::{App, caller};
use crate::body::{CodeBody, EmptyBody, JobBody, ManualBody};

/// Checks a verification code. Whoever holds it may send it; five tries count.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/verify", tag = "verification", request_body = CodeBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 204, description = "The identity is proven")))]
pub(crate) async fn code(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<CodeBody>,
) -> Result<StatusCode, Problem> {
    let code = Sensitive::new(checked_text("/code", value.code, 32)?);
    app.verify.code(&caller(principal, origin), &id, &code).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a new code to the address on record; the answer is the same whether there is one.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/verify/resend", tag = "verification",
    params(("id" = String, Path, description = "Id of the job")), request_body = Option<EmptyBody>,
    responses((status = 202, description = "If an address is on record, a code is on its way")))]
pub(crate) async fn resend(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    _: OptionalJson<EmptyBody>,
) -> Result<StatusCode, Problem> {
    app.verify.resend(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes a privacy officer's word for an identity that was checked by other means.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/verify/manual", tag = "verification", request_body = ManualBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, verified", body = JobBody)))]
pub(crate) async fn manual(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<ManualBody>,
) -> Result<Json<JobBody>, Problem> {
    let method = checked_text("/method", value.method, 100)?;
    let note = checked_text("/note", value.note, 2_000)?;
    let seen = Sensitive::new(format!("{method}: {note}"));
    let job = app.verify.manual(&caller(principal, origin), &id, &seen).await;
    job.map(|job| Json(JobBody::of(&job))).map_err(|refusal| app.refused(&refusal))
}
