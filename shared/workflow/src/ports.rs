//! The roles the workflow needs others to play, one trait each. Adapters implement them; nothing here names AWS.

mod alerts;
mod audit_feed;
mod clock;
mod connector;
mod data_maps;
mod deadline_alerts;
mod documents;
mod eraser;
mod error;
mod evidence_store;
mod export_store;
mod job_queue;
mod job_store;
mod key_service;
mod mailer;
mod notice_topic;
mod receipt_signer;
mod webhooks;

pub use alerts::{Alert, Alerts};
pub use audit_feed::{AuditFeed, Batch, LogHead, SEAL_SHARDS, StoredEvent, Unsealed, seal_shard};
pub use clock::{Clock, Entropy};
pub use connector::{Connector, Cursor, Media, SourceLookup, SourcePage};
pub use data_maps::DataMaps;
pub use deadline_alerts::{DeadlineAlerts, DeadlineWarning};
pub use documents::Documents;
pub use eraser::{Erased, Eraser, ErasureOrder, Target, TargetPage};
pub use error::{CommitError, PortError, PortErrorKind};
pub use evidence_store::{CheckpointSigner, EvidenceStore, Marked};
pub use export_store::{ByteRange, ExportStore, Link, ObjectHead};
pub use job_queue::JobQueue;
pub use job_store::{JobFilter, JobStore, ListPage, SortRange, WakeEntry};
pub use key_service::{DataKey, KeyContext, KeyService};
pub use mailer::{Mail, Mailer};
pub use notice_topic::{NoticeTopic, TopicMessage};
pub use receipt_signer::ReceiptSigner;
pub use webhooks::{Webhook, WebhookSender};
