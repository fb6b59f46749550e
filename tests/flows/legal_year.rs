//! 400 virtual days of requests under every law, with extensions, pauses, purged queues, lost keys, mail out of order and
//! clocks that run off. No date goes by in silence, no alert comes twice, no record ends early or stays. `HABEAS_SEEDS=20000` plays that many years.

use std::collections::BTreeMap;

use self::checking::Counts;
use self::year::Year;

mod acting;
mod checking;
mod ending;
mod law;
mod year;

/// Seeds that CI plays; each lives for 400 days.
const SEEDS: u64 = 300;

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
    /// The end of a record that is counted from the receipt of the request.
    EndFromReceipt,
    /// Ended requests that nobody looks for.
    EndedUnseen,
}

const BUGS: [Bug; 11] = [
    Bug::ThirtyDays,
    Bug::PauseMovesCcpa,
    Bug::ExtensionFromToday,
    Bug::DaysOfGreenwich,
    Bug::AlertByQueue,
    Bug::SweepNeedsKeys,
    Bug::NotRecorded,
    Bug::NoLastDay,
    Bug::MailNotNoted,
    Bug::EndFromReceipt,
    Bug::EndedUnseen,
];

#[test]
fn no_date_goes_by_in_silence_for_400_days() {
    #[expect(clippy::disallowed_methods, reason = "the number of seeds is asked for on demand")]
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, seeds) = (asked("HABEAS_FIRST_SEED").unwrap_or(0), asked("HABEAS_SEEDS").unwrap_or(SEEDS));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let all = std::thread::scope(|scope| {
        let shares: Vec<_> =
            (0..cores).map(|share| scope.spawn(move || play(first + share, first + seeds, cores))).collect();
        let mut all = Counts::default();
        shares.into_iter().for_each(|share| all.add(&share.join().expect("a year that is broken says so")));
        all
    });
    println!("{seeds} seeds: {all:?}");
    assert!(all.has_everything(), "a simulation in which nothing happens proves nothing: {all:?}");
}

/// Every so many-th year of a range.
fn play(first: u64, end: u64, step: u64) -> Counts {
    let mut all = Counts::default();
    let mut played = 0;
    let mut seed = first;
    while seed < end {
        let year = Year::new(seed, Bug::None).live(400);
        assert!(year.broken.is_empty(), "seed {seed}: {:?}", year.broken);
        all.add(&year.counts());
        played += 1;
        if played % 1_000 == 0 {
            println!("{played} seeds of a share: {all:?}");
        }
        seed += step;
    }
    all
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
