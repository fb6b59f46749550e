//! The roles the workflow needs others to play, one trait each. Adapters implement them; nothing here names AWS.

mod alerts;
mod clock;
mod connector;
mod data_maps;
mod deadline_alerts;
mod error;
mod export_store;
mod job_queue;
mod job_store;
mod key_service;
mod mailer;

pub use alerts::{Alert, Alerts};
pub use clock::{Clock, Entropy};
pub use connector::{Connector, Cursor, Media, SourceLookup, SourcePage};
pub use data_maps::DataMaps;
pub use deadline_alerts::{DeadlineAlerts, DeadlineWarning};
pub use error::{CommitError, PortError, PortErrorKind};
pub use export_store::{ByteRange, ExportStore, Link, ObjectHead};
pub use job_queue::JobQueue;
pub use job_store::{JobFilter, JobStore, ListPage, WakeEntry};
pub use key_service::{DataKey, KeyContext, KeyService};
pub use mailer::{Mail, Mailer};
