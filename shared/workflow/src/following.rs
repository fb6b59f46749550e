//! What a decision writes beside the item it is about: steps made, waiting steps settled.

use domain::ids::OpNonce;
use domain::job::{Decision, Job};
use domain::record::Record;
use domain::step::{Step, StepKind, StepSeed, StepState};
use domain::transition::{Expect, TransitionBuilder};
use jiff::Timestamp;

use crate::ports::PortError;
use crate::step_context::StepPorts;

/// A step whose outcome is committed.
#[must_use]
pub fn done_step(step: &Step, now: Timestamp) -> Step {
    Step { state: StepState::Done, lease_until: None, next_check_at: None, done_at: Some(now), ..step.clone() }
}

/// Adds the steps a decision asks for.
pub fn create_steps(
    builder: &mut TransitionBuilder,
    job: &Job,
    decision: &Decision,
    nonce: &OpNonce,
    now: Timestamp,
) -> Vec<Step> {
    let new = |seed: &StepSeed| Step::new(&job.tenant, &job.id, seed.clone(), nonce.clone(), now);
    let steps: Vec<Step> = decision.next.iter().map(new).collect();
    for step in &steps {
        builder.create_step(step.clone());
    }
    steps
}

/// Ends waiting steps whose question is answered.
///
/// # Errors
/// When the store fails.
pub async fn settle_waiting(
    ports: &StepPorts,
    builder: &mut TransitionBuilder,
    job: &Job,
    kinds: &[StepKind],
    now: Timestamp,
) -> Result<(), PortError> {
    // Approvals are numbered by the plan they wait for; every other step that is settled there is once.
    let plan = job.erasure.as_ref().map_or(0, |erasure| erasure.generation);
    let shard = |kind: StepKind| if kind == StepKind::Approve { plan } else { 0 };
    let keys: Vec<_> = kinds.iter().map(|kind| Step::key_of(&job.tenant, &job.id, *kind, shard(*kind))).collect();
    if keys.is_empty() {
        return Ok(());
    }
    for record in ports.store.load(&keys).await?.into_iter().flatten() {
        if let Record::Step(step) = record
            && matches!(step.state, StepState::Waiting | StepState::Ready | StepState::Parked)
        {
            builder.update_step(&step, done_step(&step, now), Expect::Version(step.version));
        }
    }
    Ok(())
}
