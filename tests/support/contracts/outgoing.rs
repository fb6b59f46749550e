//! The contracts of calls to systems of others and of the secrets they are made with.

use std::sync::Arc;

use domain::sensitive::Sensitive;
use workflow::ports::{OutgoingAnswer, OutgoingCall, OutgoingCalls, PortErrorKind, Secrets};

use crate::contracts::Case;
use crate::names::Names;

/// What calls, and somebody who answers 2xx.
pub struct Outgoing {
    /// What calls.
    pub calls: Arc<dyn OutgoingCalls>,
    /// Where somebody answers.
    pub url: String,
}

impl Outgoing {
    async fn call_to(&self, url: &str, id: &str) -> Result<OutgoingAnswer, PortErrorKind> {
        let headers = vec![("webhook-id", Sensitive::new(id.to_owned()))];
        let body = Sensitive::new(r#"{"type":"erasure_requested"}"#.to_owned());
        let call = OutgoingCall { url: url.to_owned(), content_type: "application/json", headers, body };
        self.calls.call(&call).await.map_err(|error| error.kind)
    }
}

/// The cases of calls.
pub const CALL_CASES: &[Case<Outgoing>] = &[
    ("a_call_is_answered_however_often_it_is_made", |calls, names| Box::pin(is_answered(calls, names))),
    ("nothing_inside_our_network_is_called", |calls, names| Box::pin(nothing_inside_is_called(calls, names))),
];

/// The cases of secrets.
pub const SECRET_CASES: &[Case<dyn Secrets>] =
    &[("a_secret_that_is_not_there_is_not_found", |secrets, names| Box::pin(is_not_found(secrets, names)))];

async fn is_answered(calls: &Outgoing, names: &mut Names) {
    let id = names.job().to_string();
    for _ in 0..2 {
        let answer = calls.call_to(&calls.url, &id).await.unwrap();
        assert!((200..300).contains(&answer.status), "{answer:?}");
    }
}

async fn nothing_inside_is_called(calls: &Outgoing, names: &mut Names) {
    let id = names.job().to_string();
    for url in ["https://169.254.169.254/", "https://localhost/", "https://10.0.0.1/", "file:///etc/passwd"] {
        assert_eq!(calls.call_to(url, &id).await, Err(PortErrorKind::Denied), "{url}");
    }
}

async fn is_not_found(secrets: &dyn Secrets, names: &mut Names) {
    let read = secrets.read(&names.tenant(), "processors/nobody").await;
    assert_eq!(read.map_err(|error| error.kind).err(), Some(PortErrorKind::NotFound));
}
