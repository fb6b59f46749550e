//! The operator's topic: notices for whoever subscribes to it. Subscribers get ids and dates only.

use async_trait::async_trait;

use super::PortError;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMessage {
    /// Id of the cause; the topic may deliver twice, and this tells a repetition.
    pub id: String,
    /// The name of the notice, for filters of subscriptions.
    pub notice: String,
    /// The tenant, for filters of subscriptions.
    pub tenant: String,
    /// JSON, the same as a webhook's.
    pub body: String,
}

/// Publishes to one topic.
#[async_trait]
pub trait NoticeTopic: Send + Sync {
    /// Hands a message to the service; success means accepted.
    async fn publish(&self, message: &TopicMessage) -> Result<(), PortError>;
}
