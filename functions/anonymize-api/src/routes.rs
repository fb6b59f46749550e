//! The routes, by what they are about, and how they answer.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_kit::{Problem, ProblemKind};
use serde::Serialize;
use workflow::anonymization::NewOrder;
use workflow::caller::Caller;
use workflow::submit_request::{Accepted, Idempotency, NewRequest};

use crate::app::App;
use crate::body::OrderedBody;

pub(crate) mod content;
pub(crate) mod dataset;
pub(crate) mod source;

/// The largest answer: Lambda hands 6 MB on, and the text is escaped on its way.
const LARGEST_ANSWER: usize = 5 << 20;

/// The answer as JSON, unless nobody could hand it on.
pub(crate) fn answer(body: &impl Serialize) -> Result<Response, Problem> {
    handed_on(body)?.ok_or_else(|| {
        let detail = "the answer would have more than 5 MiB; send less at once, or name a source";
        Problem::new(ProblemKind::TooLarge, detail)
    })
}

/// The answer as JSON; nothing where it is larger than what Lambda hands on.
pub(crate) fn handed_on(body: &impl Serialize) -> Result<Option<Response>, Problem> {
    let bytes =
        serde_json::to_vec(body).map_err(|_| Problem::new(ProblemKind::Internal, "the answer could not be written"))?;
    if bytes.len() > LARGEST_ANSWER {
        return Ok(None);
    }
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Some(response))
}

/// What an idempotency key covers.
pub(crate) struct Sent {
    pub(crate) key: Option<String>,
    pub(crate) route: &'static str,
    pub(crate) bytes: Bytes,
}

/// Makes the job of an order, and answers 202 with where it is shown; a repeated call has the same answer.
pub(crate) async fn accept(app: &App, caller: &Caller, order: Box<NewOrder>, sent: Sent) -> Result<Response, Problem> {
    let Sent { key, route, bytes } = sent;
    let idempotency = key.map(|key| Idempotency { key, route: route.to_owned(), body: bytes.to_vec() });
    let accepted = app.submit.submit(caller, NewRequest::of_collection(order), idempotency.as_ref()).await;
    let Accepted { job, replayed } = accepted.map_err(|refusal| app.refused(&refusal))?;
    let body = OrderedBody::of(&job.id.to_string());
    let location = HeaderValue::from_str(&body.links["self"]);
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    if replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}
