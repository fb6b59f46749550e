//! Webhooks against receivers on this machine.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn webhook(url: String) -> Webhook {
    let at = "2026-03-01T09:00:00Z".parse().unwrap();
    Webhook {
        id: "job_1-notify_ready-0".to_owned(),
        url,
        at,
        body: "{\"a\":1}".to_owned(),
        signature: "v1,x".to_owned(),
    }
}

/// Answers one call and gives back what was asked.
async fn receiver(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        let mut bytes = [0; 4_096];
        while !String::from_utf8_lossy(&asked).ends_with("{\"a\":1}") {
            let read = stream.read(&mut bytes).await.unwrap();
            asked.extend_from_slice(&bytes[..read]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    (url, asked)
}

async fn sent(answer: &'static str) -> (Result<(), PortErrorKind>, String) {
    let (url, asked) = receiver(answer).await;
    let sent = HttpsWebhooks::new(true).send(&webhook(url)).await.map_err(|error| error.kind);
    (sent, asked.await.unwrap())
}

#[tokio::test]
async fn a_webhook_arrives_with_its_signature() {
    let (sent, asked) = sent("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    assert_eq!(sent, Ok(()));
    assert!(asked.starts_with("POST /hook HTTP/1.1\r\n"), "{asked}");
    for header in ["webhook-id: job_1-notify_ready-0", "webhook-timestamp: 1772355600", "webhook-signature: v1,x"] {
        assert!(asked.contains(&format!("{header}\r\n")), "{asked}");
    }
}

#[tokio::test]
async fn redirects_and_refusals_are_final_and_failures_are_not() {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(sent(redirect).await.0, Err(PortErrorKind::Denied));
    assert_eq!(sent("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n").await.0, Err(PortErrorKind::Denied));
    assert_eq!(sent("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n").await.0, Err(PortErrorKind::Transient));
    assert_eq!(sent("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await.0, Err(PortErrorKind::Transient));
}

#[tokio::test]
async fn nothing_inside_our_network_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "127.1", "169.254.169.254", "[::1]"] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/");
            let refused = HttpsWebhooks::new(false).send(&webhook(url.clone())).await.map_err(|error| error.kind);
            assert_eq!(refused, Err(PortErrorKind::Denied), "{url}");
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "somebody connected");
}

#[tokio::test]
async fn a_large_body_is_not_sent() {
    let large = Webhook { body: "x".repeat(MOST_BYTES + 1), ..webhook("https://example.com/".to_owned()) };
    let refused = HttpsWebhooks::new(false).send(&large).await.map_err(|error| error.kind);
    assert_eq!(refused, Err(PortErrorKind::Corrupt));
}
