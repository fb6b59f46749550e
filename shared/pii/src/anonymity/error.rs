//! Why a data set can't be read or anonymised; never with a value of it.

/// A refusal; nothing is released with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnonymityError {
    /// k must be at least 1.
    #[error("k is 0, it has to be at least 1")]
    KIsZero,
    /// No class of k rows exists in fewer than k rows.
    #[error("k is {k}, and there are only {rows} rows")]
    TooFewRows {
        /// What was asked for.
        k: usize,
        /// What is there.
        rows: usize,
    },
    /// l must be at least 1 and finite.
    #[error("l has to be a number of at least 1")]
    LOutOfRange,
    /// t is a distance between distributions.
    #[error("t has to be a number between 0 and 1")]
    TOutOfRange,
    /// The suppression limit is a share of the rows.
    #[error("the suppression limit has to be a number between 0 and 1")]
    SuppressionOutOfRange,
    /// Without quasi-identifiers there is nothing to generalise.
    #[error("no quasi-identifier is named")]
    NoQuasiIdentifier,
    /// l and t speak of sensitive values.
    #[error("l-diversity and t-closeness need a sensitive column")]
    NoSensitiveColumn,
    /// Even the whole data set as one class does not fulfil the policy.
    #[error("the data set as a whole does not fulfil the policy: {reason}")]
    Unreachable {
        /// Which demand fails.
        reason: &'static str,
    },
    /// Columns of one data set have the same number of rows.
    #[error("column `{column}` has {rows} rows, the first column {expected}")]
    UnequalColumns {
        /// Which column.
        column: String,
        /// Its rows.
        rows: usize,
        /// Those of the first.
        expected: usize,
    },
    /// More rows, values or cells than 32 bits count.
    #[error("the data set is larger than 4 billion rows or cells")]
    TooLarge,
    /// The header does not name a wanted column.
    #[error("the header has no column `{column}`")]
    NoSuchColumn {
        /// Which column.
        column: String,
    },
    /// A wanted column stands in the header or in the wish twice.
    #[error("column `{column}` is named twice")]
    ColumnTwice {
        /// Which column.
        column: String,
    },
    /// There is no header.
    #[error("the input is empty")]
    Empty,
    /// A line with another number of fields than the header.
    #[error("record {record} has {fields} fields, the header {expected}")]
    UnequalRecord {
        /// Which record, from 1, without the header.
        record: usize,
        /// Its fields.
        fields: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A quoted field that doesn't end, or goes on after its end.
    #[error("record {record} has a quote that is not closed")]
    BrokenQuote {
        /// Which record, from 1, without the header.
        record: usize,
    },
    /// Bytes that are no text.
    #[error("column `{column}` is not UTF-8")]
    NotUtf8 {
        /// Which column.
        column: String,
    },
    /// Text, NaN or infinity in a numeric column.
    #[error("column `{column}` holds a value that is not a finite number")]
    NotANumber {
        /// Which column.
        column: String,
    },
    /// A value without a place in the hierarchy.
    #[error("column `{column}` holds a value that its hierarchy does not name")]
    NotInHierarchy {
        /// Which column.
        column: String,
    },
    /// A hierarchy whose lines disagree.
    #[error("line {line} of the hierarchy {reason}")]
    BadHierarchy {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The check of the result found what must not be; nothing is released.
    #[error("the result does not keep its promise: {reason}")]
    NotVerified {
        /// Which promise.
        reason: &'static str,
    },
}
