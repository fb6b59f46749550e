//! What people do to a job.

use axum::Json;
use axum::extract::State;
use domain::ids::JobId;
use domain::sensitive::Sensitive;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, OptionalJson, Origin};
use workflow::act_on_job::Act;
use workflow::caller::Caller;

use super::{JobPath, checked_text};
use crate::app::{App, caller};
use crate::body::{AssignBody, CancelBody, EmptyBody, JobBody, LiftBody, NoteBody, RejectBody};

type Answer = Result<Json<JobBody>, Problem>;

async fn act(app: &App, caller: &Caller, id: &JobId, act: &Act) -> Answer {
    let job = app.act.act(caller, id, act).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(JobBody::of(&job)))
}

/// Starts processing by hand, or starts again from `needs_human`.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/process", tag = "jobs", request_body = Option<EmptyBody>,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, started", body = JobBody)))]
pub(crate) async fn process(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    _: OptionalJson<EmptyBody>,
) -> Answer {
    act(&app, &caller(principal, origin), &id, &Act::Process).await
}

/// Takes a request back.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/cancel", tag = "jobs", request_body = Option<CancelBody>,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, cancelled", body = JobBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    OptionalJson { value, .. }: OptionalJson<CancelBody>,
) -> Answer {
    let reason = value.reason.map(|reason| checked_text("/reason", reason, 1_000)).transpose()?.map(Sensitive::new);
    let job = app.act.act_saying(&caller(principal, origin), &id, &Act::Cancel, reason.as_ref()).await;
    job.map(|job| Json(JobBody::of(&job))).map_err(|refusal| app.refused(&refusal))
}

/// Refuses a request, with a reason for the person.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/reject", tag = "jobs", request_body = RejectBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, rejected", body = JobBody)))]
pub(crate) async fn reject(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<RejectBody>,
) -> Answer {
    let reason = checked_text("/reason", value.reason, 1_000)?;
    act(&app, &caller(principal, origin), &id, &Act::Reject { reason }).await
}

/// Ends a restriction: once the person was mailed, or at once where they wish it or were told by other means.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/lift", tag = "jobs", request_body = LiftBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, its restriction ending or over", body = JobBody)))]
pub(crate) async fn lift(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<LiftBody>,
) -> Answer {
    let reason = checked_text("/reason", value.reason, 1_000)?;
    let told_by = value.told_by.map(|told_by| checked_text("/told_by", told_by, 1_000)).transpose()?;
    act(&app, &caller(principal, origin), &id, &Act::Lift { reason, told_by }).await
}

/// Gives a job to somebody, named by the `sub` of their tokens.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/assign", tag = "jobs", request_body = AssignBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, assigned", body = JobBody)))]
pub(crate) async fn assign(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<AssignBody>,
) -> Answer {
    let assignee = Sensitive::new(checked_text("/assignee", value.assignee, 255)?);
    act(&app, &caller(principal, origin), &id, &Act::Assign { assignee }).await
}

/// Keeps a note with a job.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/notes", tag = "jobs", request_body = NoteBody,
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job, with the note", body = JobBody)))]
pub(crate) async fn note(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<NoteBody>,
) -> Answer {
    let note = checked_text("/note", value.note, 2_000)?;
    act(&app, &caller(principal, origin), &id, &Act::Note { note }).await
}
