//! Tells the person: the request has arrived, here is a code, the archive is ready.
//!
//! Trigger: SQS `notification-worker-queue`, one notice per message.
//! Runs: `notify_received`, `notify_code`, `notify_ready`.
//! Reads: jobs, keyring. Writes: jobs + audit, the hashed code or ticket. Sends: mail by SES, nudges.
//! If run twice: the second run sees the committed step; a crash between the mail and the commit can double one mail.

mod config;
mod handler;

pub use config::Config;
pub use handler::handle;
