//! Due dates as the law says, for the settings of this deployment. The rules are in `clock`.

use clock::{Calendar, Question};
use domain::request::{Regime, RequestType};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::refusal::Refusal;

/// Computes due dates.
#[derive(Debug, Clone)]
pub struct LegalClock {
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
    /// The controller's calendar; the regime's usual one if not set.
    pub calendar: Option<Calendar>,
    /// The inner target in days (`GDPR_RESPONSE_DAYS`).
    pub response_days: u16,
}

/// The dates of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDates {
    /// The law's date.
    pub due_at: Timestamp,
    /// The rule that gave it.
    pub rule: String,
    /// The inner target, never later.
    pub target_at: Timestamp,
}

impl LegalClock {
    /// The dates of a request.
    ///
    /// # Errors
    /// When the date lies outside the calendar.
    pub fn due(&self, regime: Regime, request_type: RequestType, received_at: Timestamp) -> Result<DueDates, Refusal> {
        let regime = regime_of(regime, request_type);
        let calendar = self.calendar.clone().unwrap_or_else(|| usual_calendar(regime));
        let question = Question::new(regime, received_at, self.timezone.clone(), calendar);
        let due = clock::due(&question).map_err(|error| Refusal::field("/received_at", error.to_string()))?;
        let target_at = clock::target(received_at, &self.timezone, self.response_days, &due);
        Ok(DueDates { due_at: due.due_at, rule: due.rule.to_owned(), target_at })
    }
}

fn usual_calendar(regime: clock::Regime) -> Calendar {
    regime.usual_calendar().parse().unwrap_or_else(|_| Calendar::weekends())
}

const fn regime_of(regime: Regime, request_type: RequestType) -> clock::Regime {
    match (regime, request_type) {
        (Regime::Ccpa, RequestType::OptOut | RequestType::LimitUse) => clock::Regime::CcpaOptOut,
        (Regime::Ccpa, _) => clock::Regime::Ccpa,
        (Regime::Gdpr, _) => clock::Regime::Gdpr,
        (Regime::UkGdpr, _) => clock::Regime::UkGdpr,
        (Regime::Hipaa, _) => clock::Regime::Hipaa,
        (Regime::Lgpd, _) => clock::Regime::Lgpd,
    }
}
