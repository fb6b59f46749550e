//! Legal clocks of privacy law: regime, trigger, time zone, calendar, pauses and extension in; due date, rule and citation out.
//! Pure and stand-alone: no reading of time, no I/O, no other package of this workspace.
//! Computed, not legal advice.
//!
//! ```
//! use clock::{Question, Regime, due, moment};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let london = jiff::tz::TimeZone::get("Europe/London")?;
//! let received_at = moment("2026-03-03", &london)?;
//! let question = Question::new(Regime::UkGdpr, received_at, london, "uk/england".parse()?);
//! let answer = due(&question)?;
//! assert_eq!(answer.due_on.to_string(), "2026-04-07");
//! assert_eq!(answer.rule, "uk-gdpr-12a");
//! # Ok(()) }
//! ```

mod calendar;
mod due;
mod moment;
mod pause;
mod regime;
mod rule;

pub use calendar::{Calendar, CalendarError, calendar_names};
pub use due::{ClockError, Due, Question, due, end_of_day, target};
pub use moment::{MomentError, moment};
pub use pause::{Pause, PauseReason, UnknownPauseReason};
pub use regime::{Regime, UnknownRegime};
pub use rule::{Extension, PauseRule, Period, Roll, Rule, Trigger, may_extend, may_pause};

/// What every answer shown to a person says beside the date.
pub const DISCLAIMER: &str = "computed, not legal advice";
