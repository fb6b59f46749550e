//! Deliberate bugs of passes: a claim made while another job's erasure is claimed is taken along with less than its own.

use std::borrow::Cow;

use domain::record::Record;
use domain::step::StepKind;
use domain::transition::{Change, Expect, Transition};

use crate::mutants::Mutant;
use crate::state::State;

/// The transition as the bugs that are switched on let it through.
pub(super) fn bent<'a>(state: &State, transition: &'a Transition) -> Cow<'a, Transition> {
    let (unguarded, hidden) =
        (state.mutants.has(Mutant::PartnerNotGuarded), state.mutants.has(Mutant::PartnerClaimHidden));
    if !(unguarded || hidden) || !is_a_partners(state, transition) {
        return Cow::Borrowed(transition);
    }
    let mut bent = transition.clone();
    for change in &mut bent.changes {
        match change {
            Change::Check { expect: expect @ Expect::NoHold, .. } if unguarded => *expect = Expect::Any,
            Change::Put { record: Record::Claim(claim), .. } if hidden => {
                *change = Change::Check { key: Record::Claim(claim.clone()).key(), expect: Expect::Any };
            }
            Change::Put { .. }
            | Change::Delete { .. }
            | Change::Add { .. }
            | Change::Guard { .. }
            | Change::Check { .. } => {}
        }
    }
    Cow::Owned(bent)
}

/// Whether a transition claims an erase step while one of another job of the tenant is claimed.
fn is_a_partners(state: &State, transition: &Transition) -> bool {
    let claimed = |change: &Change| match change {
        Change::Put { record, .. } => record.clone().into_claim().filter(|claim| claim.kind == StepKind::Erase),
        Change::Delete { .. } | Change::Add { .. } | Change::Guard { .. } | Change::Check { .. } => None,
    };
    let Some(own) = transition.changes.iter().find_map(claimed) else { return false };
    let beside = |record: &Record| {
        matches!(record, Record::Claim(other) if other.kind == StepKind::Erase
            && other.tenant == own.tenant
            && other.job != own.job
            && other.lease_until > state.now)
    };
    state.items.values().any(|record| beside(record))
}
