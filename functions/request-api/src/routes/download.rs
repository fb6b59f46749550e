//! The way to the archive: each call mints one link, for a session or for whoever holds the mailed ticket.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::ids::{JobId, TenantId};
use domain::sensitive::Sensitive;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use lambda_kit::http::{Admitted, Origin, QueryPairs};
use lambda_kit::{Problem, ProblemKind};
use workflow::caller::Circumstances;
use workflow::issue_download::TicketHolder;
use workflow::ports::Link;

use super::JobPath;
use crate::app::{App, caller};
use crate::body::LinkBody;

/// Redirects to a freshly signed link of at most 15 minutes; with `redirect=false` answers with the link.
///
/// A session needs a token; a mailed link carries `tenant` and `ticket` instead.
#[utoipa::path(get, path = "/api/v1/privacy/jobs/{id}/download", tag = "jobs",
    params(
        ("id" = String, Path, description = "Id of the job"),
        ("redirect" = Option<bool>, Query, description = "false: answer with the link"),
        ("tenant" = Option<String>, Query, description = "Of a mailed link"),
        ("ticket" = Option<String>, Query, description = "Of a mailed link"),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The link", body = LinkBody),
        (status = 303, description = "To the archive"),
    ))]
pub(crate) async fn download(
    State(app): State<App>,
    JobPath(id): JobPath,
    origin: Origin,
    mut query: QueryPairs,
    request: Request,
) -> Result<Response, Problem> {
    if request.method() == Method::HEAD {
        // Whoever only looks must not leave a link behind.
        return Err(Problem::new(ProblemKind::MethodNotAllowed, "another method is needed here"));
    }
    let ticket = query.take("ticket");
    let tenant = query.take("tenant");
    let session = match &ticket {
        Some(_) => None,
        None => {
            let authority = request.uri().authority().map(http::uri::Authority::as_str);
            let principal = app.gate.admit(request.headers(), authority).await?;
            Admitted::note(request.extensions(), &principal);
            Some(principal)
        }
    };
    let redirect = query.read("redirect", "must be true or false", |text| text.parse::<bool>().ok())?.unwrap_or(true);
    query.finish()?;
    let link = match (session, ticket) {
        (Some(principal), _) => app.download.for_session(&caller(principal, origin), &id).await,
        (None, ticket) => {
            let holder = holder(tenant.as_deref(), ticket)?;
            app.download.for_ticket(&holder, &circumstances(origin), &id).await
        }
    };
    answer(link.map_err(|refusal| app.refused(&refusal))?, &id, redirect)
}

fn holder(tenant: Option<&str>, ticket: Option<String>) -> Result<TicketHolder, Problem> {
    let tenant: Option<TenantId> = tenant.and_then(|tenant| tenant.parse().ok());
    match (tenant, ticket) {
        (Some(tenant), Some(secret)) if secret.len() <= 200 => {
            Ok(TicketHolder { tenant, secret: Sensitive::new(secret) })
        }
        (_, _) => Err(Problem::not_found()),
    }
}

/// What is known of a call without a session.
pub(super) fn circumstances(origin: Origin) -> Circumstances {
    let Origin { request_id, ip, user_agent, language: _ } = origin;
    Circumstances { request_id, ip, user_agent }
}

fn answer(link: Link, id: &JobId, redirect: bool) -> Result<Response, Problem> {
    let url = link.url.into_exposed();
    if !redirect {
        return Ok(Json(LinkBody { url, expires_at: link.expires_at.to_string() }).into_response());
    }
    let location = HeaderValue::from_str(&url).map_err(|_| {
        tracing::error!(job.id = %id, "a signed link is not a header value");
        Problem::new(ProblemKind::Internal, "the call was not finished")
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, location);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
