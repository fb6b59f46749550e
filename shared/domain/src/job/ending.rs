//! The end of a job's own record (V6): its run goes first, the request itself later; what proves an erasure stays.

use jiff::{SignedDuration, Timestamp};

use super::Job;
use crate::request::Regime;
use crate::retention::RetentionClass;

/// One day.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long records of consumers' requests are kept at least, 24 months of any length (11 CCR 7101(a)).
const LEAST_CCPA_DAYS: u64 = 731;

impl Job {
    /// When it ended; `None` while it is open. A record that does not say when counts from its due date.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        (!self.is_open()).then(|| self.completed_at.unwrap_or(self.due_at))
    }

    /// Whether the record itself stays: the ledger of an erasure that began, by which whoever comes back is known and to
    /// which the receipt belongs; or a restriction that stands.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.restricts() || self.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some())
    }

    /// Which class of its record goes next; `None` while it is open, and where what is left stays.
    #[must_use]
    pub fn retires_next(&self) -> Option<RetentionClass> {
        match (self.is_open(), self.retired_at) {
            (true, _) => None,
            (false, None) => Some(RetentionClass::JobExecutions),
            (false, Some(_)) => (!self.stays()).then_some(RetentionClass::Requests),
        }
    }

    /// When that class has lived long enough where it is kept for so many days: never before a law lets go of it.
    #[must_use]
    pub fn retires_at(&self, days: u64) -> Option<Timestamp> {
        let is_record = self.retires_next()? == RetentionClass::Requests;
        let days = if is_record && self.regime == Regime::Ccpa { days.max(LEAST_CCPA_DAYS) } else { days };
        let hours = i64::try_from(days.saturating_mul(24)).unwrap_or(i64::MAX);
        Some(self.ended_at()?.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX))
    }

    /// When retention looks at it first; it moves that on by itself.
    pub(crate) fn retention_looks_at(&self) -> Option<Timestamp> {
        self.retires_next()?;
        let since = self.ended_at()?.max(self.retired_at.unwrap_or(Timestamp::MIN));
        since.checked_add(DAY).ok()
    }
}
