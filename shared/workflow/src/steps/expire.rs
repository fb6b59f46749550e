//! Ends the life of an export: archive, parts, plans and, last, the job key.

use std::sync::Arc;

use async_trait::async_trait;
use domain::job::{Job, Outcome, Scope};
use domain::record::KeyRecord;
use domain::step::{Checkpoint, Step, StepKind, StepState};
use domain::transition::Cause;
use jiff::SignedDuration;

use super::plan::PlanStore;
use crate::advance_job::{Ran, RunStep};
use crate::gate::steps_of;
use crate::ports::ExportStore;
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// How long to wait for notices that still need the key.
const NOTICES_FIRST: SignedDuration = SignedDuration::from_mins(10);

/// Deletes what a job left behind. Doing it twice changes nothing.
pub struct Expire {
    // Dependencies.
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
}

/// The prefix of a job's parts.
#[must_use]
pub(super) fn parts_prefix(tenant: &str, job: &str) -> String {
    format!("parts/{tenant}/{job}/")
}

/// The key of a job's archive.
pub(super) fn archive_key(job: &Job) -> String {
    let ending = match job.scope {
        Scope::Subject | Scope::Organization | Scope::AuditLog => "zip",
        Scope::Collection => "ndjson.gz",
    };
    format!("exports/{}/{}.{ending}", job.tenant, job.id)
}

/// Whether a processor is not told yet and may still be.
fn has_to_be_told(step: &Step) -> bool {
    let ended = matches!(step.state, StepState::Done | StepState::Parked);
    let told = matches!(&step.checkpoint, Some(Checkpoint::Processor(state)) if state.told_at.is_some());
    step.kind == StepKind::TellProcessor && !ended && !told
}

#[async_trait]
impl RunStep for Expire {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Expire]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let (tenant, job) = (context.job.tenant.clone(), context.job.id.clone());
        let steps = steps_of(context.ports.store.as_ref(), &tenant, &job).await?;
        // A worker that was at work when the job ended may still write: what it leaves must be gone as well.
        let at_work = steps.iter().filter(|step| step.state == StepState::Claimed && step.kind != StepKind::Expire);
        if let Some(lease_until) =
            at_work.filter_map(|step| step.lease_until).filter(|until| *until > context.now).max()
        {
            return Ok(Ran::NotBefore(lease_until));
        }
        let ended = |state| matches!(state, StepState::Done | StepState::Parked);
        let notice_left = steps.iter().any(|step| step.kind.is_last_notice() && !ended(step.state));
        if notice_left {
            return Ok(Ran::NotBefore(context.now + NOTICES_FIRST));
        }
        // What flags held lies under the job key until every row is given back.
        let is_lifting = |step: &&Step| step.kind == StepKind::LiftQuarantine && step.state != StepState::Done;
        if let Some(lifting) = steps.iter().find(is_lifting) {
            let at = lifting.next_check_at.unwrap_or(context.now);
            return Ok(Ran::NotBefore(at.max(context.now + NOTICES_FIRST)));
        }
        // Whoever is still to be told of the erasure is told what is sealed under the job key.
        if let Some(at) = steps.iter().filter(|step| has_to_be_told(step)).filter_map(|step| step.next_check_at).min() {
            return Ok(Ran::NotBefore(at.max(context.now + NOTICES_FIRST)));
        }
        // Also where the job knows of no archive: it may have ended while the archive was written.
        self.exports.delete(&archive_key(&context.job)).await?;
        self.exports.delete_all(&parts_prefix(tenant.as_str(), job.as_str())).await?;
        self.exports.delete_all(&PlanStore::prefix(tenant.as_str(), job.as_str())).await?;
        let mut builder = context.transition(Cause::worker(context.now));
        builder.delete(KeyRecord::key_of(&tenant, &KeyRecord::job_owner(&job)));
        context.ports.store.commit(&builder.build()).await?;
        Ok(Ran::Done(Outcome::Cleaned))
    }
}
