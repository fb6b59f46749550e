//! How a port fails. The kind is what someone branches on; the text never holds personal data.

use domain::key::TenantKey;

/// What went wrong, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortErrorKind {
    /// Trying again may help: throttled, timed out, unreachable, conflicting with another transaction.
    Transient,
    /// Something else is there than was expected.
    Conflict,
    /// It isn't there.
    NotFound,
    /// We may not.
    Denied,
    /// What is there can't be read, or the request can never work.
    Corrupt,
}

/// A failed call of a port.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {kind:?}")]
pub struct PortError {
    /// What someone can branch on.
    pub kind: PortErrorKind,
    /// The operation, for logs.
    pub operation: &'static str,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// An error without a cause below it.
    #[must_use]
    pub const fn new(kind: PortErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    /// An error with its cause.
    pub fn caused(
        kind: PortErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, source: Some(source.into()) }
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, PortErrorKind::Transient)
    }
}

/// Why a transition was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation did not hold; nothing was written. `at` are the positions of the refused changes.
    #[error("an expectation of the transition did not hold")]
    Conflict {
        /// Positions in `Transition::changes`.
        at: Vec<usize>,
    },
    /// A counter has reached its limit; nothing was written.
    #[error("a counter has reached its limit")]
    LimitReached {
        /// The counter.
        key: TenantKey,
        /// Its limit.
        limit: i64,
    },
    /// The store failed; the transition may or may not have been committed.
    #[error(transparent)]
    Port(#[from] PortError),
}
