//! Deliberate bugs: each must be caught, or the suite proves nothing.

use adapters_memory::{Mutant, Mutants};
use habeas_tests::weather::Weather;

use crate::faults::Share;
use crate::report::Report;
use crate::{crowds, faults, twists};

/// Hunts a bug; says by what it was caught.
pub(crate) fn hunt(mutant: Mutant) -> Option<String> {
    let mutants = Mutants::only(mutant);
    let mut report = Report::hunting("hunt");
    if Mutant::OF_PASSES.contains(&mutant) {
        crowds::OF_SHARES.iter().for_each(|(name, scenario)| report.note_broken(name, scenario(mutants, 0)));
        return report.first();
    }
    if Mutant::OF_CORRECTIONS.contains(&mutant) {
        for (name, scenario) in crowds::OF_CORRECTIONS {
            report.note_broken(name, scenario(mutants, 0));
            if report.is_settled() {
                break;
            }
        }
        return report.first();
    }
    for (name, scenario) in crowds::ALL {
        for seed in 0..8 {
            report.note_broken(name, scenario(mutants, seed));
        }
        if report.is_settled() {
            return report.first();
        }
    }
    faults::singles(&mut report, mutants, Weather::Fair, Share::UntilKnown);
    if !report.is_settled() {
        twists::all(&mut report, mutants);
    }
    if !report.is_settled() {
        faults::singles(&mut report, mutants, Weather::Purged, Share::UntilKnown);
    }
    report.first()
}
