//! The routes, by what they are about, and how they answer.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use lambda_kit::{Problem, ProblemKind};
use serde::Serialize;

pub(crate) mod content;
pub(crate) mod dataset;
pub(crate) mod source;

/// The largest answer: Lambda hands 6 MB on, and the text is escaped on its way.
const LARGEST_ANSWER: usize = 5 << 20;

/// The answer as JSON, unless nobody could hand it on.
pub(crate) fn answer(body: &impl Serialize) -> Result<Response, Problem> {
    let bytes =
        serde_json::to_vec(body).map_err(|_| Problem::new(ProblemKind::Internal, "the answer could not be written"))?;
    if bytes.len() > LARGEST_ANSWER {
        return Err(Problem::new(ProblemKind::TooLarge, "the answer would have more than 5 MiB; send less at once"));
    }
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
