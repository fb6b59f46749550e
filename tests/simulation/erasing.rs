//! Everything that can go wrong with erasures, restrictions and rectifications: each alone, in pairs, and at random.

use adapters_memory::Mutants;
use habeas_tests::story::Kind;
use habeas_tests::weather::Weather;

use crate::faults::{self, Second, Share};
use crate::report::Report;
use crate::{erasing_swarm, pairs_one_in, swarm_seeds, twists};

/// Every fault at every call of an erasure, also while the data changes; what a debug build leaves out runs with
/// `--release` or `HABEAS_ERASURES=all`.
#[test]
fn erasures_survive_every_single_fault() {
    let mut report = Report::new("single faults in erasures");
    for weather in Weather::ALL {
        let (plain, others) = match weather {
            _ if all_erasures() => (Share::All, Share::All),
            Weather::Fair => (Share::UntilKnown, Share::OneIn(97)),
            Weather::Doubled | Weather::Reversed | Weather::Purged => (Share::OneIn(97), Share::OneIn(97)),
        };
        faults::erasure_singles(&mut report, Kind::Erasure, weather, plain);
        faults::erasure_singles(&mut report, Kind::DriftingErasure, weather, others);
    }
    report.conclude();
}

/// The same of an organisation that is deleted, and of an erasure that is repeated after a restore; a debug build plays a
/// sample.
#[test]
fn deletions_of_organisations_and_replays_survive_every_single_fault() {
    let mut report = Report::new("single faults in deletions of organisations and in replays");
    for weather in Weather::ALL {
        for kind in [Kind::OrganisationDeletion, Kind::RestoredErasure] {
            let share = match weather {
                _ if all_erasures() => Share::All,
                Weather::Fair => Share::OneIn(164),
                Weather::Doubled | Weather::Reversed | Weather::Purged => Share::OneIn(1_004),
            };
            faults::erasure_singles(&mut report, kind, weather, share);
        }
    }
    report.conclude();
}

/// Every fault at every call while two erasures are one pass; a debug build plays a sample.
#[test]
fn erasures_in_one_pass_survive_every_single_fault() {
    let mut report = Report::new("single faults in a pass");
    for weather in Weather::ALL {
        let share = match weather {
            _ if all_erasures() => Share::All,
            Weather::Fair => Share::OneIn(61),
            Weather::Doubled | Weather::Reversed | Weather::Purged => Share::OneIn(307),
        };
        faults::erasure_singles(&mut report, Kind::SharedErasure, weather, share);
    }
    report.conclude();
}

/// The same of a restriction, from the request until it is lifted.
#[test]
fn restrictions_survive_every_single_fault() {
    let mut report = Report::new("single faults in restrictions");
    for weather in Weather::ALL {
        let share = if !cfg!(debug_assertions) || weather == Weather::Fair { Share::All } else { Share::UntilKnown };
        faults::erasure_singles(&mut report, Kind::Restriction, weather, share);
    }
    report.conclude();
}

/// The same of a rectification, from the request to the receipt; a debug build plays a sample.
#[test]
fn rectifications_survive_every_single_fault() {
    let mut report = Report::new("single faults in rectifications");
    for weather in Weather::ALL {
        let share = if all_erasures() { Share::All } else { Share::OneIn(43) };
        faults::erasure_singles(&mut report, Kind::Rectification, weather, share);
    }
    report.conclude();
}

/// The same of erasures that are parked, held or cancelled on their way, with `--release` or `HABEAS_ERASURES=all`, each
/// until its end is known: they last for weeks.
#[test]
fn erasures_with_a_detour_survive_every_single_fault() {
    if is_left_out() {
        return;
    }
    let mut report = Report::new("single faults in erasures with a detour");
    for weather in Weather::ALL {
        for kind in [Kind::ParkedErasure, Kind::HeldErasure, Kind::CancelledErasure] {
            faults::erasure_singles(&mut report, kind, weather, Share::UntilKnown);
        }
    }
    report.conclude();
}

fn is_left_out() -> bool {
    if !all_erasures() {
        println!("left out: runs with `--release` or HABEAS_ERASURES=all");
    }
    !all_erasures()
}

#[expect(clippy::disallowed_methods, reason = "everything is asked for on demand")]
pub(crate) fn all_erasures() -> bool {
    !cfg!(debug_assertions) || std::env::var("HABEAS_ERASURES").is_ok_and(|which| which == "all")
}

/// The same of an erasure that goes straight, the second fault wherever the first has left something behind.
#[test]
fn pairs_of_faults_in_erasures_are_survived() {
    pairs_in("pairs of faults in erasures", Kind::Erasure, (211, 29));
}

/// The same of one that is held, with `--release` or `HABEAS_ERASURES=all`.
#[test]
fn pairs_of_faults_in_held_erasures_are_survived() {
    if is_left_out() {
        return;
    }
    pairs_in("pairs of faults in held erasures", Kind::HeldErasure, (307, 29));
}

/// The same of one that has to be started again three times, with `--release` or `HABEAS_ERASURES=all`.
#[test]
fn pairs_of_faults_in_parked_erasures_are_survived() {
    if is_left_out() {
        return;
    }
    pairs_in("pairs of faults in parked erasures", Kind::ParkedErasure, (401, 37));
}

/// The same of one that is taken back.
#[test]
fn pairs_of_faults_in_cancelled_erasures_are_survived() {
    pairs_in("pairs of faults in cancelled erasures", Kind::CancelledErasure, (149, 23));
}

/// The same of two that are one pass.
#[test]
fn pairs_of_faults_in_a_pass_are_survived() {
    pairs_in("pairs of faults in a pass", Kind::SharedErasure, (503, 41));
}

fn pairs_in(name: &'static str, kind: Kind, usually: (u64, u64)) {
    let mut report = Report::new(name);
    let (first, second) = pairs_one_in(usually);
    faults::pairs(&mut report, kind, first, Second::WhereNew(second));
    report.conclude();
}

/// A second worker, a cancellation, a hold or a sweep between two calls of an erasure; all places with `--release` or
/// `HABEAS_ERASURES=all`, each until its end is known.
#[test]
fn overlaps_in_erasures_are_survived() {
    let mut report = Report::new("overlaps in erasures");
    for (kind, one_in) in [(Kind::Erasure, 211), (Kind::ParkedErasure, 607), (Kind::SharedErasure, 907)] {
        let share = if all_erasures() { Share::UntilKnown } else { Share::OneIn(one_in) };
        twists::every(&mut report, Mutants::NONE, kind, share);
    }
    report.conclude();
}

/// Erasures and an access at once, with holds, cancellations and shut sources at random.
#[test]
fn swarms_of_erasures_come_to_rest() {
    let mut report = Report::new("swarms of erasures");
    let mut tally = erasing_swarm::Tally::default();
    let seeds = swarm_seeds(if all_erasures() { 500 } else { 6 });
    let (is_one, are_few) = (seeds.end - seeds.start == 1, seeds.end - seeds.start < 6);
    for seed in seeds.chain(erasing_swarm::FOUND.into_iter().filter(|_| !is_one)) {
        let (broken, faults) = erasing_swarm::run(seed, &mut tally);
        report.note_injected(faults);
        report.note_broken(&format!("HABEAS_SWARM_SEED={seed}"), broken);
    }
    println!("{tally:?}");
    assert!(report.has_injected(), "a fault test that injected nothing proves nothing");
    report.conclude();
    assert!(are_few || tally.is_full(), "swarms that never meet a hold prove nothing of holds: {tally:?}");
}
