//! Tells the person of each milestone, and whoever else the tenant wants told: officers, a webhook, the topic.
//!
//! Trigger: SQS `notification-worker-queue`, one notice per message.
//! Runs: every `notify_…` step.
//! Reads: jobs, settings of notices, keyring. Writes: jobs + audit, the hashed code or ticket. Sends: mail by SES, webhooks, SNS messages, nudges.
//! If run twice: the second run sees the committed step; a crash between the mail and the commit can double one mail.

mod config;
mod handler;

pub use config::Config;
pub use handler::handle;
