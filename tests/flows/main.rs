//! Whole stories, from the HTTP event to the audit trail, through the real handlers on memory adapters.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken story may stop the test")]

mod access_known;
mod access_unknown;
mod attempts;
mod audit_trail;
mod automation_off;
mod bad_calls;
mod bad_input;
mod bad_maps;
mod bad_tokens;
mod call;
mod caller;
mod canaries;
mod cancelling;
mod clock_acts;
mod deadlines;
mod graph;
mod house;
mod idempotency;
mod isolation;
mod legal_year;
mod listing;
mod manual;
mod maps;
mod mixed_case;
mod needs_human;
mod organisation;
mod portability;
mod quotas;
mod resending;
mod residency;
mod retention;
mod second_tenant;
mod signed_in;
mod slices;
mod tampering;
