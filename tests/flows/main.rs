//! Whole stories, from the HTTP event to the audit trail, through the real handlers on memory adapters.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken story may stop the test")]

mod access_known;
mod access_unknown;
mod attempts;
mod automation_off;
mod caller;
mod cancelling;
mod house;
mod idempotency;
mod manual;
mod maps;
mod needs_human;
mod organisation;
mod portability;
mod quotas;
mod resending;
mod signed_in;
