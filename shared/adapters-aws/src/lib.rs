//! Our own tables, queues, buckets, keys and mail on AWS: the ports of the workflow through the AWS SDKs.
//!
//! Systems that hold the customer's data are not here (see `connectors`), and no decision is: only what a call means
//! and how its failure maps to a [`workflow::ports::PortError`] without personal data.

mod audit_feed;
mod audit_index;
mod calls;
mod connect;
mod data_maps;
mod documents;
mod event_sink;
mod evidence;
mod export_store;
mod failure;
mod item;
mod job_queue;
mod job_store;
mod key_service;
mod mailer;
mod notice_topic;
mod pause;
mod receipt_signer;
#[cfg(test)]
mod replay;
mod secrets;
mod webhooks;

pub use audit_feed::DynamoAuditFeed;
pub use audit_index::DynamoAuditIndex;
pub use calls::{CallCount, CallCounter, take_calls};
pub use connect::{Aws, connect};
pub use data_maps::{PublishError, S3DataMaps};
pub use documents::{HttpsDocuments, documents};
pub use event_sink::{KinesisSink, SqsSink};
pub use evidence::{KmsCheckpointSigner, S3EvidenceStore};
pub use export_store::S3ExportStore;
pub use job_queue::{QueueUrls, SqsJobQueue};
pub use job_store::DynamoJobStore;
pub use key_service::KmsKeyService;
pub use mailer::SesMailer;
pub use notice_topic::SnsTopic;
pub use receipt_signer::KmsReceiptSigner;
pub use secrets::ManagedSecrets;
pub use webhooks::{HttpsWebhooks, outgoing_calls, webhooks};
