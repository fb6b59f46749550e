//! Reads JSON bodies strictly: size, media type, form, depth, then the fields, each with a pointer.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::strict::{NOT_A_NAME, Strict, Tree};
use crate::problem::{Problem, ProblemKind};

/// The largest body, in bytes, where a router says nothing else.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// The largest body of a router's calls, in bytes: an extension that its layers put in.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

const DEEPEST: usize = 64;

/// A JSON body that was read whole, with the bytes it came as.
#[derive(Debug, Clone)]
pub struct JsonBody<T> {
    /// What was sent.
    pub value: T,
    /// As it was sent, for the idempotency digest.
    pub bytes: Bytes,
}

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = read_bytes(&parts, body).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

/// A JSON body that may be left out, with the bytes it came as.
#[derive(Debug, Clone)]
pub struct OptionalJson<T> {
    /// What was sent, or the default.
    pub value: T,
    /// As it was sent, for the idempotency digest.
    pub bytes: Bytes,
}

impl<S, T> FromRequest<S> for OptionalJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_bytes(&parts, body).await?;
        if bytes.is_empty() {
            return Ok(Self { value: T::default(), bytes });
        }
        check_media_type(&parts.headers)?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let json = essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json");
    if json {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::UnsupportedMediaType, "send the body as application/json"))
}

async fn read_bytes(parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    let limit = parts.extensions.get::<BodyLimit>().map_or(BODY_LIMIT_BYTES, |limit| limit.0);
    let mebibytes = limit >> 20;
    let too_large = || Problem::new(ProblemKind::TooLarge, format!("a body may have {mebibytes} MiB at most"));
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, limit).await.map_err(|_| too_large())
}

/// Reads a body: 400 if it is not JSON, 422 if it is but not this.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let Tree(value) = check_form(bytes)?;
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let path = error.path().clone();
        wrong(&path, &error.into_inner())
    })
}

fn check_form(bytes: &[u8]) -> Result<Tree, Problem> {
    let not_json = |detail: &str| Problem::new(ProblemKind::Malformed, detail);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(not_json("the body is empty; send a JSON object"));
    }
    if std::str::from_utf8(bytes).is_err() {
        return Err(not_json("the body is not UTF-8"));
    }
    if depth(bytes) > DEEPEST {
        return Err(not_json("the body is nested deeper than 64 levels"));
    }
    // Read as any value first: numbers and escapes are then known to be good, and what fails later fails by its type.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let tree = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().clone();
        let error = error.into_inner();
        if error.is_data() { wrong(&path, &error) } else { malformed(&error) }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(tree)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    Problem::new(ProblemKind::Malformed, format!("the body is not JSON from line {line}, column {column}"))
}

fn depth(bytes: &[u8]) -> usize {
    let (mut deepest, mut depth, mut in_text, mut escaped) = (0, 0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn wrong(path: &Path, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let mut pointer = pointer(path);
    let detail = if text.starts_with("unknown field") {
        "is not a known field".to_owned()
    } else if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        pointer = format!("{pointer}/{name}");
        "is missing".to_owned()
    } else if let Some(name) = text.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        let name = escaped(name);
        if !pointer.ends_with(&format!("/{name}")) {
            pointer = format!("{pointer}/{name}");
        }
        "is given more than once".to_owned()
    } else if text.starts_with("invalid ") || text.starts_with("unknown variant") {
        // What stands before quotes the value; what is expected is ours.
        let expected = text.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
        format!("must be {}", expected.replace('`', ""))
    } else if error.is_data() {
        if text == NOT_A_NAME {
            // The path goes on to the name within the object; what is wrong is the object.
            pointer.truncate(pointer.rfind('/').unwrap_or(0));
        }
        text.to_owned()
    } else {
        // Such as `null` where a name from a list is expected.
        "is of another type than expected".to_owned()
    };
    Problem::invalid(pointer, detail)
}

/// The path as a JSON pointer (RFC 6901); names of fields are cut, as a client may send any.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { variant } => escaped(variant),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

fn escaped(name: &str) -> String {
    name.chars().take(60).collect::<String>().replace('~', "~0").replace('/', "~1")
}
