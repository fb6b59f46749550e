//! Webhooks as a receiver on this machine sees them: real binaries, a real signature, checked by the standard's own library.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::api::Api;
use crate::company::ADA;
use crate::harness::{Stack, pause};
use crate::tokens::Bearer;

/// What was received: headers and body.
pub(crate) type Received = Arc<Mutex<Vec<(BTreeMap<String, String>, String)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_told_of_milestones_with_a_signature_that_holds() {
    let Some(stack) = Stack::plain().await else { return };
    let (url, received) = receiver().await;
    let officer = Api::of(&stack, &Bearer::staff("sample", "dpo"));
    let settings = json!({"webhook": {"url": url, "notices": ["request_received", "export_ready"]}});
    let set = officer.call(Method::PUT, "/privacy/notices", Some(&settings), &[]).await.expect(200).json();
    let secret = set["webhook"]["secret"].as_str().unwrap().to_owned();
    let job = Api::of(&stack, &Bearer::subject("sample", ADA)).export_own(&json!({})).await;
    let ready = until_told(&received, &job, "export_ready").await;
    officer.call(Method::PUT, "/privacy/notices", Some(&json!({})), &[]).await.expect(200);
    let (headers, body) = ready;
    let seconds = headers["webhook-timestamp"].parse().unwrap();
    let library = standardwebhooks::Webhook::new(&secret).unwrap();
    let expected = library.sign(&headers["webhook-id"], seconds, body.as_bytes()).unwrap();
    assert_eq!(headers["webhook-signature"], expected);
    assert!(!body.contains(ADA) && !body.contains("ticket"), "{body}");
}

async fn until_told(received: &Received, job: &str, notice: &str) -> (BTreeMap<String, String>, String) {
    for _ in 0..60 {
        let is_it = |body: &str| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["type"] == json!(notice) && body["data"]["job_id"] == json!(job)
        };
        let found = received.lock().unwrap().iter().find(|(_, body)| is_it(body)).cloned();
        if let Some(found) = found {
            return found;
        }
        pause(500).await;
    }
    panic!("no webhook about {job} came within 30 s")
}

/// A receiver on this machine that says 204 to everything.
pub(crate) async fn receiver() -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let received = Received::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let told = take(stream).await;
            kept.lock().unwrap().push(told);
        }
    });
    (url, received)
}

async fn take(mut stream: TcpStream) -> (BTreeMap<String, String>, String) {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4_096];
        let read = stream.read(&mut some).await.unwrap();
        bytes.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if body.len() < headers["content-length"].parse().unwrap() && read > 0 {
            continue;
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
        return (headers, body.to_owned());
    }
}
