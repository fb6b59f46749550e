//! The whole function over HTTP, on memory adapters: what is accepted, what is refused and with which words.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken test house may stop the test")]

mod any_input;
mod bad_input;
mod flow;
mod house;
mod tenants;
