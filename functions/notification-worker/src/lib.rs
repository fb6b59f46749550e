//! Tells the person of each milestone, and whoever else the tenant wants told: officers, a webhook, the topic.
//!
//! Trigger: SQS `notification-worker-queue`, one notice per message, or one event of SES.
//! Runs: every `notify_…` step; records what became of a mail.
//! Reads: jobs, settings of notices, data maps, keyring. Writes: jobs + audit, the hashed code or ticket. Sends: mail by SES, webhooks, SNS messages, nudges.
//! If run twice: the second run sees the committed step; a crash between the mail and the commit can double one mail.

mod config;
mod handler;
mod message;

pub use config::Config;
pub use handler::handle;
pub use message::Message;
