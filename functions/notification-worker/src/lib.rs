//! Tells the person: received, here is a code, ready.
//!
//! Trigger: SQS `notification-worker-queue`, one notice of one job per message.
//! Reads: job, job key. Writes: steps and audit events, hashed codes and tickets. Sends: mail.
//! If run twice: a committed notice is not sent again; a crash between sending and committing sends it once more.

mod handler;

pub use handler::handle;
