//! Proof of identity: a code, a new code, an officer's word.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use domain::ids::TenantId;
use domain::role::Principal;
use domain::sensitive::Sensitive;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, OptionalJson, Origin, QueryPairs};
use workflow::refusal::Refusal;

use super::download::circumstances;
use super::{JobPath, checked_text};
use crate::app::{App, caller};
use crate::body::{CodeBody, EmptyBody, JobBody, ManualBody};

/// Who sends a code: a session, or somebody who has nothing but the code and the link it came with.
pub(crate) enum Sender {
    /// A session.
    Session(Principal),
    /// A tenant that is only claimed; `None` if it can be none of ours.
    Holder(Option<TenantId>),
}

impl FromRequestParts<App> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let has_token = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key("x-api-key");
        let mut query = QueryPairs::from_request_parts(parts, app).await?;
        let tenant = query.take("tenant");
        query.finish()?;
        match tenant {
            Some(tenant) if !has_token => Ok(Self::Holder(tenant.parse().ok())),
            Some(_) | None => {
                Authenticated::from_request_parts(parts, app).await.map(|Authenticated(it)| Self::Session(it))
            }
        }
    }
}

/// Checks a verification code. Whoever holds it may send it; five tries count.
///
/// Without a token `tenant` says whose job it is, and every failure has the same answer: an unknown id, a job that
/// doesn't wait, a wrong code.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/verify", tag = "verification", request_body = CodeBody,
    params(
        ("id" = String, Path, description = "Id of the job"),
        ("tenant" = Option<String>, Query, description = "Whose job it is, where no token says so"),
    ),
    security((), ("bearer" = [])),
    responses((status = 204, description = "The identity is proven")))]
pub(crate) async fn code(
    State(app): State<App>,
    sender: Sender,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<CodeBody>,
) -> Result<StatusCode, Problem> {
    let code = Sensitive::new(checked_text("/code", value.code, 32)?);
    match sender {
        Sender::Session(principal) => {
            let checked = app.verify.code(&caller(principal, origin), &id, &code).await;
            checked.map_err(|refusal| app.refused(&refusal))?;
        }
        Sender::Holder(tenant) => {
            let tenant = tenant.ok_or_else(wrong_code)?;
            let checked = app.verify.code_of_holder(&tenant, &id, &code, &circumstances(origin)).await;
            checked.map_err(|refusal| {
                let is_told = matches!(refusal, Refusal::Busy | Refusal::Port(_));
                if is_told { app.refused(&refusal) } else { wrong_code() }
            })?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The one answer for whoever has no session.
fn wrong_code() -> Problem {
    Problem::invalid("/code", "is wrong, used or too old")
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
