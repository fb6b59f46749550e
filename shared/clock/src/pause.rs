//! The times a request waited for somebody, and how many days of them count.
//! Whether a regime lets them count is said by its rule.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What the request waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Proof of an identity that was reasonably doubted (GDPR Art. 12(6)).
    Identity,
    /// What the request is about (UK GDPR Art. 12A).
    Clarification,
    /// The fee for a manifestly unfounded or excessive request (UK GDPR Art. 12A).
    Fee,
}

impl PauseReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Clarification, Self::Fee];

    /// The name in requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Clarification => "clarification",
            Self::Fee => "fee",
        }
    }
}

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no reason to pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason to pause, expected one of identity, clarification, fee")]
pub struct UnknownPauseReason;

impl FromStr for PauseReason {
    type Err = UnknownPauseReason;

    fn from_str(text: &str) -> Result<Self, UnknownPauseReason> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(UnknownPauseReason)
    }
}

/// One wait: from the question sent to the answer received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When the controller asked.
    pub from: Timestamp,
    /// When the answer came; for a wait that goes on, the instant of asking the clock.
    pub to: Timestamp,
    /// What for.
    pub reason: PauseReason,
}

/// Waits as local days `[from, to)`, in order and without overlap, so that no day counts twice.
pub(crate) fn stopped_days(pauses: impl Iterator<Item = Pause>, timezone: &TimeZone, since: Date) -> Vec<(Date, Date)> {
    let day = |instant: Timestamp| timezone.to_datetime(instant).date();
    let mut days: Vec<_> = pauses.map(|pause| (day(pause.from), day(pause.to))).collect();
    days.sort_unstable();
    let mut counted_to = since;
    let mut stops = Vec::with_capacity(days.len());
    for (from, to) in days {
        let from = from.max(counted_to);
        if from < to {
            stops.push((from, to));
            counted_to = to;
        }
    }
    stops
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn pause(from: &str, to: &str) -> Pause {
        let instant = |text: &str| crate::moment(text, &TimeZone::UTC).unwrap();
        Pause { from: instant(from), to: instant(to), reason: PauseReason::Identity }
    }

    #[test]
    fn overlapping_waits_count_each_day_once() {
        let pauses =
            [pause("2026-03-08", "2026-03-12"), pause("2026-03-05", "2026-03-10"), pause("2026-03-06", "2026-03-07")];
        let stops = stopped_days(pauses.into_iter(), &TimeZone::UTC, date(2026, 3, 1));
        assert_eq!(stops, [(date(2026, 3, 5), date(2026, 3, 10)), (date(2026, 3, 10), date(2026, 3, 12)),]);
    }

    #[test]
    fn days_before_the_trigger_do_not_count() {
        let pauses = [pause("2026-03-01", "2026-03-04")];
        let stops = stopped_days(pauses.into_iter(), &TimeZone::UTC, date(2026, 3, 3));
        assert_eq!(stops, [(date(2026, 3, 3), date(2026, 3, 4))]);
    }
}
