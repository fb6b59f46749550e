//! Webhooks by the client the SDKs use: HTTPS only, public addresses only, no redirects, 64 KiB and ten seconds at most.
//!
//! A name is resolved once and only its public addresses are connected to, so that no second answer can lead elsewhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use workflow::ports::{OutgoingCalls, PortError, PortErrorKind, Webhook, WebhookSender};
use workflow::webhook::checked_url;

use self::address::PublicAddresses;

mod address;
mod outgoing;

const OPERATION: &str = "send webhook";
const MOST_BYTES: usize = 64 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// Posts webhooks to public HTTPS addresses.
#[derive(Debug)]
pub struct HttpsWebhooks {
    // Dependencies.
    https: Connector,
    /// Any address over plain HTTP, which only a local stack is given.
    http: Option<Connector>,
}

/// Webhooks to public HTTPS addresses; on a local stack to this machine over plain HTTP as well.
#[must_use]
pub fn webhooks(is_local: bool) -> Arc<dyn WebhookSender> {
    Arc::new(HttpsWebhooks::new(is_local))
}

/// Calls to systems of others, under the rules of webhooks.
#[must_use]
pub fn outgoing_calls(is_local: bool) -> Arc<dyn OutgoingCalls> {
    Arc::new(HttpsWebhooks::new(is_local))
}

impl HttpsWebhooks {
    /// Webhooks to public HTTPS addresses; over plain HTTP as well where that was asked for.
    #[must_use]
    pub fn new(allows_http: bool) -> Self {
        let https = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        let https = https.build_with_resolver(PublicAddresses);
        Self { https, http: allows_http.then(|| Connector::builder().build_http()) }
    }

    fn connector(&self, url: &str) -> Result<&Connector, PortError> {
        if let Some(http) = self.http.as_ref().filter(|_| url.starts_with("http://")) {
            return Ok(http);
        }
        // A literal address never reaches the resolver.
        if checked_url(url).is_err() {
            return Err(PortError::new(PortErrorKind::Denied, OPERATION));
        }
        Ok(&self.https)
    }

    async fn post(&self, webhook: &Webhook) -> Result<(), PortError> {
        let failed = |kind| PortError::new(kind, OPERATION);
        let connector = self.connector(&webhook.url)?;
        if webhook.body.len() > MOST_BYTES {
            return Err(failed(PortErrorKind::Corrupt));
        }
        let request = request(webhook).ok_or_else(|| failed(PortErrorKind::Corrupt))?;
        let answer = connector.call(request).await;
        // The error of a refused address and of an unreachable one look alike; both may have changed by the next try.
        let answer = answer.map_err(|error| PortError::caused(PortErrorKind::Transient, OPERATION, error))?;
        // What the receiver says beside its status is of no use, and its length is the receiver's: it is not read.
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500..=599 => Err(failed(PortErrorKind::Transient)),
            // A redirect as well: where it leads nobody has configured.
            _ => Err(failed(PortErrorKind::Denied)),
        }
    }
}

fn request(webhook: &Webhook) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(SdkBody::from(webhook.body.as_str()));
    request.set_method("POST").ok()?;
    request.set_uri(webhook.url.as_str()).ok()?;
    let headers = request.headers_mut();
    headers.try_insert("content-type", "application/json").ok()?;
    headers.try_insert("content-length", webhook.body.len().to_string()).ok()?;
    headers.try_insert("user-agent", "habeas-webhooks/1").ok()?;
    headers.try_insert("webhook-id", webhook.id.clone()).ok()?;
    headers.try_insert("webhook-timestamp", webhook.at.as_second().to_string()).ok()?;
    headers.try_insert("webhook-signature", webhook.signature.clone()).ok()?;
    Some(request)
}

#[async_trait]
impl WebhookSender for HttpsWebhooks {
    async fn send(&self, webhook: &Webhook) -> Result<(), PortError> {
        let late = || PortError::new(PortErrorKind::Transient, OPERATION);
        tokio::time::timeout(LONGEST, self.post(webhook)).await.map_err(|_| late())?
    }
}

#[cfg(test)]
mod tests;
