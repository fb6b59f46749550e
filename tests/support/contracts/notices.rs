//! The contracts of webhooks and of the topic.

use std::sync::Arc;

use workflow::ports::{NoticeTopic, PortErrorKind, TopicMessage, Webhook, WebhookSender};

use crate::contracts::Case;
use crate::names::Names;

/// A sender, and a receiver that takes what it is sent.
pub struct Hooks {
    /// The sender.
    pub sender: Arc<dyn WebhookSender>,
    /// Where the receiver is reached.
    pub url: String,
}

impl Hooks {
    /// Sends one webhook to the receiver.
    ///
    /// # Errors
    /// What kind of failure it was.
    pub async fn send(&self, id: &str) -> Result<(), PortErrorKind> {
        self.send_to(&self.url, id).await
    }

    async fn send_to(&self, url: &str, id: &str) -> Result<(), PortErrorKind> {
        let webhook = Webhook {
            id: id.to_owned(),
            url: url.to_owned(),
            at: "2026-03-01T09:00:00Z".parse().unwrap(),
            body: r#"{"type":"request_received"}"#.to_owned(),
            signature: "v1,c2lnbmF0dXJl".to_owned(),
        };
        self.sender.send(&webhook).await.map_err(|error| error.kind)
    }
}

/// The cases of webhooks.
pub const WEBHOOK_CASES: &[Case<Hooks>] = &[
    ("a_webhook_is_accepted_and_accepted_again", |hooks, names| Box::pin(is_accepted(hooks, names))),
    ("nothing_inside_our_network_is_called", |hooks, names| Box::pin(nothing_inside_is_called(hooks, names))),
];

/// The cases of the topic.
pub const TOPIC_CASES: &[Case<dyn NoticeTopic>] =
    &[("a_message_is_accepted", |topic, names| Box::pin(message_is_accepted(topic, names)))];

async fn is_accepted(hooks: &Hooks, names: &mut Names) {
    let id = names.job().to_string();
    assert_eq!(hooks.send(&id).await, Ok(()));
    assert_eq!(hooks.send(&id).await, Ok(()));
}

async fn nothing_inside_is_called(hooks: &Hooks, names: &mut Names) {
    let id = names.job().to_string();
    for url in
        ["https://169.254.169.254/latest/meta-data/", "https://localhost/", "https://10.0.0.1/", "file:///etc/passwd"]
    {
        assert_eq!(hooks.send_to(url, &id).await, Err(PortErrorKind::Denied), "{url}");
    }
}

async fn message_is_accepted(topic: &dyn NoticeTopic, names: &mut Names) {
    let message = TopicMessage {
        id: names.job().to_string(),
        notice: "request_received".to_owned(),
        tenant: names.tenant().to_string(),
        body: r#"{"type":"request_received","text":"Grüße"}"#.to_owned(),
    };
    topic.publish(&message).await.unwrap();
}
