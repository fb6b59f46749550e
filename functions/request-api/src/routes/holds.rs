//! Legal holds: placed, listed, released.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use domain::ids::HoldId;
use http::StatusCode;
use http::request::Parts;
use lambda_kit::Problem;
use lambda_kit::http::{
    Authenticated, IdempotencyKey, JsonBody, OptionalJson, Origin, QueryPairs, cursor_after, id_in_cursor,
};
use workflow::submit_request::Idempotency;

use super::jobs::{CURSOR, limit};
use crate::app::{App, caller};
use crate::body::{EmptyBody, HoldBody, HoldForm, HoldList};

/// The hold a path names; what is not an id is simply unknown.
pub(crate) struct HoldPath(HoldId);

impl<S: Send + Sync> FromRequestParts<S> for HoldPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// Places a legal hold. From `effective` on nothing that it covers is erased; `in_flight` is what still runs from before.
#[utoipa::path(post, path = "/api/v1/privacy/holds", tag = "holds", request_body = HoldForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same call finds the same hold")),
    responses((status = 201, description = "The hold", body = HoldBody)))]
pub(crate) async fn place(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<HoldForm>,
) -> Result<Response, Problem> {
    let new = value.read()?;
    let route = "POST /api/v1/privacy/holds".to_owned();
    let idempotency = key.map(|key| Idempotency { key, route, body: bytes.to_vec() });
    let view = app.holds.place(&caller(principal, origin), &new, idempotency.as_ref()).await;
    let view = view.map_err(|refusal| app.refused(&refusal))?;
    Ok((StatusCode::CREATED, Json(HoldBody::of(&view))).into_response())
}

/// The tenant's legal holds, newest first.
#[utoipa::path(get, path = "/api/v1/privacy/holds", tag = "holds",
    params(
        ("limit" = Option<u8>, Query, description = "1 to 200, 50 if not said"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, description = "A page of holds", body = HoldList)))]
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<HoldList>, Problem> {
    let limit = limit(&mut query)?;
    let after = query.read("cursor", CURSOR, id_in_cursor::<HoldId>)?;
    query.finish()?;
    let page = app.holds.list(&caller(principal, origin), after.as_ref(), limit).await;
    let page = page.map_err(|refusal| app.refused(&refusal))?;
    let next_cursor = page.next.as_ref().map(|id| cursor_after(id.as_str()));
    Ok(Json(HoldList { items: page.holds.iter().map(HoldBody::of).collect(), next_cursor }))
}

/// Releases a legal hold: by somebody who neither placed it nor asked for or approved an erasure it stops.
#[utoipa::path(post, path = "/api/v1/privacy/holds/{id}/release", tag = "holds", request_body = Option<EmptyBody>,
    params(("id" = String, Path, description = "Id of the hold")),
    responses((status = 200, description = "The hold, released", body = HoldBody)))]
pub(crate) async fn release(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    HoldPath(id): HoldPath,
    origin: Origin,
    _: OptionalJson<EmptyBody>,
) -> Result<Json<HoldBody>, Problem> {
    let view = app.holds.release(&caller(principal, origin), &id).await;
    Ok(Json(HoldBody::of(&view.map_err(|refusal| app.refused(&refusal))?)))
}
