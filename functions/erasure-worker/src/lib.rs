//! Plans what a person's erasure would change, carries the approved plan out, and signs a receipt.
//!
//! Trigger: SQS `erasure-worker-queue`, one step of one job per message.
//! Runs: `plan_erasure`, `seal_plan`, `approve`, `grace`, `revoke_tokens`, `begin_erasure`, `erase`, `confirm`, `conclude`.
//! Reads: jobs, keyring, data maps, sealed plans, the mapped sources. Writes: jobs + audit, sealed plans, suppressions,
//! receipts, and, alone among the functions, the mapped sources. Sends: nudges for the next steps, tokens to the issuers that revoke them.
//! If run twice: the second run sees the committed step and acknowledges; erasing a target twice changes nothing more.

mod config;
mod handler;

pub use config::Config;
pub use handler::handle;
