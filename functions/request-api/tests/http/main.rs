//! The whole function over HTTP, on memory adapters: what is accepted, what is refused and with which words.

mod bad_input;
mod flow;
mod house;
mod tenants;
