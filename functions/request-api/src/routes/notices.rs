//! Whom the tenant wants told of what, by which channel, in whose words.

use axum::Json;
use axum::extract::State;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, QueryPairs};

use crate::app::{App, caller};
use crate::body::{NoticesBody, NoticesForm};

/// The settings of notices.
#[utoipa::path(get, path = "/api/v1/privacy/notices", tag = "notices",
    responses((status = 200, description = "The settings", body = NoticesBody)))]
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<NoticesBody>, Problem> {
    query.finish()?;
    let view = app.notices.show(&caller(principal, origin)).await;
    Ok(Json(NoticesBody::of(view.map_err(|refusal| app.refused(&refusal))?)))
}

/// Replaces the settings of notices; what is not named goes back to its default. The answer holds the webhook's secret.
#[utoipa::path(put, path = "/api/v1/privacy/notices", tag = "notices", request_body = NoticesForm,
    responses((status = 200, description = "The settings that count from now on", body = NoticesBody)))]
pub(crate) async fn replace(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
    JsonBody { value, .. }: JsonBody<NoticesForm>,
) -> Result<Json<NoticesBody>, Problem> {
    query.finish()?;
    let view = app.notices.replace(&caller(principal, origin), &value.asked()).await;
    Ok(Json(NoticesBody::of(view.map_err(|refusal| app.refused(&refusal))?)))
}
