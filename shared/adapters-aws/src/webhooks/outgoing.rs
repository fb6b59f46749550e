//! Calls to processors and issuers by the same client, under the same rules; their answers are read up to 64 KiB.

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use workflow::ports::{OutgoingAnswer, OutgoingCall, OutgoingCalls, PortError, PortErrorKind};

use super::{HttpsWebhooks, LONGEST, MOST_BYTES};

const OPERATION: &str = "call another system";

#[async_trait]
impl OutgoingCalls for HttpsWebhooks {
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, PortError> {
        let late = || PortError::new(PortErrorKind::Transient, OPERATION);
        tokio::time::timeout(LONGEST, self.exchange(call)).await.map_err(|_| late())?
    }
}

impl HttpsWebhooks {
    async fn exchange(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, PortError> {
        let corrupt = || PortError::new(PortErrorKind::Corrupt, OPERATION);
        let connector = self.connector(&call.url)?;
        if call.body.expose().len() > MOST_BYTES {
            return Err(corrupt());
        }
        let answer = connector.call(request(call).ok_or_else(corrupt)?).await;
        let answer = answer.map_err(|error| PortError::caused(PortErrorKind::Transient, OPERATION, error))?;
        let status = answer.status().as_u16();
        let signature = answer.headers().get("x-opendsr-signature").map(str::to_owned);
        let mut body = ByteStream::new(answer.into_body());
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| PortError::caused(PortErrorKind::Transient, OPERATION, error))?;
            if bytes.len() + chunk.len() > MOST_BYTES {
                // The status is the answer; what is said beside it is not worth its length.
                bytes.clear();
                break;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(OutgoingAnswer { status, body: bytes, signature })
    }
}

fn request(call: &OutgoingCall) -> Option<HttpRequest> {
    let body = call.body.expose();
    let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
    request.set_method("POST").ok()?;
    request.set_uri(call.url.as_str()).ok()?;
    let headers = request.headers_mut();
    headers.try_insert("content-type", call.content_type).ok()?;
    headers.try_insert("content-length", body.len().to_string()).ok()?;
    headers.try_insert("accept", "application/json").ok()?;
    headers.try_insert("user-agent", "habeas-webhooks/1").ok()?;
    for (name, value) in &call.headers {
        headers.try_insert(*name, value.expose().clone()).ok()?;
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use domain::sensitive::Sensitive;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn call(url: String) -> OutgoingCall {
        let headers = vec![("authorization", Sensitive::new("Bearer t".to_owned()))];
        OutgoingCall { url, content_type: "application/json", headers, body: Sensitive::new("{\"a\":1}".to_owned()) }
    }

    async fn answered(answer: String) -> (OutgoingAnswer, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/requests", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            let mut bytes = [0; 4_096];
            while !String::from_utf8_lossy(&asked).ends_with("{\"a\":1}") {
                let read = stream.read(&mut bytes).await.unwrap();
                asked.extend_from_slice(&bytes[..read]);
            }
            // Whoever has read enough closes before the end.
            drop(stream.write_all(answer.as_bytes()).await);
            String::from_utf8(asked).unwrap()
        });
        let answer = HttpsWebhooks::new(true).call(&call(url)).await.unwrap();
        (answer, asked.await.unwrap())
    }

    #[tokio::test]
    async fn status_body_and_signature_come_back() {
        let said = "HTTP/1.1 201 Created\r\nX-OpenDSR-Signature: c2ln\r\ncontent-length: 2\r\n\r\n{}";
        let (answer, asked) = answered(said.to_owned()).await;
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.signature.as_deref()),
            (201, &b"{}"[..], Some("c2ln"))
        );
        assert!(asked.starts_with("POST /requests HTTP/1.1\r\n") && asked.contains("authorization: Bearer t\r\n"));
    }

    #[tokio::test]
    async fn redirects_are_answers_and_long_bodies_are_left_out() {
        let redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(answered(redirect.to_owned()).await.0.status, 302);
        let long = "x".repeat(MOST_BYTES + 1);
        let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{long}", long.len());
        let (answer, _) = answered(said).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }

    #[tokio::test]
    async fn nothing_inside_our_network_is_called() {
        for url in ["https://127.0.0.1:1/", "http://127.0.0.1:1/", "https://169.254.169.254/", "file:///etc/passwd"] {
            let refused = HttpsWebhooks::new(false).call(&call(url.to_owned())).await.map_err(|error| error.kind);
            assert_eq!(refused, Err(PortErrorKind::Denied), "{url}");
        }
    }
}
