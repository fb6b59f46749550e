//! Evidence: brought, listed, shown, its chain of custody, and whether it holds.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::EvidenceId;
use http::StatusCode;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, OptionalJson, Origin, QueryPairs, caller, id_in_cursor};

use super::EvidencePath;
use crate::app::App;
use crate::body::VerifyForm;
use crate::evidence_body::{CustodyBody, EvidenceBody, EvidenceCheckBody, EvidenceForm, EvidenceListBody};

/// Keeps evidence under lock for as long as the deployment keeps evidence, seven years if not said. Needs `resource:write`.
#[utoipa::path(post, path = "/api/v1/compliance/evidence", tag = "evidence", request_body = EvidenceForm,
    responses((status = 201, description = "It is kept", body = EvidenceBody)))]
pub(crate) async fn collect(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
    body: JsonBody<EvidenceForm>,
) -> Result<Response, Problem> {
    query.finish()?;
    let new = body.value.read()?;
    let kept = app.kept.collect(&caller(principal, origin), new).await.map_err(|refusal| app.refused(&refusal))?;
    Ok((StatusCode::CREATED, Json(EvidenceBody::of(&kept))).into_response())
}

/// Evidence of the tenant, oldest first. Needs `evidence:read`; each call is itself audited.
#[utoipa::path(get, path = "/api/v1/compliance/evidence", tag = "evidence",
    params(
        ("limit" = Option<u16>, Query, description = "1 to 100, 20 if not said"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, description = "A page of evidence", body = EvidenceListBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    mut query: QueryPairs,
) -> Result<Json<EvidenceListBody>, Problem> {
    let fits = |text: &str| text.parse().ok().filter(|limit| (1..=100).contains(limit));
    let limit = query.read("limit", "must be a whole number from 1 to 100", fits)?.unwrap_or(20);
    let after = query.read("cursor", "is not a cursor of this list", id_in_cursor::<EvidenceId>)?;
    query.finish()?;
    let found = app.kept.list(&caller(principal, origin), after.as_ref(), limit).await;
    Ok(Json(EvidenceListBody::of(&found.map_err(|refusal| app.refused(&refusal))?)))
}

/// One piece of evidence. Needs `evidence:read`.
#[utoipa::path(get, path = "/api/v1/compliance/evidence/{id}", tag = "evidence",
    params(("id" = String, Path, description = "Id of the evidence")),
    responses((status = 200, description = "The evidence", body = EvidenceBody)))]
pub(crate) async fn one(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    EvidencePath(id): EvidencePath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<EvidenceBody>, Problem> {
    query.finish()?;
    let found = app.kept.one(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(EvidenceBody::of(&found)))
}

/// Who had a piece of evidence in hands, each entry holding the hash of the one before. Needs `evidence:read`.
#[utoipa::path(get, path = "/api/v1/compliance/evidence/{id}/custody", tag = "evidence",
    params(("id" = String, Path, description = "Id of the evidence")),
    responses((status = 200, description = "The chain of custody", body = Vec<CustodyBody>)))]
pub(crate) async fn custody(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    EvidencePath(id): EvidencePath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Json<Vec<CustodyBody>>, Problem> {
    query.finish()?;
    let chain = app.kept.custody(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(chain.iter().map(CustodyBody::of).collect()))
}

/// Whether a piece of evidence and its chain of custody hold; what was found counts for 24 hours. Needs `evidence:read`.
#[utoipa::path(post, path = "/api/v1/compliance/evidence/{id}/verify", tag = "evidence", request_body = Option<VerifyForm>,
    params(("id" = String, Path, description = "Id of the evidence")),
    responses((status = 200, description = "Whether it holds", body = EvidenceCheckBody)))]
pub(crate) async fn verify(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    asked: (EvidencePath, QueryPairs),
    origin: Origin,
    _: OptionalJson<VerifyForm>,
) -> Result<Json<EvidenceCheckBody>, Problem> {
    let (EvidencePath(id), query) = asked;
    query.finish()?;
    let found = app.kept.verify(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(EvidenceCheckBody::of(&found)))
}
