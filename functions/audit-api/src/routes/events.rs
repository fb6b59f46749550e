//! Audit events: a page of them, one, and a period as a file.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, Origin, QueryPairs, caller};
use workflow::read_audit::EventFilter;

use super::EventPath;
use crate::app::App;
use crate::body::{EventDetailBody, EventListBody, LogExportBody};
use crate::query::{self, Format};

/// Audit events of the tenant, newest first. Needs `admin:audit_log`; each call is itself audited.
#[utoipa::path(get, path = "/api/v1/audit/events", tag = "audit",
    params(
        ("limit" = Option<u16>, Query, description = "1 to 1,000, 100 if not said"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before, with the same filters"),
        ("start" = Option<String>, Query, description = "At this time (RFC 3339) and later; at most 731 days before end"),
        ("end" = Option<String>, Query, description = "Before this time (RFC 3339)"),
        ("actor" = Option<String>, Query, description = "A keyed hash as shown in events, or worker, holder, operator"),
        ("action" = Option<String>, Query, description = "Only this action"),
        ("resource_type" = Option<String>, Query, description = "Only on this kind of thing"),
        ("resource_id" = Option<String>, Query, description = "Only on this job or hold"),
        ("level" = Option<String>, Query, description = "Only this level"),
        ("outcome" = Option<String>, Query, description = "success or failure"),
    ),
    responses((status = 200, description = "A page of events", body = EventListBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<EventListBody>, Problem> {
    let limit = query::limit(&mut query)?;
    let after = query.take("cursor");
    let filter = query::filter(&mut query)?;
    query.finish()?;
    let found = app.read.list(&caller(principal, origin), &filter, after.as_deref(), limit).await;
    Ok(Json(EventListBody::of(found.map_err(|refusal| app.refused(&refusal))?)))
}

/// One audit event, its sealed words opened.
#[utoipa::path(get, path = "/api/v1/audit/events/{id}", tag = "audit",
    params(("id" = String, Path, description = "Id of the event")),
    responses((status = 200, description = "The event", body = EventDetailBody)))]
pub(crate) async fn one(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    EventPath(id): EventPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<EventDetailBody>, Problem> {
    query.finish()?;
    let found = app.read.one(&caller(principal, origin), &id).await;
    Ok(Json(EventDetailBody::of(&found.map_err(|refusal| app.refused(&refusal))?)))
}

/// The events of a period as CSV or JSON, newest first. What passes 4 MB is a job: `links` say where it is seen and fetched. The same call while that job runs is answered with it.
#[utoipa::path(get, path = "/api/v1/audit/events/export", tag = "audit",
    params(
        ("start" = String, Query, description = "At this time (RFC 3339) and later; at most 731 days before end"),
        ("end" = String, Query, description = "Before this time (RFC 3339)"),
        ("format" = Option<String>, Query, description = "csv (if not said) or json"),
    ),
    responses(
        (status = 200, description = "The events", content((String = "text/csv"), (Vec<crate::body::AuditEventBody> = "application/json"))),
        (status = 202, description = "More than 4 MB: a job makes an archive of it", body = LogExportBody),
    ))]
pub(crate) async fn export(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Response, Problem> {
    let (period, format) = query::export(&mut query)?;
    query.finish()?;
    let caller = caller(principal, origin);
    let filter = EventFilter { start: Some(period.start), end: Some(period.end), ..EventFilter::default() };
    let export = app.read.export(&caller, filter).await.map_err(|refusal| app.refused(&refusal))?;
    let bytes = crate::export::write(export, format, app.most_answered).await;
    let Some(bytes) = bytes.map_err(|refusal| app.refused(&refusal))? else {
        let job = app.begin.begin(&caller, period, format.of_job()).await;
        let job = job.map_err(|refusal| app.refused(&refusal))?;
        return Ok((StatusCode::ACCEPTED, Json(LogExportBody::of(&job, period))).into_response());
    };
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit-events.csv\""),
        Format::Json => ("application/json", "attachment; filename=\"audit-events.json\""),
    };
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], bytes).into_response())
}
