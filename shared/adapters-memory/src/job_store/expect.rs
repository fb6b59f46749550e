//! Whether an expectation holds of a stored item.

use domain::record::Record;
use domain::transition::Expect;
use jiff::Timestamp;

use crate::mutants::{Mutant, Mutants};

/// Whether the expectation holds, as far as the deliberate bugs let the store look.
pub(crate) fn holds(expect: Expect, stored: Option<&Record>, mutants: Mutants, now: Timestamp) -> bool {
    match expect {
        Expect::Absent => stored.is_none() || mutants.has(Mutant::NoAbsenceCondition),
        Expect::Version(version) => {
            mutants.has(Mutant::NoVersionCondition) || stored.and_then(Record::version) == Some(version)
        }
        Expect::Fence(_) if mutants.has(Mutant::NoFence) => stored.is_some(),
        Expect::Fence(_) if mutants.has(Mutant::ClockInsteadOfFence) => stored.is_some_and(|it| is_leased(it, now)),
        Expect::Fence(fence) => stored.and_then(Record::fence) == Some(fence),
        Expect::OpenJob => mutants.has(Mutant::NoGuard) || stored.is_some_and(Record::is_open_job),
        Expect::NoHold => mutants.has(Mutant::HoldOutsideClaim) || stored.is_none_or(Record::is_free_guard),
        Expect::Forgotten(by) => {
            stored.is_none_or(|it| it.is_forgotten_by(by)) || mutants.has(Mutant::NoAbsenceCondition)
        }
        Expect::Any => true,
    }
}

fn is_leased(record: &Record, now: Timestamp) -> bool {
    matches!(record, Record::Step(step) if step.lease_until.is_some_and(|until| until > now))
}
