//! Errors over HTTP: problem documents (RFC 9457). The kinds are closed; no internal detail leaves.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What can go wrong, as far as a client can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The body is not JSON, or a header or path is not what it must be.
    Malformed,
    /// No valid token.
    Unauthenticated,
    /// A permission is missing.
    Forbidden,
    /// Unknown, or somebody else's: the two look alike.
    NotFound,
    /// The path exists, the method doesn't.
    MethodNotAllowed,
    /// The job's state doesn't allow it.
    WrongState,
    /// A request with the same idempotency key is being answered.
    InProgress,
    /// It was there and is no longer.
    Gone,
    /// More bytes than allowed.
    TooLarge,
    /// The answer would have more bytes than one answer may have, or take longer.
    AnswerTooLarge,
    /// Not JSON by its own account.
    UnsupportedMediaType,
    /// It parses but is wrong.
    Invalid,
    /// The idempotency key was used with another body.
    KeyReused,
    /// A quota is used up.
    QuotaExceeded,
    /// Too many requests at once.
    TooMany,
    /// A mistake of ours.
    Internal,
    /// Something we depend on does not answer.
    Unavailable,
}

impl ProblemKind {
    /// Status, last part of the type URI, title.
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request can't be read"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "A valid token is needed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "A permission is missing"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here")
            }
            Self::WrongState => (StatusCode::CONFLICT, "wrong-state", "The state doesn't allow it"),
            Self::InProgress => (StatusCode::CONFLICT, "in-progress", "The same request is being answered"),
            Self::Gone => (StatusCode::GONE, "gone", "It is no longer there"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::AnswerTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "answer-too-large", "The answer would be too large")
            }
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be JSON")
            }
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request is wrong"),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key was used with another body",
            ),
            Self::QuotaExceeded => (StatusCode::TOO_MANY_REQUESTS, "quota-exceeded", "A quota is used up"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests at once"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment"),
        }
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.parts().0
    }

    /// The stable type URI.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("https://habeas.dev/problems/{}", self.parts().1)
    }
}

/// What is wrong with one place of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong there; never the value.
    pub detail: String,
}

/// A problem document (RFC 9457) as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// The stable URI of the kind of problem.
    pub r#type: String,
    /// The same for each problem of the kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The path that was called.
    pub instance: String,
    /// Names this call in the logs.
    pub request_id: String,
    /// What is wrong where, for validation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Members of the kind of problem.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

/// A problem on its way to the client; path and request id are filled in by the outermost layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem with one of our own sentences; never a value of the request.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), members: Map::new(), retry_after_seconds: None }
    }

    /// The answer for everything unknown or foreign: always the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "nothing with this address exists for you")
    }

    /// A body or query that is wrong in one place.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, "one or more values are wrong").at(pointer, detail)
    }

    /// The same problem with one more wrong place.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// The same problem with a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// The same problem, to be tried again after some seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Whether it has a member of its own of this name.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The document for one call.
    #[must_use]
    pub fn document(&self, instance: &str, request_id: &str) -> ProblemDocument {
        let (status, _, title) = self.kind.parts();
        ProblemDocument {
            r#type: self.kind.type_uri(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
            members: self.members.clone(),
        }
    }

    /// The answer for one call; `allow` are the methods of a path whose method is wrong.
    ///
    /// # Panics
    /// Never: texts and numbers always serialise.
    #[must_use]
    pub fn respond(&self, instance: &str, request_id: &str, allow: Option<HeaderValue>) -> Response {
        let body =
            serde_json::to_vec(&self.document(instance, request_id)).expect("texts and numbers always serialise");
        let mut response = (self.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == ProblemKind::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = allow {
            headers.insert(ALLOW, allow);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.respond("", "", None);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_kind_place_and_call() {
        let problem = Problem::invalid("/format", "is not json, csv or both").with("supported", vec!["access"]);
        let document = serde_json::to_value(problem.document("/api/v1/x", "req_1")).unwrap();
        let expected = serde_json::json!({
            "type": "https://habeas.dev/problems/invalid", "title": "The request is wrong", "status": 422,
            "detail": "one or more values are wrong", "instance": "/api/v1/x", "request_id": "req_1",
            "errors": [{"pointer": "/format", "detail": "is not json, csv or both"}], "supported": ["access"],
        });
        assert_eq!(document, expected);
    }
}
