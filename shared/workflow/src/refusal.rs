//! Why a use case says no. The HTTP function maps each to one problem document.

use domain::job::JobStatus;
use domain::role::Permission;
use jiff::Timestamp;

use crate::ports::{PortError, PortErrorKind};

/// One thing that is wrong with the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the value.
    pub pointer: String,
    /// What is wrong with it, never the value.
    pub detail: String,
}

/// Why a use case refused or failed; nothing was written unless the text says so.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Unknown, or another tenant's, or not the caller's to see: all the same to the caller.
    #[error("there is no such resource")]
    NotFound,
    /// The caller lacks a permission; any of these would do.
    #[error("a permission is missing")]
    Forbidden {
        /// Any of these would do.
        needs: Vec<Permission>,
    },
    /// Only somebody in this role may.
    #[error("the act is reserved")]
    Reserved {
        /// Who may, in words.
        to: &'static str,
    },
    /// The body parses but is wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The job's state does not allow it.
    #[error("the job is {status}")]
    WrongState {
        /// The state.
        status: JobStatus,
    },
    /// The plan is not the one that was looked at.
    #[error("the plan has changed")]
    PlanChanged,
    /// A legal hold covers whom the erasure is about.
    #[error("a legal hold stops the erasure")]
    Held,
    /// The legal hold is over.
    #[error("the legal hold is released")]
    HoldReleased,
    /// The law, or what was done before, does not allow it.
    #[error("the rule {rule} does not allow it")]
    RuleForbids {
        /// Id of the rule.
        rule: String,
        /// What it says, in words.
        because: String,
    },
    /// The code is wrong, used up or too old.
    #[error("the code does not count")]
    WrongCode {
        /// Attempts left with this code.
        tries_left: u32,
    },
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body")]
    IdempotencyMismatch,
    /// A quota is used up.
    #[error("a quota is used up")]
    QuotaReached {
        /// Its name.
        quota: &'static str,
        /// Its limit.
        limit: i64,
        /// When it starts anew; `None` when only a larger plan lifts it.
        resets_at: Option<Timestamp>,
    },
    /// The event is not in the log yet.
    #[error("the event is not sealed yet")]
    NotSealed,
    /// The answer would be larger than one answer may be.
    #[error("the answer would be too large")]
    TooLarge {
        /// What to do instead, in words.
        because: String,
    },
    /// The archive's life is over.
    #[error("the archive is gone")]
    Gone,
    /// No data map has been published for the tenant.
    #[error("no data map is published")]
    NoDataMap,
    /// Too many writers at once; nothing was written.
    #[error("too many requests at once")]
    Busy,
    /// A port failed.
    #[error(transparent)]
    Port(PortError),
}

impl Refusal {
    /// One wrong field.
    #[must_use]
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        match error.kind {
            PortErrorKind::Transient
            | PortErrorKind::Conflict
            | PortErrorKind::NotFound
            | PortErrorKind::Denied
            | PortErrorKind::Corrupt => Self::Port(error),
        }
    }
}
