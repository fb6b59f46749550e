//! Documents over HTTPS, by the client the SDKs use: no redirects, no cookies, 256 KiB and five seconds at most.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use workflow::ports::{Documents, PortError, PortErrorKind};

const OPERATION: &str = "fetch document";
const MOST_BYTES: usize = 256 * 1024;
const LONGEST: Duration = Duration::from_secs(5);

/// Fetches documents; a connection is kept open for the next one.
#[derive(Debug)]
pub struct HttpsDocuments {
    // Dependencies.
    https: Connector,
    // Configuration.
    /// Plain HTTP, which only a local stack is given.
    http: Option<Connector>,
}

/// Documents over HTTPS; over plain HTTP as well on a local stack.
#[must_use]
pub fn documents(is_local: bool) -> Arc<dyn Documents> {
    Arc::new(HttpsDocuments::new(is_local))
}

impl HttpsDocuments {
    /// Documents over HTTPS; over plain HTTP as well where that was asked for.
    #[must_use]
    pub fn new(allows_http: bool) -> Self {
        let https = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        Self { https, http: allows_http.then(|| Connector::builder().build_http()) }
    }

    fn connector(&self, url: &str) -> Result<&Connector, PortError> {
        let denied = || PortError::new(PortErrorKind::Denied, OPERATION);
        if url.starts_with("https://") {
            return Ok(&self.https);
        }
        self.http.as_ref().filter(|_| url.starts_with("http://")).ok_or_else(denied)
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, PortError> {
        let failed = |kind| PortError::new(kind, OPERATION);
        let connector = self.connector(url)?;
        let mut request = HttpRequest::get(url).map_err(|_| failed(PortErrorKind::Corrupt))?;
        request.headers_mut().insert("accept", "application/json");
        let answer = connector.call(request).await;
        let answer = answer.map_err(|error| PortError::caused(PortErrorKind::Transient, OPERATION, error))?;
        let status = answer.status().as_u16();
        if status != 200 {
            // A redirect as well: where it leads nobody has configured.
            return Err(failed(if status >= 500 { PortErrorKind::Transient } else { PortErrorKind::Denied }));
        }
        let mut body = ByteStream::new(answer.into_body());
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| PortError::caused(PortErrorKind::Transient, OPERATION, error))?;
            if bytes.len() + chunk.len() > MOST_BYTES {
                return Err(failed(PortErrorKind::Corrupt));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

#[async_trait]
impl Documents for HttpsDocuments {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, PortError> {
        let late = || PortError::new(PortErrorKind::Transient, OPERATION);
        tokio::time::timeout(LONGEST, self.get(url)).await.map_err(|_| late())?
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one call with these bytes.
    async fn answering(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4_096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /keys HTTP/1.1"));
            // Whoever refuses the answer closes before its end.
            drop(stream.write_all(&answer).await);
        });
        url
    }

    fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    async fn fetched(answer: Vec<u8>) -> Result<Vec<u8>, PortErrorKind> {
        HttpsDocuments::new(true).fetch(&answering(answer).await).await.map_err(|error| error.kind)
    }

    #[tokio::test]
    async fn a_document_is_fetched() {
        assert_eq!(fetched(with_body("200 OK", b"{\"keys\":[]}")).await, Ok(b"{\"keys\":[]}".to_vec()));
    }

    #[tokio::test]
    async fn redirects_failures_and_large_answers_are_refused() {
        let redirect = "302 Found\r\nlocation: http://127.0.0.1:1/elsewhere";
        assert_eq!(fetched(with_body(redirect, b"")).await, Err(PortErrorKind::Denied));
        assert_eq!(fetched(with_body("404 Not Found", b"")).await, Err(PortErrorKind::Denied));
        assert_eq!(fetched(with_body("503 Busy", b"")).await, Err(PortErrorKind::Transient));
        assert_eq!(fetched(with_body("200 OK", &vec![b' '; MOST_BYTES + 1])).await, Err(PortErrorKind::Corrupt));
        assert_eq!(
            fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()).await,
            Err(PortErrorKind::Transient)
        );
    }

    #[tokio::test]
    async fn plain_http_is_for_local_stacks_only() {
        let url = answering(with_body("200 OK", b"{}")).await;
        let refused = HttpsDocuments::new(false).fetch(&url).await.map_err(|error| error.kind);
        assert_eq!(refused, Err(PortErrorKind::Denied));
        let odd = HttpsDocuments::new(true).fetch("file:///etc/passwd").await.map_err(|error| error.kind);
        assert_eq!(odd, Err(PortErrorKind::Denied));
    }
}
