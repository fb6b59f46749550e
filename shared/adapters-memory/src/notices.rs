//! Webhooks and a topic that reach nobody but can be read by tests.

use std::sync::Arc;

use async_trait::async_trait;
use workflow::ports::{NoticeTopic, PortError, PortErrorKind, TopicMessage, Webhook, WebhookSender};
use workflow::webhook::checked_url;

use crate::world::MemoryWorld;

/// Delivers webhooks to the outbox of the world.
#[derive(Debug, Clone)]
pub struct MemoryWebhooks {
    world: MemoryWorld,
}

impl MemoryWebhooks {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl WebhookSender for MemoryWebhooks {
    async fn send(&self, webhook: &Webhook) -> Result<(), PortError> {
        self.world
            .call("send_webhook", |state| {
                if checked_url(&webhook.url).is_err() {
                    return Err(PortError::new(PortErrorKind::Denied, "send_webhook"));
                }
                if state.outbox.receivers_are_down {
                    return Err(PortError::new(PortErrorKind::Transient, "send_webhook"));
                }
                let at = state.now;
                state.outbox.webhooks.push((at, Arc::new(webhook.clone())));
                Ok(())
            })
            .await
    }
}

/// Publishes to the outbox of the world.
#[derive(Debug, Clone)]
pub struct MemoryTopic {
    world: MemoryWorld,
}

impl MemoryTopic {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl NoticeTopic for MemoryTopic {
    async fn publish(&self, message: &TopicMessage) -> Result<(), PortError> {
        self.world
            .call("publish_notice", |state| {
                let at = state.now;
                state.outbox.published.push((at, Arc::new(message.clone())));
                Ok(())
            })
            .await
    }
}
