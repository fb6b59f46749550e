//! Deliberate bugs of corrections of identities: what stands for the person under the right value is missing, or comes late.

use std::borrow::Cow;

use domain::ids::JobId;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::restriction::mark_of;
use domain::step::{StepKind, StepState};
use domain::transition::{Change, Expect, Transition};

use super::commit::Verb;
use super::items::read_item;
use crate::mutants::Mutant;
use crate::state::State;

/// The transition as the bugs that are switched on let it through.
pub(super) fn bent<'a>(state: &State, transition: &'a Transition) -> Cow<'a, Transition> {
    if !Mutant::OF_CORRECTIONS.iter().any(|mutant| state.mutants.has(*mutant)) {
        return Cow::Borrowed(transition);
    }
    let mut bent = transition.clone();
    let carries = transition.changes.iter().any(|change| carries_on(state, change));
    let mut guarded = 0;
    for change in &mut bent.changes {
        let is_lost = match change {
            Change::Guard { key, .. } if is_behind(key, "corrected#") => {
                guarded += 1;
                state.mutants.has(Mutant::CorrectionGuardedLate)
                    || guarded > 1 && state.mutants.has(Mutant::CorrectionHalfGuarded)
            }
            Change::Guard { key, .. } if is_behind(key, "restricted#") => {
                carries && state.mutants.has(Mutant::RestrictionLeftBehind)
            }
            Change::Check { key, expect: Expect::Absent } => {
                state.mutants.has(Mutant::SuppressionUnseen) && matches!(key.partition(), Partition::Suppression(_))
            }
            Change::Put { .. }
            | Change::Delete { .. }
            | Change::Add { .. }
            | Change::Guard { .. }
            | Change::Check { .. } => false,
        };
        if is_lost {
            *change = Change::Check { key: change.key(), expect: Expect::Any };
        }
    }
    if let Some(job) = transition.changes.iter().find_map(corrected_by) {
        bent.changes.extend(late_guards(state, transition, &job));
    }
    Cow::Owned(bent)
}

fn is_behind(key: &TenantKey, prefix: &str) -> bool {
    matches!(key.partition(), Partition::Guard(scope) if scope.starts_with(prefix))
}

/// Whether a change writes a restriction that stands already.
fn carries_on(state: &State, change: &Change) -> bool {
    let Change::Put { record: Record::Job(after), .. } = change else { return false };
    let stands = |record: &Record| matches!(record, Record::Job(job) if job.restricts());
    after.restricts() && read_item(state, &after.key()).is_some_and(stands)
}

/// The job one of whose shares is done with this change.
fn corrected_by(change: &Change) -> Option<JobId> {
    match change {
        Change::Put { record: Record::Step(step), .. } if step.kind == StepKind::Erase => {
            (step.state == StepState::Done).then(|| step.job.clone())
        }
        Change::Put { .. }
        | Change::Delete { .. }
        | Change::Add { .. }
        | Change::Guard { .. }
        | Change::Check { .. } => None,
    }
}

/// The guards that were lost when it began.
fn late_guards(state: &State, transition: &Transition, job: &JobId) -> Vec<Change> {
    if !state.mutants.has(Mutant::CorrectionGuardedLate) {
        return Vec::new();
    }
    let writes = state.journal.iter().filter(|it| it.tenant == transition.tenant).flat_map(|it| &it.writes);
    let lost = writes.filter(|it| it.verb == Verb::Check(Expect::Any) && is_behind(&it.key, "corrected#"));
    let guard = |key: TenantKey| Change::Guard { key, hold: mark_of(job), holds: true };
    let keys: std::collections::BTreeSet<TenantKey> = lost.map(|write| TenantKey::clone(&write.key)).collect();
    keys.into_iter().map(guard).collect()
}
