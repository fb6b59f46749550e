//! Every fault at every call: one at a time in every weather, and pairs.

use adapters_memory::{Call, Fault, Mutants, Point, Side};
use habeas_tests::sample::ADA;
use habeas_tests::story::{Kind, Story};
use habeas_tests::weather::Weather;
use workflow::ports::PortErrorKind;

use crate::report::Report;
use crate::schedule::{Schedule, Stage};

/// What can go wrong at a point.
const KINDS: [(Side, Fault); 6] = [
    (Side::Before, Fault::Crash),
    (Side::Before, Fault::Fail(PortErrorKind::Transient)),
    (Side::Before, Fault::Throttle(3)),
    (Side::After, Fault::Crash),
    (Side::After, Fault::LoseAnswer),
    (Side::After, Fault::RetriedBySdk),
];

/// Runs single faults of an access in one weather.
pub(crate) fn singles(report: &mut Report, mutants: Mutants, weather: Weather, share: Share) {
    singles_of(report, &mut Stage::new(Story::new(ADA), mutants, weather), weather, share);
}

/// How much of all single faults is run.
#[derive(Clone, Copy)]
pub(crate) enum Share {
    /// All, each to the very end.
    All,
    /// All, each until it has come to a state whose like has been seen to end well.
    UntilKnown,
    /// Those at one call in so many, each to the very end.
    OneIn(u64),
}

/// Runs single faults of an erasure.
pub(crate) fn erasure_singles(report: &mut Report, kind: Kind, weather: Weather, share: Share) {
    singles_of(report, &mut Stage::new(Story::of(kind, ADA), Mutants::NONE, weather), weather, share);
}

/// Runs every single fault of a story whose slices end after so many calls.
pub(crate) fn sliced_singles(report: &mut Report, calls: i64) {
    singles_of(report, &mut Stage::sliced(Story::new(ADA), calls), Weather::Fair, Share::All);
}

fn singles_of(report: &mut Report, stage: &mut Stage, weather: Weather, share: Share) {
    let run = |stage: &mut Stage, schedule: &Schedule| match share {
        Share::All | Share::OneIn(_) => stage.run(schedule),
        Share::UntilKnown => stage.run_until_known(schedule),
    };
    let one_in = if let Share::OneIn(one_in) = share { one_in } else { 1 };
    let calm = run(stage, &Schedule::default());
    report.note(|| format!("{weather:?}, no fault"), &calm, 0);
    for (place, call) in calm.calls.iter().enumerate().filter(|(_, call)| call.number % one_in == 0) {
        report.tell_progress(place, calm.calls.len());
        for (side, fault) in KINDS {
            let faults = vec![(Point { call: call.number, side }, fault)];
            let verdict = run(stage, &Schedule { faults, twist: None });
            report.note(|| format!("{weather:?} {}", told(call, side, fault)), &verdict, 1);
            if report.is_settled() {
                return;
            }
        }
    }
}

/// Where the second of two faults strikes.
#[derive(Clone, Copy)]
pub(crate) enum Second {
    /// At one call in so many after the first.
    OneIn(u64),
    /// At each call that is made in a state unlike any in which a fault has struck there before. Where the first has left
    /// nothing behind, the second alone is a single fault. Or at one of these calls in so many.
    WhereNew(u64),
}

/// Runs every pair of faults whose first strikes one call in so many.
///
/// A run ends early where it comes to a state whose like has been seen to end well.
pub(crate) fn pairs(report: &mut Report, kind: Kind, first_in: u64, second: Second) {
    let mut stage = Stage::new(Story::of(kind, ADA), Mutants::NONE, Weather::Fair);
    let calm = stage.run_until_known(&Schedule::default());
    report.note(|| "no fault".to_owned(), &calm, 0);
    if let Second::WhereNew(_) = second {
        // What follows these states is a single fault.
        drop(stage.untried());
    }
    for (place, call) in calm.calls.iter().enumerate().filter(|(_, call)| call.number % first_in == 0) {
        report.tell_progress(place, calm.calls.len());
        for (side, fault) in KINDS {
            let first = (Point { call: call.number, side }, fault);
            let (mut branch, alone) = stage.branch(&Schedule { faults: vec![first], ..Schedule::default() });
            let first = told(call, side, fault);
            report.note(|| first.clone(), &alone, 1);
            let after = &alone.calls[usize::try_from(call.number).expect("a call is counted") + 1..];
            for second in seconds(&branch, after, second) {
                for (side, fault) in KINDS {
                    let faults = vec![(Point { call: second.number, side }, fault)];
                    let verdict = branch.run_until_known(&Schedule { faults, ..Schedule::default() });
                    report.note(|| format!("{first} then {}", told(&second, side, fault)), &verdict, 2);
                }
            }
        }
    }
}

/// The calls after the first fault at which a second one strikes.
fn seconds(branch: &Stage, after: &[Call], second: Second) -> Vec<Call> {
    match second {
        Second::OneIn(one_in) => after.iter().filter(|call| call.number % one_in == 0).copied().collect(),
        Second::WhereNew(one_in) => {
            let places = branch.untried();
            let is_new = |call: &&Call| places.iter().any(|place| place.contains(&call.number));
            after.iter().filter(|call| call.number % one_in == 0).filter(is_new).copied().collect()
        }
    }
}

fn told(call: &Call, side: Side, fault: Fault) -> String {
    format!("{fault:?} {side:?} call {} ({})", call.number, call.operation)
}
