//! Retention policies of organisations, and what expires when by them.

use axum::Json;
use axum::extract::State;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, QueryPairs};

use super::checked_text;
use crate::app::{App, caller};
use crate::body::{RetentionBody, RetentionForm, RetentionScheduleBody};

fn organization(mut query: QueryPairs) -> Result<Option<String>, Problem> {
    let read = |text: &str| (1..=255).contains(&text.chars().count()).then(|| text.to_owned());
    let id = query.read("organization_id", "must have 1 to 255 characters", read)?;
    query.finish()?;
    Ok(id)
}

/// The retention policy of an organisation, with all its versions.
#[utoipa::path(get, path = "/api/v1/privacy/retention", tag = "retention",
    params(("organization_id" = Option<String>, Query, description = "The organisation; an owner's own if not said")),
    responses((status = 200, description = "The policy", body = RetentionBody)))]
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<RetentionBody>, Problem> {
    let id = organization(query)?;
    let view = app.retention.show(&caller(principal, origin), id.as_deref()).await;
    Ok(Json(RetentionBody::of(&view.map_err(|refusal| app.refused(&refusal))?)))
}

/// Replaces the retention policy of the caller's organisation; longer than the maximum needs a justification.
#[utoipa::path(put, path = "/api/v1/privacy/retention", tag = "retention", request_body = RetentionForm,
    params(("organization_id" = Option<String>, Query, description = "The caller's own organisation")),
    responses((status = 200, description = "The policy that counts from now on", body = RetentionBody)))]
pub(crate) async fn replace(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
    JsonBody { value, .. }: JsonBody<RetentionForm>,
) -> Result<Json<RetentionBody>, Problem> {
    let id = organization(query)?;
    let mut asked = value.asked();
    asked.justification = asked.justification.map(|text| checked_text("/justification", text, 2_000)).transpose()?;
    let view = app.retention.replace(&caller(principal, origin), id.as_deref(), &asked).await;
    Ok(Json(RetentionBody::of(&view.map_err(|refusal| app.refused(&refusal))?)))
}

/// What expires when, by the policy that counts and the data map; staff see what the last run of each collection did.
#[utoipa::path(get, path = "/api/v1/privacy/retention/schedule", tag = "retention",
    params(("organization_id" = Option<String>, Query, description = "The organisation; an owner's own if not said")),
    responses((status = 200, description = "The schedule", body = RetentionScheduleBody)))]
pub(crate) async fn schedule(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<RetentionScheduleBody>, Problem> {
    let id = organization(query)?;
    let view = app.retention.schedule(&caller(principal, origin), id.as_deref()).await;
    Ok(Json(RetentionScheduleBody::of(&view.map_err(|refusal| app.refused(&refusal))?)))
}
