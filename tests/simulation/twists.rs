//! Two things at once: a worker stands between two calls while another worker, a person or the sweep acts.

use adapters_memory::Mutants;
use habeas_tests::sample::ADA;
use habeas_tests::story::{Kind, Story};
use habeas_tests::weather::{Meanwhile, Twist, Weather};

use crate::faults::Share;
use crate::report::Report;
use crate::schedule::{Schedule, Stage};

/// Most calls one delivery makes.
const MOST_CALLS: u32 = 30;

/// Runs every twist at every call of every delivery of an access.
pub(crate) fn all(report: &mut Report, mutants: Mutants) {
    every(report, mutants, Kind::Access, Share::All);
}

/// Runs every twist at all or some of the places of a story.
pub(crate) fn every(report: &mut Report, mutants: Mutants, kind: Kind, share: Share) {
    let one_in = if let Share::OneIn(one_in) = share { one_in } else { 1 };
    let mut stage = Stage::new(Story::of(kind, ADA), mutants, Weather::Fair);
    let deliveries = stage.run_until_known(&Schedule::default()).deliveries;
    let plain = [
        Meanwhile::Second,
        Meanwhile::SecondAfterLease,
        Meanwhile::Cancel,
        Meanwhile::CancelAndClean,
        Meanwhile::Vouch,
        Meanwhile::Sweep,
        Meanwhile::Hold,
    ];
    let of_corrections = [Meanwhile::HoldUnderRight, Meanwhile::Lift, Meanwhile::RestrictAgain];
    let of_kind = if kind == Kind::RenamedIdentity { &of_corrections[..] } else { &[] };
    let mut place = 0;
    for delivery in 0..deliveries {
        report.tell_progress(delivery, deliveries);
        for calls in 0..MOST_CALLS {
            let overlaps = (1..MOST_CALLS).step_by(3).map(Meanwhile::Overlap);
            place += 1;
            if place % one_in != 0 {
                continue;
            }
            for meanwhile in plain.into_iter().chain(of_kind.iter().copied()).chain(overlaps) {
                let twist = Some(Twist { delivery, calls, meanwhile });
                let schedule = Schedule { twist, faults: Vec::new() };
                let verdict = match share {
                    Share::All => stage.run(&schedule),
                    Share::UntilKnown | Share::OneIn(_) => stage.run_until_known(&schedule),
                };
                report.note(|| format!("{meanwhile:?} after {calls} calls of delivery {delivery}"), &verdict, 0);
                if report.is_settled() {
                    return;
                }
            }
        }
    }
}
