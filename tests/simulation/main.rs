//! Every fault at every call, and what must hold after each. The story is told by `habeas_tests::story`.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use adapters_memory::{Mutant, Mutants};
use habeas_tests::sample::ADA;
use habeas_tests::story::{Kind, Story};
use habeas_tests::weather::Weather;

use crate::faults::{Second, Share};
use crate::report::Report;
use crate::schedule::{Schedule, Stage};

mod bugs;
mod crowds;
mod erasing;
mod erasing_swarm;
mod faults;
mod following;
mod holds;
mod likeness;
mod marks;
mod parking;
mod passing;
mod renaming;
mod report;
mod schedule;
mod sealing;
mod swarm;
mod twists;
mod verdict;

#[test]
fn happy_run_keeps_every_invariant() {
    for weather in Weather::ALL {
        let mut stage = Stage::new(Story::new(ADA), Mutants::NONE, weather);
        let verdict = stage.run(&Schedule::default());
        assert_eq!(verdict.broken, [""; 0], "{weather:?}");
        assert_eq!(verdict.doubled_mails, 0, "{weather:?}");
        assert_eq!(stage.canaries(), [""; 0], "{weather:?}");
    }
}

#[test]
fn every_single_fault_is_survived() {
    let mut report = Report::new("single faults");
    for weather in Weather::ALL {
        let share = if !cfg!(debug_assertions) || weather == Weather::Fair { Share::All } else { Share::UntilKnown };
        faults::singles(&mut report, Mutants::NONE, weather, share);
    }
    report.conclude();
}

#[test]
fn short_slices_save_and_go_on() {
    let mut report = Report::new("single faults in short slices");
    for calls in [6, 9] {
        faults::sliced_singles(&mut report, calls);
    }
    report.conclude();
}

/// In a debug build a sample of the pairs; all of them with `--release` or `HABEAS_PAIRS=all`.
#[test]
fn pairs_of_faults_are_survived() {
    let mut report = Report::new("pairs of faults");
    let (first, second) = pairs_one_in((131, 1));
    faults::pairs(&mut report, Kind::Access, first, Second::OneIn(second));
    report.conclude();
}

/// `HABEAS_PAIRS` says at which of the calls the first fault strikes: `all`, or one in so many.
#[expect(clippy::disallowed_methods, reason = "pairs are asked for on demand")]
pub(crate) fn pairs_one_in(usually: (u64, u64)) -> (u64, u64) {
    let asked = std::env::var("HABEAS_PAIRS").ok().map(|asked| (asked.parse().unwrap_or(1), 1));
    asked.unwrap_or(if cfg!(debug_assertions) { usually } else { (1, 1) })
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
fn shares_of_erasures_break_nothing() {
    let mut report = Report::new("shares of erasures");
    for (name, scenario) in crowds::OF_SHARES {
        report.note_broken(name, scenario(Mutants::NONE, 0));
    }
    report.conclude();
}

/// 10,000 orders of a hold and an erasure; a fifth of them without `--release`.
#[test]
fn nothing_is_erased_under_an_effective_hold() {
    let mut report = Report::new("holds and erasures");
    let mut tally = holds::Tally::default();
    let (scenes, races) = if cfg!(debug_assertions) { (8, 250) } else { (40, 250) };
    for seed in 0..scenes {
        let mut scene = holds::Scene::new(seed);
        for race in 0..races {
            let number = seed * races + race;
            let mut broken = scene.race(Mutants::NONE, number, &mut tally);
            if race % 25 == 0 {
                broken.extend(scene.release());
            }
            report.note_broken(&format!("race {number}"), broken);
        }
    }
    println!("{tally:?}");
    let each = [tally.stopped, tally.in_flight, tally.too_late, tally.died];
    assert!(each.iter().all(|count| *count > 20), "races that never meet prove nothing: {tally:?}");
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

/// `HABEAS_SWARM_SEED` replays one run, `HABEAS_SWARMS` says how many there are.
#[test]
fn random_swarms_come_to_rest() {
    let mut report = Report::new("swarm");
    for seed in swarm_seeds(200) {
        let (broken, faults) = swarm::run(seed);
        report.note_injected(faults);
        report.note_broken(&format!("HABEAS_SWARM_SEED={seed}"), broken);
    }
    assert!(report.has_injected(), "a fault test that injected nothing proves nothing");
    report.conclude();
}

pub(crate) fn swarm_seeds(usually: u64) -> std::ops::Range<u64> {
    #[expect(clippy::disallowed_methods, reason = "seeds are asked for on demand")]
    let given = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let seeds = given("HABEAS_SWARM_SEED")
        .map_or_else(|| 0..given("HABEAS_SWARMS").unwrap_or(usually), |seed| seed..seed.saturating_add(1));
    println!("swarm: seeds {seeds:?}");
    seeds
}
