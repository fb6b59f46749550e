//! The outermost layer: names the call, completes problem documents, sets headers, writes the access log.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Outermost;
use super::origin::Origin;
use crate::logging::log_calls;
use crate::problem::Problem;

const HEADERS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (http::header::REFERRER_POLICY, "no-referrer"),
    (http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (http::header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
];

pub(super) async fn finish(State(outermost): State<Outermost>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let origin = Origin::of(&request, &*outermost.entropy);
    let request_id = origin.request_id.clone();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned());
    request.extensions_mut().insert(origin);
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers().get(ALLOW).cloned();
        response = problem.respond(&path, &request_id, allow);
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    set_headers(response.headers_mut(), &request_id);
    // The path of an unknown route may hold anything, so only the pattern of a known one is logged.
    tracing::info!(
        request.id = %request_id,
        method = %method,
        route = route.as_deref().unwrap_or("unmatched"),
        status = response.status().as_u16(),
        elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    log_calls(outermost.take_calls);
    response
}

fn set_headers(headers: &mut HeaderMap, request_id: &str) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}
