//! The parts of an erasure that people see: its plan, the approval, the receipt.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::role::Permission;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, QueryPairs};
use workflow::act_on_job::Act;
use workflow::refusal::Refusal;

use super::jobs::limit;
use super::{JobPath, checked_text};
use crate::app::{App, caller};
use crate::body::{ApproveBody, JobBody, PlanAnswer, PlanBody, PlanRecordList};

/// What an erasure would delete, anonymise and keep, source by source; with `source`, which records. A dry run.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/plan", tag = "erasure",
    params(
        ("id" = String, Path, description = "Id of the job"),
        ("source" = Option<String>, Query, description = "Only the records of this source of the plan, by id"),
        ("limit" = Option<u8>, Query, description = "1 to 200, 50 if not said; with source"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before; with source"),
    ),
    responses((status = 200, description = "The plan, or records of it", body = PlanAnswer),
        (status = 409, description = "There is no plan yet")))]
pub(crate) async fn plan(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<PlanAnswer>, Problem> {
    let caller = caller(principal, origin);
    if let Some(source) = query.take("source") {
        let limit = limit(&mut query)?;
        let cursor = query.take("cursor");
        query.finish()?;
        let page = app.plans.page(&caller, &id, &source, (cursor.as_deref(), limit)).await;
        let page = page.map_err(|refusal| app.refused(&refusal))?;
        return Ok(Json(PlanAnswer::Records(PlanRecordList::of(page))));
    }
    query.finish()?;
    let view = app.read.one(&caller, &id).await.map_err(|refusal| app.refused(&refusal))?;
    if !caller.principal.may(Permission::JobRead) {
        return Err(app.refused(&Refusal::Forbidden { needs: vec![Permission::JobRead] }));
    }
    let body = view.job.erasure.as_deref().and_then(PlanBody::of);
    body.map(|body| Json(PlanAnswer::Plan(body)))
        .ok_or_else(|| app.refused(&Refusal::WrongState { status: view.job.status }))
}

/// Approves the plan of an erasure that was looked at, and its grace period starts; or upholds an objection.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/approve", tag = "erasure", request_body = ApproveBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, scheduled or done", body = JobBody)))]
pub(crate) async fn approve(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<ApproveBody>,
) -> Result<Json<JobBody>, Problem> {
    let act = match (value.plan_hash, value.reason) {
        (Some(hash), None) => Act::Approve { plan_hash: checked_text("/plan_hash", hash, 128)? },
        (None, Some(reason)) => Act::Uphold { reason: checked_text("/reason", reason, 1_000)? },
        (Some(_), Some(_)) | (None, None) => {
            let detail = "must name the plan of an erasure, or reason why an objection is upheld, and not both";
            return Err(Problem::invalid("/plan_hash", detail));
        }
    };
    let job = app.act.act(&caller(principal, origin), &id, &act).await;
    Ok(Json(JobBody::of(&job.map_err(|refusal| app.refused(&refusal))?)))
}

/// The signed receipt of a finished erasure or export: a compact JWS (RFC 7515) that anybody can check with the public key alone.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/receipt", tag = "erasure",
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The receipt", body = String, content_type = "application/jose"),
        (status = 409, description = "There is no receipt")))]
pub(crate) async fn receipt(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Response, Problem> {
    query.finish()?;
    let receipt = app.receipts.read(&caller(principal, origin), &id).await;
    Ok(file("application/jose", receipt.map_err(|refusal| app.refused(&refusal))?))
}

/// The proof that the signed audit log names this receipt (C2SP tlog-proof); `habeas verify receipt --proof` checks it offline.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/receipt/proof", tag = "erasure",
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The proof", body = String, content_type = "text/plain"),
        (status = 409, description = "There is no receipt, or the log doesn't hold it yet")))]
pub(crate) async fn proof(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Response, Problem> {
    query.finish()?;
    let proof = app.receipts.prove(&caller(principal, origin), &id).await;
    Ok(file("text/plain; charset=utf-8", proof.map_err(|refusal| app.refused(&refusal))?))
}

fn file(content_type: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
