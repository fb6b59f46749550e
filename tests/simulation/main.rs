//! Every fault at every call, and what must hold after each. The story is told by `habeas_tests::story`.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use adapters_memory::Mutants;
use habeas_tests::sample::ADA;
use habeas_tests::weather::Weather;

use crate::report::Report;
use crate::schedule::{Schedule, Stage, canaries};

mod faults;
mod report;
mod schedule;
mod twists;

#[test]
fn happy_run_keeps_every_invariant() {
    for weather in Weather::ALL {
        let mut stage = Stage::new(ADA, Mutants::NONE);
        let verdict = stage.run(&Schedule { weather, ..Schedule::default() });
        assert_eq!(verdict.broken, [""; 0], "{weather:?}");
        assert_eq!(verdict.doubled_mails, 0, "{weather:?}");
        assert_eq!(canaries(&stage), [""; 0], "{weather:?}");
    }
}

#[test]
fn every_single_fault_is_survived() {
    let mut report = Report::new("single faults");
    for weather in Weather::ALL {
        faults::singles(&mut report, Mutants::NONE, weather);
    }
    report.conclude();
}

#[test]
fn every_overlap_of_two_actors_is_survived() {
    let mut report = Report::new("overlaps");
    twists::all(&mut report, Mutants::NONE);
    report.conclude();
}
