//! Telling operators that something needs a person.

use domain::ids::JobId;
use domain::step::StepKind;

/// A job that waits for a person. Ids and our own words only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The job.
    pub job: JobId,
    /// The parked step.
    pub step: StepKind,
    /// Why it was parked; `None` when the alert is repeated.
    pub reason: Option<String>,
}

/// Raises alerts. Losing one is harmless: the sweep finds the parked step again and the alert is repeated.
pub trait Alerts: Send + Sync {
    /// Raises an alert, or repeats it.
    fn raise(&self, alert: &Alert);
}
