//! Every fault at every call, one at a time; pairs on demand.

use adapters_memory::{Fault, Mutants, Point, Side};
use habeas_tests::sample::ADA;
use habeas_tests::weather::Weather;
use workflow::ports::PortErrorKind;

use crate::report::Report;
use crate::schedule::{Schedule, Stage};

/// What can go wrong at a point.
pub(crate) const KINDS: [(Side, Fault); 6] = [
    (Side::Before, Fault::Crash),
    (Side::Before, Fault::Fail(PortErrorKind::Transient)),
    (Side::Before, Fault::Throttle(3)),
    (Side::After, Fault::Crash),
    (Side::After, Fault::LoseAnswer),
    (Side::After, Fault::RetriedBySdk),
];

/// Runs every single fault in one weather.
pub(crate) fn singles(report: &mut Report, mutants: Mutants, weather: Weather) {
    let mut stage = Stage::new(ADA, mutants);
    let calm = stage.run(&Schedule { weather, ..Schedule::default() });
    report.note("no fault", &calm, 0);
    for call in 0..calm.calls.len() as u64 {
        for (side, fault) in KINDS {
            let faults = vec![(Point { call, side }, fault)];
            let verdict = stage.run(&Schedule { faults, weather, twist: None });
            report.note(&format!("{weather:?} {} {side:?} {fault:?} at {call}", name(&calm.calls, call)), &verdict, 1);
            if report.is_settled() {
                return;
            }
        }
    }
}

/// Runs every pair of crashes and lost answers whose first lies in this share of the calls.
pub(crate) fn pairs(report: &mut Report, share: u64, shares: u64) {
    let kinds = [KINDS[0], KINDS[3], KINDS[4]];
    let mut stage = Stage::new(ADA, Mutants::NONE);
    let calm = stage.run(&Schedule::default()).calls.len() as u64;
    for first_call in (0..calm).filter(|call| call % shares == share) {
        for (first_side, first_fault) in kinds {
            let first = (Point { call: first_call, side: first_side }, first_fault);
            let alone = stage.run(&Schedule { faults: vec![first], ..Schedule::default() }).calls.len() as u64;
            for call in first_call + 1..alone {
                for (side, fault) in kinds {
                    let faults = vec![first, (Point { call, side }, fault)];
                    let verdict = stage.run(&Schedule { faults, ..Schedule::default() });
                    report.note(&format!("{first:?} then {side:?} {fault:?} at {call}"), &verdict, 2);
                }
            }
        }
    }
}

fn name(calls: &[adapters_memory::Call], call: u64) -> &'static str {
    usize::try_from(call).ok().and_then(|at| calls.get(at)).map_or("?", |call| call.operation)
}
