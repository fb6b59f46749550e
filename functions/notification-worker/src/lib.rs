//! Tells the person of each milestone, whoever else the tenant wants told (officers, a webhook, the topic), and
//! processors of what was erased (GDPR Art. 19).
//!
//! Trigger: SQS `notification-worker-queue`, one notice per message, or one event of SES.
//! Runs: every `notify_…` step, `tell_processor`; records what became of a mail.
//! Reads: jobs, settings of notices, data maps, keyring, what a processor is told, secrets of processors. Writes: jobs + audit, the hashed code or ticket. Sends: mail by SES, webhooks, calls of processors, SNS messages, nudges.
//! If run twice: the second run sees the committed step; a crash between the mail and the commit can double one mail.

mod config;
mod handler;
mod message;
mod wiring;

pub use config::Config;
pub use handler::handle;
pub use message::Message;
pub use wiring::processors;
