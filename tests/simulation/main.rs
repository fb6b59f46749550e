//! Every fault at every call, and what must hold after each. The story is told by `habeas_tests::story`.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use adapters_memory::{Mutant, Mutants};
use habeas_tests::sample::ADA;
use habeas_tests::weather::Weather;

use crate::report::Report;
use crate::schedule::{Schedule, Stage};

mod bugs;
mod crowds;
mod faults;
mod likeness;
mod report;
mod schedule;
mod sealing;
mod swarm;
mod twists;

#[test]
fn happy_run_keeps_every_invariant() {
    for weather in Weather::ALL {
        let mut stage = Stage::new(ADA, Mutants::NONE);
        let verdict = stage.run(&Schedule { weather, ..Schedule::default() });
        assert_eq!(verdict.broken, [""; 0], "{weather:?}");
        assert_eq!(verdict.doubled_mails, 0, "{weather:?}");
        assert_eq!(stage.canaries(), [""; 0], "{weather:?}");
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

/// In a debug build a sample of the pairs; all of them with `--release`.
#[test]
fn pairs_of_faults_are_survived() {
    let mut report = Report::new("pairs of faults");
    faults::pairs(&mut report, if cfg!(debug_assertions) { 97 } else { 1 });
    report.conclude();
}

#[test]
fn every_overlap_of_two_actors_is_survived() {
    let mut report = Report::new("overlaps");
    twists::all(&mut report, Mutants::NONE);
    report.conclude();
}

#[test]
fn crowds_and_strangers_break_nothing() {
    let mut report = Report::new("crowds");
    for (name, scenario) in crowds::ALL {
        for seed in 0..20 {
            report.note_broken(name, scenario(Mutants::NONE, seed));
        }
    }
    report.conclude();
}

#[test]
fn every_deliberate_bug_is_caught() {
    let mut missed = Vec::new();
    for mutant in Mutant::ALL {
        match bugs::hunt(*mutant) {
            Some(by) => println!("{mutant:?}: {by}"),
            None => missed.push(mutant),
        }
    }
    println!("seeded bugs caught {} of {}", Mutant::ALL.len() - missed.len(), Mutant::ALL.len());
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn random_swarms_come_to_rest() {
    let mut report = Report::new("swarm");
    let mut injected = 0;
    for seed in 0..200 {
        let (broken, faults) = swarm::run(seed);
        injected += faults;
        report.note_broken(&format!("seed {seed}"), broken);
    }
    println!("swarm: {injected} faults injected");
    assert!(injected > 0, "a fault test that injected nothing proves nothing");
    report.conclude();
}
