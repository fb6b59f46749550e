//! Makes personal data unreadable, value by value; data sets as a whole are somebody else's.

mod anonymize;
mod generalize;
mod hashing;
mod logs;
mod masking;
mod redaction;
mod replacements;

pub use anonymize::{Anonymized, Anonymizer, Method, Replacer, UnknownMethod};
pub use generalize::generalized;
pub use hashing::HashKey;
pub use logs::LogMasker;
pub use masking::masked;
pub use redaction::redacted;
pub use replacements::Replacements;

/// What redaction leaves of any value (V10).
pub const REDACTED: &str = "[REDACTED]";
