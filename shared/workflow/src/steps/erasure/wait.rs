//! The two waits of an erasure: for a person's approval, and for the end of the grace period.

use std::sync::Arc;

use async_trait::async_trait;
use domain::job::{APPROVAL_REMINDER, JobStatus, Outcome};
use domain::record::Record;
use domain::request::RequestType;
use domain::step::{Checkpoint, Step, StepKind, StepState};
use jiff::SignedDuration;

use crate::advance_job::{Ran, RunStep};
use crate::ports::{Alert, Alerts};
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// How soon the end of the grace period looks again whether tokens are revoked.
const TOKENS_FIRST: SignedDuration = SignedDuration::from_secs(30);

/// Reminds of a plan that nobody has approved; the approval itself is an act of a person.
pub(super) struct Approve {
    // Dependencies.
    /// Where to remind.
    pub(super) alerts: Arc<dyn Alerts>,
}

#[async_trait]
impl RunStep for Approve {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Approve]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        if context.job.status != JobStatus::AwaitingApproval {
            return Ok(Ran::Done(Outcome::Nothing));
        }
        let what = if context.job.request_type == RequestType::Rectification {
            "a plan of corrections waits for approval"
        } else if context.job.erasure.is_some() {
            "a plan of erasure waits for approval"
        } else {
            "an objection waits to be decided"
        };
        let reason = Some(what.to_owned());
        self.alerts.raise(&Alert { job: context.job.id.clone(), step: StepKind::Approve, reason });
        Ok(Ran::NotBefore(context.now + APPROVAL_REMINDER))
    }
}

/// Ends the grace period: everything is planned anew, so that what was approved is compared with what is there.
pub(super) struct Grace;

#[async_trait]
impl RunStep for Grace {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Grace]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let ends_at = context.job.erasure.as_ref().and_then(|erasure| erasure.grace_ends_at);
        let ends_at = ends_at.ok_or_else(|| StepError::park("nobody has approved the plan"))?;
        // The clock of whoever claimed may be ahead: the date on the job decides (INV-E3).
        if ends_at > context.now {
            return Ok(Ran::NotBefore(ends_at));
        }
        // What erasing takes away can't be revoked any more: every token is tried once first.
        if is_revoking(context).await? {
            return Ok(Ran::NotBefore(context.now + TOKENS_FIRST));
        }
        Ok(Ran::Done(Outcome::PlanAgain))
    }
}

/// Whether the tokens are still to be revoked for the first time.
async fn is_revoking(context: &StepContext) -> Result<bool, StepError> {
    if !context.job.erasure.as_ref().is_some_and(|erasure| erasure.revokes()) {
        return Ok(false);
    }
    let (tenant, job) = (&context.job.tenant, &context.job.id);
    let key = Step::key_of(tenant, job, StepKind::RevokeTokens, context.step.shard);
    let found = context.ports.store.load(&[key]).await?.into_iter().flatten().find_map(Record::into_step);
    let waits = |step: &Step| {
        let tried = matches!(&step.checkpoint, Some(Checkpoint::Revoke(state)) if state.rounds > 0);
        !tried && !matches!(step.state, StepState::Done | StepState::Parked)
    };
    Ok(found.is_some_and(|step| waits(&step)))
}
