//! A moved clock or a refusal. Its words are with those of its language.

use domain::job::WaitingFor;
use domain::notice::NoticeName;
use domain::request::Regime;

use super::Moment;

/// What happened to a request and its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The longer period was taken.
    Extended,
    /// The clock stands still.
    Paused(WaitingFor),
    /// The clock goes on.
    Resumed,
    /// The request was refused under this law.
    Rejected(Regime),
}

impl Moved {
    pub(super) const fn name(self) -> NoticeName {
        match self {
            Self::Extended => NoticeName::RequestExtended,
            Self::Paused(_) => NoticeName::RequestPaused,
            Self::Resumed => NoticeName::RequestResumed,
            Self::Rejected(_) => NoticeName::RequestRejected,
        }
    }
}

/// A notice about a moved clock or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockNotice {
    /// The job's id.
    pub job: String,
    /// What happened.
    pub moved: Moved,
    /// Why, in the words of whoever decided.
    pub reason: String,
    /// The law's date.
    pub due_on: Moment,
    /// Whether a restriction ends with it (GDPR Art. 18(3)).
    pub lifts: bool,
}
