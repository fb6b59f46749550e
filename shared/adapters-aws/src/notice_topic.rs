//! Notices by SNS. A standard topic has no idempotency: the id of the cause travels as an attribute.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;
use workflow::ports::{NoticeTopic, PortError, PortErrorKind, TopicMessage};

use crate::failure::failed;

const OPERATION: &str = "publish notice";

/// One topic.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    // Dependencies.
    client: Client,
    // Configuration.
    topic_arn: String,
}

impl SnsTopic {
    pub(crate) fn new(client: Client, topic_arn: &str) -> Self {
        Self { client, topic_arn: topic_arn.to_owned() }
    }
}

#[async_trait]
impl NoticeTopic for SnsTopic {
    async fn publish(&self, message: &TopicMessage) -> Result<(), PortError> {
        let mut request = self.client.publish().topic_arn(&self.topic_arn).message(&message.body);
        for (name, value) in [("id", &message.id), ("notice", &message.notice), ("tenant", &message.tenant)] {
            request = request.message_attributes(name, attribute(value).map_err(not_built)?);
        }
        request.send().await.map(|_| ()).map_err(|error| failed(OPERATION, error))
    }
}

fn attribute(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}

fn not_built(source: BuildError) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, OPERATION, source)
}
