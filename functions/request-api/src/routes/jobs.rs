//! Jobs, one and many, and what happened to them.

use axum::Json;
use axum::extract::State;
use domain::ids::{EventId, JobId};
use domain::job::JobStatus;
use domain::request::{Alias, RequestType};
use domain::role::Pseudonym;
use jiff::Timestamp;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, Origin, QueryPairs, cursor_after, id_in_cursor};
use workflow::ports::JobFilter;
use workflow::read_jobs::Told;
use workflow::read_risk::may_know;

use super::JobPath;
use crate::app::{App, caller};
use crate::body::{EventBody, EventList, JobBody, JobList};

pub(super) const CURSOR: &str = "is not a cursor of this list";

pub(super) fn limit(query: &mut QueryPairs) -> Result<usize, Problem> {
    let read = |text: &str| text.parse().ok().filter(|limit| (1..=200).contains(limit));
    Ok(query.read("limit", "must be a whole number from 1 to 200", read)?.unwrap_or(50))
}

/// A keyed hash as shown in answers: 32 hexadecimal digits.
fn keyed_hash(text: &str) -> Option<String> {
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (text.len() == 32 && text.bytes().all(hexadecimal)).then(|| text.to_owned())
}

fn filter(query: &mut QueryPairs) -> Result<JobFilter, Problem> {
    let reference = "must be a reference of 32 hexadecimal digits, as shown in jobs";
    Ok(JobFilter {
        request_type: query.read("type", "must be a type of request", RequestType::parse)?,
        status: query.read("status", "must be a status of jobs", JobStatus::parse)?,
        subject: query.read("subject", reference, keyed_hash)?.map(Alias::from_keyed_hash),
        organization_id: query.read("organization_id", "must have 1 to 255 characters", |text| {
            (1..=255).contains(&text.chars().count()).then(|| text.to_owned())
        })?,
        due_before: query.read("due_before", "must be a time as in RFC 3339", |text| text.parse::<Timestamp>().ok())?,
        assignee: query.read("assignee", reference, keyed_hash)?.map(Pseudonym::from_keyed_hash),
    })
}

/// Jobs the caller may see, newest first.
#[utoipa::path(get, path = "/api/v1/privacy/jobs", tag = "jobs",
    params(
        ("limit" = Option<u8>, Query, description = "1 to 200, 50 if not said"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("type" = Option<String>, Query, description = "Only this type"),
        ("status" = Option<String>, Query, description = "Only this status"),
        ("subject" = Option<String>, Query, description = "Only about this subject_ref"),
        ("organization_id" = Option<String>, Query, description = "Only of this organisation"),
        ("due_before" = Option<String>, Query, description = "Only due before this time (RFC 3339)"),
        ("assignee" = Option<String>, Query, description = "Only of this assignee"),
    ),
    responses((status = 200, description = "A page of jobs", body = JobList)))]
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<JobList>, Problem> {
    let limit = limit(&mut query)?;
    let after = query.read("cursor", CURSOR, id_in_cursor::<JobId>)?;
    let filter = filter(&mut query)?;
    query.finish()?;
    let after = after.as_ref().map(JobId::as_str);
    let page = app.read.list(&caller(principal, origin), filter, after, limit).await;
    let page = page.map_err(|refusal| app.refused(&refusal))?;
    let next_cursor = page.next.as_deref().map(cursor_after);
    Ok(Json(JobList { items: page.jobs.iter().map(JobBody::of).collect(), next_cursor }))
}

/// One job with its steps and progress.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, description = "The job", body = JobBody)))]
pub(crate) async fn one(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<JobBody>, Problem> {
    query.finish()?;
    let caller = caller(principal, origin);
    let view = app.read.one(&caller, &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(JobBody::of_view(&view, may_know(&caller))))
}

/// What happened to a job, oldest first.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/timeline", tag = "jobs",
    params(
        ("id" = String, Path, description = "Id of the job"),
        ("limit" = Option<u8>, Query, description = "1 to 200, 50 if not said"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, description = "A page of transitions", body = EventList)))]
pub(crate) async fn timeline(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    JobPath(id): JobPath,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<EventList>, Problem> {
    let limit = limit(&mut query)?;
    let after = query.read("cursor", CURSOR, id_in_cursor::<EventId>)?;
    query.finish()?;
    let events = app.read.timeline(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    page_of(&events, after.as_ref(), limit).map(Json)
}

fn page_of(events: &[Told], after: Option<&EventId>, limit: usize) -> Result<EventList, Problem> {
    let start = match after {
        None => 0,
        Some(id) => {
            let at = events.iter().position(|told| told.event.id == *id);
            at.ok_or_else(|| Problem::invalid("?cursor", CURSOR))? + 1
        }
    };
    let page = &events[start..events.len().min(start + limit)];
    let more = start + page.len() < events.len();
    let next_cursor = page.last().filter(|_| more).map(|told| cursor_after(told.event.id.as_str()));
    Ok(EventList { items: page.iter().map(EventBody::of).collect(), next_cursor })
}
