//! 400 virtual days of requests under every law, with extensions, pauses, purged queues, lost keys, mail out of order and
//! clocks that run off. No date goes by in silence, no alert comes twice. `HABEAS_SEEDS=20000` plays that many years.

use std::collections::BTreeMap;

use self::checking::Counts;
use self::year::Year;

mod acting;
mod checking;
mod law;
mod year;

/// Seeds that CI plays; each lives for 400 days.
const SEEDS: u64 = 3;

/// Mistakes a build could make; each must be caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// 30 days instead of a month.
    ThirtyDays,
    /// A pause that moves the date of a law that knows none.
    PauseMovesCcpa,
    /// An extension that is counted from the day it is declared.
    ExtensionFromToday,
    /// Days that begin and end in Greenwich, wherever the controller is.
    DaysOfGreenwich,
    /// Alerts that travel by queue.
    AlertByQueue,
    /// A sweep that opens something sealed before it looks at dates.
    SweepNeedsKeys,
    /// Alerts that are passed on without being recorded.
    NotRecorded,
    /// A sweep that forgets the last day.
    NoLastDay,
    /// Officers who are told again because nobody noted that they were.
    MailNotNoted,
}

const BUGS: [Bug; 9] = [
    Bug::ThirtyDays,
    Bug::PauseMovesCcpa,
    Bug::ExtensionFromToday,
    Bug::DaysOfGreenwich,
    Bug::AlertByQueue,
    Bug::SweepNeedsKeys,
    Bug::NotRecorded,
    Bug::NoLastDay,
    Bug::MailNotNoted,
];

#[test]
fn no_date_goes_by_in_silence_for_400_days() {
    #[expect(clippy::disallowed_methods, reason = "the number of seeds is asked for on demand")]
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, seeds) = (asked("HABEAS_FIRST_SEED").unwrap_or(0), asked("HABEAS_SEEDS").unwrap_or(SEEDS));
    let mut all = Counts::default();
    for seed in first..first + seeds {
        let year = Year::new(seed, Bug::None).live(400);
        assert!(year.broken.is_empty(), "seed {seed}: {:?}", year.broken);
        all.add(&year.counts());
        if (seed + 1 - first) % 1_000 == 0 {
            println!("{} seeds: {all:?}", seed + 1 - first);
        }
    }
    println!("{seeds} seeds: {all:?}");
    assert!(all.has_everything(), "a simulation in which nothing happens proves nothing: {all:?}");
}

#[test]
fn seeded_bugs_of_time_are_caught() {
    let mut caught = BTreeMap::new();
    for bug in BUGS {
        // Keys are lost a few times in a year only.
        let days = if bug == Bug::SweepNeedsKeys { 250 } else { 70 };
        let found = (0..8).find_map(|seed| Year::new(seed, bug).live(days).broken.into_iter().next());
        println!("{bug:?}: {found:?}");
        caught.insert(format!("{bug:?}"), found.is_some());
    }
    assert!(caught.values().all(|it| *it), "{caught:?}");
}
