//! The flag that takes a row out of use while its erasure may still be taken back.

use serde::{Deserialize, Serialize};

/// An attribute of each row, and what it says of a row that must not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The attribute; it need not be declared.
    pub field: String,
    /// The text that it holds then.
    pub value: String,
}
