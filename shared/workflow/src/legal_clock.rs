//! Due dates as the law says, for the settings of this deployment. The rules are in `clock`.

use clock::{Calendar, ClockError, PauseReason, Question};
use domain::job::{Job, Scope, Timing, WaitingFor};
use domain::request::{Regime, RequestType};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::refusal::Refusal;

/// When the overdue warning comes, after receipt (`dsr_overdue`, V16).
const WARN_AFTER: SignedDuration = SignedDuration::from_hours(25 * 24);

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
    /// Until when the receipt must be confirmed, where the law asks for it.
    pub acknowledge_by: Option<Timestamp>,
    /// Until when the person must know of an extension, where the law knows one.
    pub extend_by: Option<Timestamp>,
}

impl LegalClock {
    /// The dates of a request.
    ///
    /// # Errors
    /// When the date lies outside the calendar.
    pub fn due(&self, regime: Regime, request_type: RequestType, received_at: Timestamp) -> Result<DueDates, Refusal> {
        let question = self.question(regime_of(regime, request_type), received_at);
        self.dates(&question).map_err(|error| Refusal::field("/received_at", error.to_string()))
    }

    /// The dates of a job as it is now: with its extension, and with its pauses as far as they have lasted.
    ///
    /// # Errors
    /// Where the law knows no extension, a pause is no span of time, or a date lies outside the calendar.
    pub fn due_of(&self, job: &Job, now: Timestamp) -> Result<DueDates, ClockError> {
        if job.scope == Scope::Collection {
            return Ok(no_law(job.received_at));
        }
        let mut question = self.question(law_of(job), job.received_at);
        question.extended = job.timing.extension.is_some();
        // Another machine's clock may run behind the one that stopped the legal clock.
        let pause = |pause: &domain::job::Pause| clock::Pause {
            from: pause.from,
            to: pause.to.unwrap_or(now).max(pause.from),
            reason: reason_of(pause.waiting_for),
        };
        question.pauses = job.timing.pauses.iter().map(pause).collect();
        self.dates(&question)
    }

    fn question(&self, regime: clock::Regime, received_at: Timestamp) -> Question {
        let calendar = self.calendar.clone().unwrap_or_else(|| usual_calendar(regime));
        Question::new(regime, received_at, self.timezone.clone(), calendar)
    }

    fn dates(&self, question: &Question) -> Result<DueDates, ClockError> {
        let due = clock::due(question)?;
        let target_at = clock::target(question.received_at, &self.timezone, self.response_days, &due);
        let end_of = |date| clock::end_of_day(date, &self.timezone);
        Ok(DueDates {
            due_at: due.due_at,
            rule: due.rule.to_owned(),
            target_at,
            acknowledge_by: due.acknowledge_by.map(end_of).transpose()?,
            extend_by: due.extension_notice_by.map(end_of).transpose()?,
        })
    }
}

/// The dates of work that no law sets a date for: somebody should look after a week.
#[must_use]
pub fn no_law(received_at: Timestamp) -> DueDates {
    let after = |hours| received_at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(received_at);
    DueDates {
        due_at: after(7 * 24),
        rule: "none".to_owned(),
        target_at: after(24),
        acknowledge_by: None,
        extend_by: None,
    }
}

/// What is watched of a new job. The answer to a person who asks by session confirms the receipt.
#[must_use]
pub fn timing(due: &DueDates, received_at: Timestamp, by_subject: bool, now: Timestamp) -> Timing {
    let acknowledged_at = (by_subject && due.acknowledge_by.is_some()).then_some(now);
    Timing {
        warn_at: received_at.checked_add(WARN_AFTER).ok(),
        acknowledge_by: due.acknowledge_by,
        acknowledged_at,
        ..Timing::default()
    }
}

/// The law a job stands under, with the part of it that has a clock of its own.
#[must_use]
pub const fn law_of(job: &Job) -> clock::Regime {
    regime_of(job.regime, job.request_type)
}

/// What the law calls a reason to wait.
#[must_use]
pub const fn reason_of(waiting_for: WaitingFor) -> PauseReason {
    match waiting_for {
        WaitingFor::Identity => PauseReason::Identity,
        WaitingFor::Clarification => PauseReason::Clarification,
        WaitingFor::Fee => PauseReason::Fee,
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
