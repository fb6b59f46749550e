//! What a running step holds: its claim, its job, the end of its time slice, and the way to save progress under the fence.

use std::sync::Arc;

use domain::ids::OpNonce;
use domain::job::Job;
use domain::key::TenantKey;
use domain::step::{Checkpoint, Nudge, Step, StepSeed};
use domain::transition::{Cause, Expect, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use crate::keyring::Keyring;
use crate::nudging::nudge_best_effort;
use crate::ports::{Clock, Entropy, JobQueue, JobStore};
use crate::request_body::RequestBody;
use crate::sealing::{Place, SealingKey};
use crate::step_error::StepError;

/// The ports every step runs on.
#[derive(Clone)]
pub struct StepPorts {
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Nudges.
    pub queue: Arc<dyn JobQueue>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A claimed step.
pub struct StepContext {
    /// The ports.
    pub ports: StepPorts,
    /// The job as it was when the step was claimed.
    pub job: Job,
    /// The step as last written by this claim.
    pub step: Step,
    /// When the step was claimed.
    pub now: Timestamp,
    /// When the step stops taking work.
    pub slice_ends_at: Timestamp,
    /// How long a claim lasts.
    pub lease: SignedDuration,
    /// Whether this claim has saved any progress.
    pub progressed: bool,
    /// Guards that were free, and must be so still when the outcome is committed.
    pub needs_free: Vec<TenantKey>,
    key: Option<SealingKey>,
}

impl StepContext {
    /// The context of a fresh claim.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "called once, by the engine; each argument is a field")]
    pub const fn new(
        ports: StepPorts,
        job: Job,
        step: Step,
        now: Timestamp,
        slice_ends_at: Timestamp,
        lease: SignedDuration,
    ) -> Self {
        Self { ports, job, step, now, slice_ends_at, lease, progressed: false, needs_free: Vec::new(), key: None }
    }

    /// Whether the step should save and stop taking work.
    #[must_use]
    pub fn time_is_short(&self) -> bool {
        self.ports.clock.now() >= self.slice_ends_at
    }

    /// The key of the job, unwrapped once per claim.
    ///
    /// # Errors
    /// When a store fails or the key is destroyed.
    pub async fn job_key(&mut self) -> Result<SealingKey, StepError> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let key = self.ports.keyring.job_key(&self.job.tenant, &self.job.id).await?;
        self.key = Some(key.clone());
        Ok(key)
    }

    /// What was asked, opened.
    ///
    /// # Errors
    /// When the key is gone or the sealed field was tampered with.
    pub async fn request_body(&mut self) -> Result<RequestBody, StepError> {
        let key = self.job_key().await?;
        let place = Place::attribute(&self.job.key(), "request");
        let bytes = key.open(&place, &self.job.request).map_err(|_| unreadable("request"))?;
        RequestBody::from_json(&bytes).ok_or_else(|| unreadable("request"))
    }

    /// Saves progress and renews the lease; makes further steps in the same transaction and nudges them.
    ///
    /// # Errors
    /// `Lost` if the fence was raised or the job has ended meanwhile.
    pub async fn save(&mut self, checkpoint: Checkpoint, seeds: Vec<StepSeed>) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        let lease_until = now + self.lease;
        let after = Step {
            checkpoint: Some(checkpoint),
            lease_until: Some(lease_until),
            next_check_at: Some(lease_until),
            attempts: 0,
            stalls: 0,
            ..self.step.clone()
        };
        let mut builder = self.transition(Cause::worker(now));
        let nonce = builder.op_nonce().clone();
        builder.update_step(&self.step, after.clone(), Expect::Fence(self.step.fence));
        if self.step.kind.needs_open_job() {
            builder.check(self.job.key(), Expect::OpenJob);
        }
        let steps: Vec<Step> =
            seeds.into_iter().map(|seed| Step::new(&self.job.tenant, &self.job.id, seed, nonce.clone(), now)).collect();
        for step in &steps {
            builder.create_step(step.clone());
        }
        self.ports.store.commit(&builder.build()).await?;
        self.step = Step { version: self.step.version + 1, op_nonce: nonce, ..after };
        self.progressed = true;
        let nudges: Vec<Nudge> = steps.iter().map(Nudge::for_step).collect();
        nudge_best_effort(self.ports.queue.as_ref(), &nudges).await;
        Ok(())
    }

    /// An empty transition of the job's tenant.
    #[must_use]
    pub fn transition(&self, cause: Cause) -> TransitionBuilder {
        let entropy = self.ports.entropy.as_ref();
        TransitionBuilder::new(&self.job.tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes())
    }
}

/// Stops because something sealed did not open.
#[must_use]
pub fn unreadable(what: &str) -> StepError {
    StepError::park(format!("the sealed {what} does not open"))
}
