//! What is wrong with an object, told by position only: neither its key nor its content is repeated.

use workflow::ports::{PortError, PortErrorKind};

/// Longest record that is read, so that memory stays constant whatever an object holds.
pub(super) const MAX_RECORD_BYTES: usize = 16 << 20;

/// Longest stretch of bytes that is kept as it came: a record with each quote doubled, and blank lines before it.
pub(super) const MAX_RAW_BYTES: usize = 2 * MAX_RECORD_BYTES;

/// A record that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line it starts on, from 1.
    pub(super) line: u64,
    pub(super) what: What,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum What {
    #[error("not a JSON object")]
    NotAnObject,
    #[error("not text in UTF-8")]
    NotUtf8,
    #[error("longer than a record may be")]
    TooLong,
    #[error("not as many fields as the header")]
    FieldCount,
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("the header names a column twice")]
    DoubleColumn,
    #[error("the header lacks the field that is looked up")]
    MissingColumn,
    #[error("not in gzip form, or cut off")]
    NotGzip,
    #[error("not in zstd form, or cut off")]
    NotZstd,
    #[error("not in Parquet form, cut off, or of a kind that is not read")]
    NotParquet,
}

#[derive(Debug, thiserror::Error)]
#[error("object {ordinal} in listing order, line {line}: {what}")]
struct BrokenObject {
    ordinal: u64,
    line: u64,
    what: What,
}

impl Broken {
    /// The error of the port, with the position of the object.
    pub(super) fn of_object(self, ordinal: u64) -> PortError {
        let cause = BrokenObject { ordinal, line: self.line, what: self.what };
        PortError::caused(PortErrorKind::Corrupt, "read objects", cause)
    }
}
