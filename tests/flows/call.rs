//! A call being written, the answer as it is read, and an archive as a person opens it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The id of the job that was accepted.
    pub(crate) fn job(&self) -> String {
        assert_eq!(self.status, 202, "{}", self.body);
        self.body["id"].as_str().unwrap().to_owned()
    }
}

/// A request being written.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::raw(path, body.to_string())
    }

    pub(crate) fn raw(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: "POST", path: path.into(), headers, body: body.into() }
    }

    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        let value = format!("Bearer {token}");
        self.with("authorization", &value)
    }

    pub(crate) fn request(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

pub(crate) async fn answered(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status.as_u16(), headers: parts.headers, body, bytes }
}

/// The files of an archive by name, after its checksums were checked.
pub(crate) fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let verified = archive::verify(Cursor::new(archive)).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.name().unwrap().into_owned(), bytes);
    }
    files
}

/// The rows of a collection in an archive, over all its files.
pub(crate) fn rows(files: &BTreeMap<String, Vec<u8>>, collection: &str) -> Vec<Value> {
    let (dataset, name) = collection.split_once('.').unwrap();
    let of_collection = |path: &str| path.starts_with("json/") && path.contains(dataset) && path.contains(name);
    let mut files: Vec<_> = files.iter().filter(|(path, _)| of_collection(path)).collect();
    // The first file of a collection has the plain name, which is not the first of them by its letters.
    files.sort_by_key(|(path, _)| (path.len(), *path));
    let texts = files.into_iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
    texts.flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()).collect()
}

/// A request for access by e-mail address.
pub(crate) fn access(email: &str) -> Value {
    json!({"type": "access", "subject": {"identities": [{"type": "email", "value": email}]}})
}
