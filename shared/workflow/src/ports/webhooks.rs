//! Webhooks: a signed POST to an address a tenant has named. What is signed and how is in `crate::webhook`.

use async_trait::async_trait;
use jiff::Timestamp;

use super::PortError;

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Id of the cause, the same at every attempt: the receiver drops what it has seen (Standard Webhooks `webhook-id`).
    pub id: String,
    /// Where it goes.
    pub url: String,
    /// When this attempt was signed.
    pub at: Timestamp,
    /// JSON: ids, dates and words of ours, never personal data.
    pub body: String,
    /// `v1,` and the signature over id, time and body.
    pub signature: String,
}

/// Delivers webhooks.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts one; success means the receiver answered 2xx.
    ///
    /// `Denied` where the address is none we call (not HTTPS, inside our network, a redirect) or the receiver refused for
    /// good; `Transient` where trying again may help.
    async fn send(&self, webhook: &Webhook) -> Result<(), PortError>;
}
