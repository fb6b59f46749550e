//! The repository checks itself: dependencies, their direction, files, functions, template and documents.
//! Every check is a function from text to findings, tried on small bad inputs beside it; nothing is built or run here but cargo's own listings.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a check stops where the repository cannot be read")]

mod bans;
mod cargo;
mod contract;
mod direction;
mod documents;
mod files;
mod finding;
mod functions;
mod licences;
mod repository;
mod settings;
mod template;
mod words;
mod yaml;
