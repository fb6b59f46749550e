//! The ports of the workflow in memory: one seeded world that can be inspected, copied, restored and made to fail.
//!
//! Nothing here waits, reads a clock or touches the network. Semantics are those of the AWS adapters
//! (`tests/contracts` holds both to one suite); the faults and the deliberate bugs are for tests only.

mod alerts;
mod audit_feed;
mod audit_index;
mod call;
mod clock;
mod data_maps;
mod event_sink;
mod evidence;
mod export_store;
mod faults;
mod job_queue;
mod job_store;
mod key_service;
mod mailer;
mod mutants;
mod notices;
mod outgoing;
mod random;
mod receipt_signer;
mod source;
mod state;
mod world;

pub use alerts::MemoryAlerts;
pub use audit_feed::MemoryAuditFeed;
pub use audit_index::MemoryAuditIndex;
pub use call::yield_once;
pub use clock::{MemoryClock, MemoryEntropy};
pub use data_maps::MemoryDataMaps;
pub use event_sink::{MaskedStream, MemoryEventSink};
pub use evidence::{Evidence, MemoryCheckpointSigner, MemoryEvidenceStore, Versions};
pub use export_store::{MemoryExportStore, MintedLink, Object, Objects, Upload};
pub use faults::{Call, Chaos, Fault, Faults, Point, Side};
pub use job_queue::{Delivery, MemoryJobQueue, Message, Queues, Sent};
pub use job_store::{Commit, MemoryJobStore, Verb, Write};
pub use key_service::{MasterKey, MemoryKeyService};
pub use mailer::{MemoryMailer, Outbox};
pub use mutants::{Mutant, Mutants};
pub use notices::{MemoryTopic, MemoryWebhooks};
pub use outgoing::{MemoryOutgoing, MemorySecrets, Outside};
pub use random::SplitMix;
pub use receipt_signer::MemoryReceiptSigner;
pub use source::{Effect, MediaObject, MemoryEraser, MemoryRetentionSource, MemorySource, Sources, Table};
pub use state::State;
pub use world::{MemoryWorld, Snapshot};
