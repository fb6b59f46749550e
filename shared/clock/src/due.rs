//! Applies a rule to a request: question in, due date with its rule and citation out.
//! The rules are data (`rule`), the days off are data (`calendar`); here is only the arithmetic.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::calendar::Calendar;
use crate::pause::{Pause, stopped_days};
use crate::regime::Regime;
use crate::rule::{Period, Roll, Rule, Trigger};

/// What the clock has to know about a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Whose law.
    pub regime: Regime,
    /// When the request arrived, or for a breach when the controller became aware.
    pub received_at: Timestamp,
    /// When the identity or the fee asked for arrived; starts the clock anew under the UK GDPR alone (Art. 12A).
    pub completed_at: Option<Timestamp>,
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
    /// Which days are no working days there.
    pub calendar: Calendar,
    /// Whether the extension has been declared.
    pub extended: bool,
    /// The times the request waited for somebody, in any order.
    pub pauses: Vec<Pause>,
}

impl Question {
    /// A request that was neither extended nor paused.
    #[must_use]
    pub const fn new(regime: Regime, received_at: Timestamp, timezone: TimeZone, calendar: Calendar) -> Self {
        Self { regime, received_at, completed_at: None, timezone, calendar, extended: false, pauses: Vec::new() }
    }
}

/// The answer: when, by which rule, and what moved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The last instant in time, to the second.
    pub due_at: Timestamp,
    /// The day of `due_at` where the controller is.
    pub due_on: Date,
    /// The last day to confirm the receipt, where the law asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledge_by: Option<Date>,
    /// The last day to tell the person of an extension, where the law knows one: the due day without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_notice_by: Option<Date>,
    /// Id of the rule applied.
    pub rule: &'static str,
    /// Where the law says so.
    pub citation: &'static str,
    /// Whether the extension is counted in.
    pub extended: bool,
    /// Whether a weekend or holiday moved the due day.
    pub rolled: bool,
    /// Days the clock stood still for lawful pauses.
    pub paused_days: i32,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The regime knows no extension.
    #[error("{0} knows no extension")]
    NoExtension(Regime),
    /// A pause ends before it begins.
    #[error("a pause ends before it begins")]
    PauseEndsBeforeItBegins,
    /// A pause begins on a day before the request arrived.
    #[error("a pause begins before the request arrived")]
    PauseBeforeReceipt,
    /// The answer lies outside the years the calendar can tell.
    #[error("the date lies outside the calendar")]
    OutOfRange,
}

impl From<jiff::Error> for ClockError {
    fn from(_: jiff::Error) -> Self {
        Self::OutOfRange
    }
}

/// When the law wants the answer; the same for the same question, whoever asks and whenever.
///
/// Pauses the regime does not allow change nothing.
///
/// # Errors
/// [`ClockError`] where the extension is unknown to the regime, a pause is no span of time after
/// receipt, or the date leaves the calendar.
pub fn due(question: &Question) -> Result<Due, ClockError> {
    let rule = Rule::of(question.regime);
    check_pauses(question)?;
    let first = rule.period;
    let (period, id, citation) = match (question.extended, &rule.extension) {
        (false, _) => (first, rule.id, rule.citation),
        (true, Some(extension)) => (extension.total, extension.rule, extension.citation),
        (true, None) => return Err(ClockError::NoExtension(question.regime)),
    };
    let end = end_of(question, rule, period)?;
    let notice = match &rule.extension {
        Some(_) => Some(end_of(question, rule, first)?.on),
        None => None,
    };
    Ok(Due {
        due_at: end.at,
        due_on: end.on,
        acknowledge_by: acknowledge_by(question, rule)?,
        extension_notice_by: notice,
        rule: id,
        citation,
        extended: question.extended,
        rolled: end.rolled,
        paused_days: end.paused_days,
    })
}

