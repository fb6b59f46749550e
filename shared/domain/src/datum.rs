//! The value of one field of a stored row, exact: numbers keep the digits they came with.
//!
//! JSON in and out is done here, by hand, because a number must never pass through a float.

mod compare;
mod json_error;
mod json_number;
mod parse;
mod path;
mod plain_run;
mod write;

pub use compare::same_value;
pub use json_error::{JsonError, JsonErrorKind};
pub use json_number::is_json_number;
pub use parse::MAXIMUM_DEPTH;

use serde::{Deserialize, Serialize};

/// A value as a source holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Datum {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as the digits it came with.
    Number(String),
    /// A text.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// An ordered list.
    List(Vec<Self>),
    /// Named values in the order they came.
    Map(Vec<(String, Self)>),
}

impl Datum {
    /// The text, if this is one; a number is not a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
            Self::Bytes(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}
