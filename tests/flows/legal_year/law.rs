//! What the law says of a request, computed beside the code under test: plain periods by arithmetic of its own, months
//! and pauses by the package `clock` asked directly.

use std::collections::BTreeMap;

use clock::{Calendar, Question, end_of_day};
use domain::ids::JobId;
use domain::request::Regime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// What is known of a job from outside: how long its clock stood, and which dates it had since when.
pub(super) struct Known {
    pub(super) id: JobId,
    pub(super) received_at: Timestamp,
    pub(super) regime: Regime,
    pub(super) pauses: Vec<clock::Pause>,
    pub(super) extended: bool,
    /// When a date was seen, the date, and whether the clock stood.
    pub(super) dates: Vec<(Timestamp, Timestamp, bool)>,
}

/// Where a controller is, and which days it keeps.
pub(super) struct Law {
    pub(super) timezone: TimeZone,
    /// The controller's own calendar; that of each law if not set.
    pub(super) calendar: Option<Calendar>,
    usual: BTreeMap<Regime, Calendar>,
}

pub(super) const REGIMES: [Regime; 5] = [Regime::Gdpr, Regime::UkGdpr, Regime::Ccpa, Regime::Hipaa, Regime::Lgpd];

impl Law {
    /// One of several controllers.
    pub(super) fn of(seed: u64) -> Self {
        let (zone, calendar) = match seed % 6 {
            0 => ("UTC", None),
            1 => ("Europe/Berlin", Some("eu/de")),
            2 => ("America/Los_Angeles", Some("us/federal")),
            3 => ("Pacific/Auckland", Some("weekends+new-year")),
            4 => ("Europe/London", Some("uk/scotland")),
            _ => ("Asia/Kathmandu", None),
        };
        let usual = [(Regime::Gdpr, clock::Regime::Gdpr), (Regime::UkGdpr, clock::Regime::UkGdpr)];
        Self {
            timezone: TimeZone::get(zone).unwrap(),
            calendar: calendar.map(|name| name.parse().unwrap()),
            usual: usual.into_iter().map(|(regime, law)| (regime, law.usual_calendar().parse().unwrap())).collect(),
        }
    }

    /// When the law asks for an answer.
    pub(super) fn due_at(&self, known: &Known) -> Timestamp {
        let received_on = known.received_at.to_zoned(self.timezone.clone()).date();
        let plain = |span: Span| end_of_day(received_on + span, &self.timezone).unwrap();
        match (known.regime, known.extended) {
            (Regime::Ccpa, false) => plain(45.days()),
            (Regime::Ccpa, true) => plain(90.days()),
            (Regime::Hipaa, false) => plain(30.days()),
            (Regime::Hipaa, true) => plain(60.days()),
            (Regime::Lgpd, _) => plain(15.days()),
            (Regime::Gdpr | Regime::UkGdpr, _) => {
                let regime = if known.regime == Regime::Gdpr { clock::Regime::Gdpr } else { clock::Regime::UkGdpr };
                let calendar = self.calendar.as_ref().unwrap_or(&self.usual[&known.regime]).clone();
                let mut question = Question::new(regime, known.received_at, self.timezone.clone(), calendar);
                question.extended = known.extended;
                question.pauses.clone_from(&known.pauses);
                clock::due(&question).unwrap().due_at
            }
        }
    }
}