/// The operator's own target, the end of the day `response_days` after receipt (`GDPR_RESPONSE_DAYS`), never later than the law's.
#[must_use]
pub fn target(received_at: Timestamp, timezone: &TimeZone, response_days: u16, due: &Due) -> Timestamp {
    let received_on = timezone.to_datetime(received_at).date();
    received_on
        .checked_add(i32::from(response_days).days())
        .map_err(ClockError::from)
        .and_then(|date| end_of_day(date, timezone))
        .map_or(due.due_at, |inner| inner.min(due.due_at))
}

/// The last second of `date` in `timezone`, also on days of 23 or 25 hours.
///
/// # Errors
/// [`ClockError::OutOfRange`] at the end of the calendar.
pub fn end_of_day(date: Date, timezone: &TimeZone) -> Result<Timestamp, ClockError> {
    let midnight = date.tomorrow()?.to_zoned(timezone.clone())?;
    Ok(midnight.timestamp().checked_sub(1.second())?)
}

struct End {
    at: Timestamp,
    on: Date,
    rolled: bool,
    paused_days: i32,
}

fn end_of(question: &Question, rule: &Rule, period: Period) -> Result<End, ClockError> {
    let trigger_at = trigger_at(question, rule);
    let trigger_on = question.timezone.to_datetime(trigger_at).date();
    let bare = match period {
        Period::Hours(hours) => {
            let at = trigger_at.checked_add(hours.hours())?;
            let on = question.timezone.to_datetime(at).date();
            return Ok(End { at, on, rolled: false, paused_days: 0 });
        }
        Period::Months(months) => trigger_on.checked_add(months.months())?,
        Period::Days(days) => trigger_on.checked_add(days.days())?,
        Period::BusinessDays(count) => {
            question.calendar.working_days_after(trigger_on, count).ok_or(ClockError::OutOfRange)?
        }
    };
    let (stopped, paused_days) = add_pauses(question, rule, trigger_on, bare)?;
    let on = rolled(question, rule, stopped)?;
    Ok(End { at: end_of_day(on, &question.timezone)?, on, rolled: on != stopped, paused_days })
}

fn trigger_at(question: &Question, rule: &Rule) -> Timestamp {
    match rule.trigger {
        Trigger::Receipt | Trigger::Awareness => question.received_at,
        Trigger::ReceiptOrIdentityOrFee => {
            question.completed_at.map_or(question.received_at, |completed| completed.max(question.received_at))
        }
    }
}

/// A pause that begins when the due day is already over comes too late to move it; one that begins on a
/// day only the roll has given lasts to its own end.
fn add_pauses(question: &Question, rule: &Rule, trigger_on: Date, bare: Date) -> Result<(Date, i32), ClockError> {
    let lawful = question.pauses.iter().copied().filter(|pause| rule.pause.allows(pause.reason));
    let (mut due_on, mut total) = (bare, 0_i32);
    for (from, to) in stopped_days(lawful, &question.timezone, trigger_on) {
        if from > rolled(question, rule, due_on)? {
            break;
        }
        let days = from.until(to)?.get_days();
        due_on = due_on.max(from).checked_add(days.days())?;
        total = total.saturating_add(days);
    }
    Ok((due_on, total))
}

fn rolled(question: &Question, rule: &Rule, date: Date) -> Result<Date, ClockError> {
    match rule.roll {
        Roll::Stays => Ok(date),
        Roll::NextWorkingDay => question.calendar.working_day_from(date).ok_or(ClockError::OutOfRange),
    }
}

fn acknowledge_by(question: &Question, rule: &Rule) -> Result<Option<Date>, ClockError> {
    let receipt = Rule { trigger: Trigger::Receipt, pause: crate::PauseRule::Never, ..*rule };
    rule.acknowledge.map(|period| end_of(question, &receipt, period).map(|end| end.on)).transpose()
}

fn check_pauses(question: &Question) -> Result<(), ClockError> {
    let day = |instant: Timestamp| question.timezone.to_datetime(instant).date();
    let received_on = day(question.received_at);
    for pause in &question.pauses {
        if pause.to < pause.from {
            return Err(ClockError::PauseEndsBeforeItBegins);
        }
        if day(pause.from) < received_on {
            return Err(ClockError::PauseBeforeReceipt);
        }
    }
    Ok(())
}
