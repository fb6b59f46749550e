//! What can be wrong with JSON: a place and a kind, never the content.

use thiserror::Error;

/// Why bytes are not JSON we accept, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("invalid JSON at byte {offset}: {kind}")]
pub struct JsonError {
    /// How many bytes were read before the mistake.
    pub offset: usize,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// What can be wrong with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonErrorKind {
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    InvalidUtf8,
    /// The value is cut off.
    #[error("the value is cut off")]
    UnexpectedEnd,
    /// A byte that can't stand here.
    #[error("unexpected byte")]
    UnexpectedByte,
    /// Not a number by RFC 8259 §6.
    #[error("not a number")]
    InvalidNumber,
    /// An escape that JSON does not know.
    #[error("unknown escape")]
    InvalidEscape,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// A control character that must be escaped.
    #[error("control character in a text")]
    ControlCharacter,
    /// The same name twice in one map; the place is the end of that map.
    #[error("the same name twice in one map")]
    DuplicateKey,
    /// Deeper than [`MAXIMUM_DEPTH`](super::MAXIMUM_DEPTH).
    #[error("nested too deep")]
    TooDeep,
    /// More bytes after the value.
    #[error("more bytes after the value")]
    TrailingBytes,
}
