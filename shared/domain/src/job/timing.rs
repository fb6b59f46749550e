//! What moves and what watches a due date: pauses, the extension, the alerts recorded so far.
//! What the law allows is not here: that is `clock`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Job, Scope};
use crate::request::wire_enum;

/// One day, as alerts count.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long before the last day of an acknowledgement it is looked for.
const ACKNOWLEDGEMENT_AHEAD: SignedDuration = SignedDuration::from_hours(48);
/// How often a pause that outlasts the due date is brought to mind.
const STILL_PAUSED_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

wire_enum! {
    /// What a paused job waits for.
    WaitingFor {
        /// Proof of an identity that is reasonably doubted (GDPR Art. 12(6)).
        Identity = "identity",
        /// What the request is about (UK GDPR Art. 12A).
        Clarification = "clarification",
        /// A fee (UK GDPR Art. 12A).
        Fee = "fee",
    }
}

wire_enum! {
    /// A warning about a deadline (V16, R-DSR-3).
    DeadlineAlert {
        /// Seven days before the law's date.
        SevenDays = "t_minus_7",
        /// Five days before.
        FiveDays = "t_minus_5",
        /// Three days before.
        ThreeDays = "t_minus_3",
        /// One day before.
        OneDay = "t_minus_1",
        /// The law's date has come.
        Due = "t_0",
        /// Day 25 after receipt has come.
        DsrOverdue = "dsr_overdue",
        /// The receipt is not confirmed, and the last day to do so is near (11 CCR 7021(a)).
        AcknowledgementDue = "acknowledgement_due",
        /// The date would be over by now were the clock not stopped.
        StillPaused = "still_paused",
        /// Another day has passed since the law's date.
        RequestOverdue = "request_overdue",
    }
}

impl DeadlineAlert {
    /// Whether the law's date is over.
    #[must_use]
    pub const fn is_late(self) -> bool {
        matches!(self, Self::Due | Self::RequestOverdue)
    }

    /// Whether it comes again while nobody acts; of such alerts only the last is kept.
    #[must_use]
    pub const fn repeats(self) -> bool {
        matches!(self, Self::StillPaused | Self::RequestOverdue)
    }
}

/// A time the clock stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it was stopped.
    pub from: Timestamp,
    /// When it went on; `None` while it stands.
    pub to: Option<Timestamp>,
    /// What for.
    pub waiting_for: WaitingFor,
    /// Why, as told to the person.
    pub reason: String,
    /// Why it went on.
    pub resumed_because: Option<String>,
}

/// The declared extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// When it was declared.
    pub at: Timestamp,
    /// Why, as told to the person.
    pub reason: String,
}

/// The dates given at intake, kept once they have moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstDates {
    /// The law's date.
    pub due_at: Timestamp,
    /// The rule that gave it.
    pub due_rule: String,
    /// The inner target.
    pub target_at: Timestamp,
}

/// An alert that was recorded; never twice for the same date (INV-L4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertMark {
    /// Which.
    pub alert: DeadlineAlert,
    /// The date it was about.
    pub due_at: Timestamp,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What moves and watches the due date of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Stops of the clock, in order; at most the last is open.
    pub pauses: Vec<Pause>,
    /// The extension, once declared.
    pub extension: Option<Extension>,
    /// Why the request was refused, as told to the person.
    pub refused_because: Option<String>,
    /// The dates of the intake, once they have moved.
    pub first: Option<FirstDates>,
    /// When the overdue warning after receipt comes (`dsr_overdue`).
    pub warn_at: Option<Timestamp>,
    /// Until when the receipt must be confirmed, where the law asks for it and it has not been.
    pub acknowledge_by: Option<Timestamp>,
    /// When the receipt was confirmed.
    pub acknowledged_at: Option<Timestamp>,
    /// Alerts recorded so far.
    pub marks: Vec<AlertMark>,
}

impl Job {
    /// The alerts that are due at `now` and not recorded, in the order of their times.
    #[must_use]
    pub fn alerts_due(&self, now: Timestamp) -> Vec<DeadlineAlert> {
        let mut due: Vec<_> = self.alerts_to_come().into_iter().filter(|(_, at)| *at <= now).collect();
        due.sort_by_key(|(alert, at)| (*at, *alert));
        due.into_iter().map(|(alert, _)| alert).collect()
    }

    /// When the deadline sweep has to look at the job again; `None` once it has ended.
    #[must_use]
    pub fn next_look_at(&self) -> Option<Timestamp> {
        self.alerts_to_come().into_iter().map(|(_, at)| at).min()
    }

    /// The same job with these alerts recorded.
    #[must_use]
    pub fn with_alerts(&self, alerts: &[DeadlineAlert], now: Timestamp) -> Self {
        let mut job = self.clone();
        for alert in alerts {
            if alert.repeats() {
                job.timing.marks.retain(|mark| mark.alert != *alert);
            }
            job.timing.marks.push(AlertMark { alert: *alert, due_at: self.due_at, at: now });
        }
        job
    }

    fn alerts_to_come(&self) -> Vec<(DeadlineAlert, Timestamp)> {
        use DeadlineAlert as A;
        // No law sets a date for an export of the audit log.
        if !self.is_open() || self.scope == Scope::AuditLog {
            return Vec::new();
        }
        let due_at = self.due_at;
        let mut all = Vec::new();
        if let Some(by) = self.timing.acknowledge_by.filter(|_| self.timing.acknowledged_at.is_none()) {
            all.push((A::AcknowledgementDue, by - ACKNOWLEDGEMENT_AHEAD));
        }
        if self.paused {
            let again = self.last_mark(A::StillPaused).map_or(due_at, |mark| mark.at + STILL_PAUSED_EVERY);
            all.push((A::StillPaused, again));
        } else {
            let ahead = [(A::SevenDays, 7), (A::FiveDays, 5), (A::ThreeDays, 3), (A::OneDay, 1), (A::Due, 0)];
            all.extend(ahead.map(|(alert, days)| (alert, due_at - DAY * days)));
            all.extend(self.timing.warn_at.filter(|at| *at < due_at).map(|at| (A::DsrOverdue, at)));
            if let Some(mark) = self.last_mark(A::RequestOverdue).or_else(|| self.last_mark(A::Due)) {
                all.push((A::RequestOverdue, mark.at + DAY));
            }
        }
        all.retain(|(alert, _)| alert.repeats() || !self.is_marked(*alert));
        all
    }

    fn last_mark(&self, alert: DeadlineAlert) -> Option<&AlertMark> {
        self.timing.marks.iter().rev().find(|mark| mark.alert == alert && mark.due_at == self.due_at)
    }

    /// Alerts about the law's date count per date; the others once for all.
    fn is_marked(&self, alert: DeadlineAlert) -> bool {
        let once = matches!(alert, DeadlineAlert::DsrOverdue | DeadlineAlert::AcknowledgementDue);
        self.timing.marks.iter().any(|mark| mark.alert == alert && (once || mark.due_at == self.due_at))
    }
}
