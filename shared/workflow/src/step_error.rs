//! How a step fails. A worker's only question is: again or stop?

use crate::ports::{CommitError, PortError, PortErrorKind};

/// Why a step did not end.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Trying again later may help.
    #[error("the step should be tried again")]
    Retry {
        /// The cause.
        #[source]
        source: Option<PortError>,
    },
    /// A person must look. The reason is one of our own sentences, without personal data.
    #[error("the step needs a person: {reason}")]
    Park {
        /// Why.
        reason: String,
    },
    /// The claim is no longer ours, or the job has ended: whatever was done meanwhile is somebody else's to finish.
    #[error("the claim was lost")]
    Lost,
}

impl StepError {
    /// Stops for a person.
    #[must_use]
    pub fn park(reason: impl Into<String>) -> Self {
        Self::Park { reason: reason.into() }
    }
}

impl From<PortError> for StepError {
    fn from(error: PortError) -> Self {
        match error.kind {
            PortErrorKind::Transient | PortErrorKind::Conflict => Self::Retry { source: Some(error) },
            PortErrorKind::NotFound => Self::park(format!("{} found nothing where something must be", error.operation)),
            PortErrorKind::Denied => Self::park(format!("{} was denied", error.operation)),
            PortErrorKind::Corrupt => Self::park(format!("{} met something unreadable", error.operation)),
        }
    }
}

impl From<CommitError> for StepError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } | CommitError::LimitReached { .. } => Self::Lost,
            CommitError::Port(error) => error.into(),
        }
    }
}
