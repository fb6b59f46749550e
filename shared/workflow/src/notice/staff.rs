//! What staff is told: deadlines, plans to approve, mail that came back, the week. The words are with those of their language.

use domain::job::DeadlineAlert;
use domain::notice::NoticeName;
use domain::request::{Regime, RequestType};

use super::Moment;

/// A deadline that staff must know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineNotice {
    /// The job's id.
    pub job: String,
    /// What was asked.
    pub request_type: RequestType,
    /// The law.
    pub regime: Regime,
    /// The law's date.
    pub due_on: Moment,
    /// What was recorded, at least one.
    pub alerts: Vec<DeadlineAlert>,
}

impl DeadlineNotice {
    /// Whether the law's date is over.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.alerts.iter().any(|alert| alert.is_late())
    }
}

/// A plan of erasure, or of corrections, that waits for an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalNotice {
    /// The job's id.
    pub job: String,
    /// Whether records are corrected, and none goes.
    pub corrects: bool,
    /// Records that would be changed.
    pub records: u64,
    /// Sources they are in.
    pub sources: usize,
    /// The law's date.
    pub due_on: Moment,
}

/// Mail to a person that came back for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeliveredNotice {
    /// The job's id.
    pub job: String,
    /// What the person was to be told.
    pub notice: NoticeName,
    /// The law's date.
    pub due_on: Moment,
}

/// One request of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// The job's id.
    pub job: String,
    /// What was asked.
    pub request_type: RequestType,
    /// The law.
    pub regime: Regime,
    /// The law's date.
    pub due_on: Moment,
    /// Whether that day is over.
    pub is_late: bool,
}
