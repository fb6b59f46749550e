//! A small client of the Habeas API and of the objects it links to: plain HTTP to this machine.

use std::path::Path;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// The API, called with one token.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    /// Address without a slash at the end.
    pub(crate) url: String,
    /// Bearer token.
    pub(crate) token: String,
}

/// A JSON answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Status code.
    pub(crate) status: StatusCode,
    /// Body; null if there was none.
    pub(crate) body: Value,
}

impl Reply {
    /// The body of an answer that had to be a success.
    pub(crate) fn expect_success(self, what: &str) -> anyhow::Result<Value> {
        let problem = self.body.get("detail").or(self.body.get("title")).and_then(Value::as_str).unwrap_or("no detail");
        ensure!(self.status.is_success(), "{what}: {} - {problem}", self.status);
        Ok(self.body)
    }
}

impl Api {
    /// GET.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.call(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// GET of a text that had to be a success.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let url = format!("{}/api/v1{path}", self.url);
        let request = Request::builder().method(Method::GET).header("authorization", format!("Bearer {}", self.token));
        let answer = send(request, &url, Bytes::new()).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.context("the answer broke off")?.to_bytes();
        ensure!(status.is_success(), "{path} answered {status}");
        String::from_utf8(bytes.to_vec()).context("the answer is not text")
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Reply> {
        let url = format!("{}/api/v1{path}", self.url);
        let mut request = Request::builder().method(method).header("authorization", format!("Bearer {}", self.token));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let bytes = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let answer = send(request, &url, Bytes::from(bytes)).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.context("the answer broke off")?.to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        Ok(Reply { status, body })
    }
}

/// Where a link leads: the `Location` of a 303.
pub(crate) async fn location(url: &str) -> anyhow::Result<String> {
    let answer = send(Request::builder().method(Method::GET), url, Bytes::new()).await?;
    let status = answer.status();
    ensure!(status == StatusCode::SEE_OTHER, "the download link answered {status}");
    let location = answer.headers().get("location").context("the redirect names no place")?;
    Ok(location.to_str().context("the redirect is not readable")?.to_owned())
}

/// GET of JSON from any address on this machine.
pub(crate) async fn json(url: &str) -> anyhow::Result<Value> {
    let answer = send(Request::builder().method(Method::GET), url, Bytes::new()).await?;
    let bytes = answer.into_body().collect().await?.to_bytes();
    serde_json::from_slice(&bytes).with_context(|| format!("{url} did not answer with JSON"))
}

/// Streams an object into a file; gives back its length.
pub(crate) async fn download(url: &str, to: &Path) -> anyhow::Result<u64> {
    let answer = send(Request::builder().method(Method::GET), url, Bytes::new()).await?;
    let status = answer.status();
    ensure!(status.is_success(), "the signed link answered {status}");
    let mut file = tokio::fs::File::create(to).await.with_context(|| format!("cannot write {}", to.display()))?;
    let mut body = answer.into_body();
    let mut written = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.context("the download broke off")?.into_data() {
            written += data.len() as u64;
            file.write_all(&data).await?;
        }
    }
    file.flush().await?;
    Ok(written)
}

async fn send(request: http::request::Builder, url: &str, body: Bytes) -> anyhow::Result<http::Response<Incoming>> {
    let (authority, path) = crate::http::split(url)?;
    // Names such as bucket.s3.localhost resolve to this machine in browsers only.
    let address = match authority.rsplit_once(':') {
        Some((host, port)) if host.ends_with("localhost") => format!("127.0.0.1:{port}"),
        _ => authority.to_owned(),
    };
    let stream = TcpStream::connect(&address).await.with_context(|| format!("no answer from {address}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = request.uri(format!("/{path}")).header("host", authority).body(Full::new(body))?;
    sender.send_request(request).await.with_context(|| format!("no answer from {address}"))
}
