//! Mail that goes nowhere but can be read by tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use workflow::ports::{Mail, Mailer, PortError, PortErrorKind, TopicMessage, Webhook};

use crate::world::MemoryWorld;

/// What was sent, and to whom nothing may be sent.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// Accepted mails with the time, oldest first.
    pub sent: Vec<(Timestamp, Arc<Mail>)>,
    /// Addresses that are refused.
    pub suppressed: BTreeSet<String>,
    /// Whether the service is out of order.
    pub is_down: bool,
    /// Delivered webhooks with the time, oldest first.
    pub webhooks: Vec<(Timestamp, Arc<Webhook>)>,
    /// Whether the receivers of webhooks are out of order.
    pub receivers_are_down: bool,
    /// Whether the deployment has a topic; asked when sandboxes are made.
    pub has_topic: bool,
    /// Published messages with the time, oldest first.
    pub published: Vec<(Timestamp, Arc<TopicMessage>)>,
}

/// Sends mail to the outbox of the world.
#[derive(Debug, Clone)]
pub struct MemoryMailer {
    world: MemoryWorld,
}

impl MemoryMailer {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.world
            .call("send_mail", |state| {
                if state.outbox.is_down {
                    return Err(PortError::new(PortErrorKind::Transient, "send_mail"));
                }
                if state.outbox.suppressed.contains(mail.to.expose()) {
                    return Err(PortError::new(PortErrorKind::Denied, "send_mail"));
                }
                let at = state.now;
                state.outbox.sent.push((at, Arc::new(mail.clone())));
                Ok(())
            })
            .await
    }
}
