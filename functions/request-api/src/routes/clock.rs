//! What people do to a job's legal clock.

use axum::Json;
use axum::extract::State;
use domain::ids::JobId;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin};
use workflow::act_on_clock::ClockAct;
use workflow::caller::Caller;

use super::{JobPath, checked_text};
use crate::app::{App, caller};
use crate::body::{JobBody, PauseBody, ReasonBody};

type Answer = Result<Json<JobBody>, Problem>;

async fn act(app: &App, caller: &Caller, id: &JobId, act: &ClockAct) -> Answer {
    let job = app.legal.act(caller, id, act).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(JobBody::of(&job)))
}

/// Takes the longer period the law knows, once and before the first one ends; the person is told why.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/extend", tag = "jobs", request_body = ReasonBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, with its new due date", body = JobBody)))]
pub(crate) async fn extend(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<ReasonBody>,
) -> Answer {
    let reason = checked_text("/reason", value.reason, 1_000)?;
    act(&app, &caller(principal, origin), &id, &ClockAct::Extend { reason }).await
}

/// Stops the clock, where the law lets waiting stop it; the person is told what for.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/pause", tag = "jobs", request_body = PauseBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, paused", body = JobBody)))]
pub(crate) async fn pause(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<PauseBody>,
) -> Answer {
    let reason = checked_text("/reason", value.reason, 1_000)?;
    act(&app, &caller(principal, origin), &id, &ClockAct::Pause { waiting_for: value.waiting_for, reason }).await
}

/// Lets a stopped clock go on; the due date moves by the days it stood, and the person is told.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/resume", tag = "jobs", request_body = ReasonBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, with its new due date", body = JobBody)))]
pub(crate) async fn resume(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<ReasonBody>,
) -> Answer {
    let reason = checked_text("/reason", value.reason, 1_000)?;
    act(&app, &caller(principal, origin), &id, &ClockAct::Resume { reason }).await
}
