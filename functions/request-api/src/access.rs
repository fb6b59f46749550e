//! The layer that keeps reads by staff and refused calls in the audit trail (R-AUD-1).
//!
//! What changes something brings its own event. A call without a valid token has no tenant and is in the access log only.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::event::Action;
use domain::ids::JobId;
use http::{Method, StatusCode};
use lambda_kit::Problem;
use lambda_kit::http::{Admitted, Origin};
use workflow::record_access::Access;

use crate::app::{App, caller};

/// How a refusal says that its use case has written it down.
const COUNTED: &str = "tries_left";

pub(crate) async fn record(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let admitted = Admitted::default();
    request.extensions_mut().insert(admitted.clone());
    let origin = request.extensions().get::<Origin>().cloned();
    let route = request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned());
    let (method, job) = (request.method().clone(), job_in(request.uri().path()));
    let response = next.run(request).await;
    let (Some(principal), Some(origin), Some(route)) = (admitted.principal(), origin, route) else { return response };
    let status = response.status();
    let is_read = matches!(method, Method::GET | Method::HEAD);
    let is_refused = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let is_shown = is_read && principal.is_staff() && (status.is_success() || status.is_redirection());
    let is_counted = response.extensions().get::<Problem>().is_some_and(|problem| problem.has(COUNTED));
    if !(is_shown || is_refused) || is_counted {
        return response;
    }
    let access = Access {
        action: action_of(&method, &route),
        resource_type: resource_of(&route),
        // There may be no job of this id: an event beside it would be one of nothing.
        job: job.filter(|_| status != StatusCode::NOT_FOUND),
        route: format!("{method} {route}"),
        refused_with: is_refused.then_some(status.as_u16()),
    };
    match app.access.record(&caller(principal.clone(), origin), &access).await {
        Ok(()) => response,
        // Whoever was refused stays refused.
        Err(refusal) if is_refused => {
            tracing::error!(error = ?refusal, status = status.as_u16(), route, "a refusal is not in the audit trail");
            response
        }
        Err(refusal) => app.refused(&refusal).into_response(),
    }
}

/// The job a path names.
fn job_in(path: &str) -> Option<JobId> {
    path.split('/').skip_while(|part| *part != "jobs").nth(1)?.parse().ok()
}

fn action_of(method: &Method, route: &str) -> Action {
    let makes = ["/requests", "/export", "/delete", "/holds"].iter().any(|end| route.ends_with(end));
    match *method {
        Method::GET | Method::HEAD => Action::Read,
        Method::POST if makes => Action::Create,
        _ => Action::Update,
    }
}

/// What kind of thing a route is about.
fn resource_of(route: &str) -> &'static str {
    const KINDS: &[(&str, &str)] = &[
        ("/timeline", "timeline"),
        ("/plan", "plan"),
        ("/risk", "risk"),
        ("/receipt", "receipt"),
        ("/download", "archive"),
        ("/holds", "hold"),
        ("/retention", "retention_policy"),
    ];
    KINDS.iter().find(|(part, _)| route.contains(part)).map_or("job", |(_, kind)| kind)
}
