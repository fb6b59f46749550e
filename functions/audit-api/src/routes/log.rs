//! The signed log: its newest checkpoint, proofs, and whether it holds.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::Action;
use http::header::CONTENT_TYPE;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, OptionalJson, Origin, QueryPairs, caller};
use workflow::refusal::Refusal;
use workflow::verify_audits::{RESULT_LIFE, newest_result};
use workflow::verify_log::{Depth, Verification};

use super::EventPath;
use crate::app::App;
use crate::body::{VerifyBody, VerifyForm};

/// The most events that are verified while the caller waits.
const MOST_EVENTS: u64 = 100_000;
const TEXT: &str = "text/plain; charset=utf-8";

/// The newest signed checkpoint of the tenant's log (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
        (status = 409, description = "Nothing is sealed yet"),
    ))]
pub(crate) async fn checkpoint(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
) -> Result<Response, Problem> {
    query.finish()?;
    let signed = app.read.checkpoint(&caller(principal, origin)).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(([(CONTENT_TYPE, TEXT)], signed.note).into_response())
}

/// The proof that an event is in the signed log (C2SP tlog-proof), for `habeas verify proof`.
#[utoipa::path(get, path = "/api/v1/audit/events/{id}/proof", tag = "audit",
    params(("id" = String, Path, description = "Id of the event")),
    responses(
        (status = 200, description = "The proof", body = String, content_type = "text/plain"),
        (status = 409, description = "The event is not sealed yet"),
    ))]
pub(crate) async fn proof(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    EventPath(id): EventPath,
    origin: Origin,
    query: QueryPairs,
) -> Result<Response, Problem> {
    query.finish()?;
    let proof = app.read.proof(&caller(principal, origin), &id).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(([(CONTENT_TYPE, TEXT)], proof.to_text()).into_response())
}

/// Verifies the tenant's log: up to 100,000 events at once; of a larger one it answers what the scheduled verification found within the last day.
#[utoipa::path(post, path = "/api/v1/audit/verify", tag = "audit", request_body = Option<VerifyForm>,
    responses(
        (status = 200, description = "Whether it holds", body = VerifyBody),
        (status = 409, description = "Nothing is sealed yet"),
        (status = 413, description = "More than 100,000 events, and not verified within the last day"),
    ))]
pub(crate) async fn verify(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    query: QueryPairs,
    _: OptionalJson<VerifyForm>,
) -> Result<Json<VerifyBody>, Problem> {
    query.finish()?;
    let caller = caller(principal, origin);
    let found = verified(&app, &caller).await.map_err(|refusal| app.refused(&refusal))?;
    Ok(Json(VerifyBody::of(&found)))
}

async fn verified(app: &App, caller: &workflow::caller::Caller) -> Result<Verification, Refusal> {
    let (secrets, now) = app.read.admit(caller).await?;
    app.read.tell(caller, &secrets, now, (Action::Execute, "audit_log", None)).await?;
    let tenant = &caller.principal.tenant;
    // A checkpoint that doesn't hold is small or large as it likes: the pass below tells of it.
    let newest = app.read.prove.checkpoint(tenant, now).await.ok().flatten();
    let size = newest.map_or(0, |signed| signed.checkpoint.size);
    let before = newest_result(app.evidence.as_ref(), tenant).await?.map(|(found, _)| found);
    if size <= MOST_EVENTS {
        let known = before.filter(|found| found.ok).map(|found| found.checkpoint);
        let depth = Depth { known, ..Depth::default() };
        return app.verify.run(tenant, &depth).await?.ok_or(Refusal::NotSealed);
    }
    let fresh = before.filter(|found| found.finished && now.duration_since(found.at) < RESULT_LIFE);
    let because = || {
        "the log holds more than 100,000 events and was not verified within the last day; \
         invoke audit-verifier for it, or take the log and run `habeas verify log`"
            .to_owned()
    };
    fresh.ok_or_else(|| Refusal::TooLarge { because: because() })
}
