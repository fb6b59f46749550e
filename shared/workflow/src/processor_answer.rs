//! Takes the answer of a processor that was told of an erasure (GDPR Art. 19), where it comes later.
//!
//! The address of the answer is the proof: only the processor was told it. Where the data map names a key of the
//! processor, the answer must be signed by it as well (`OpenDSR` 2.0, 8.8).

use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::processor::{ProcessorCheckpoint, ProcessorStatus};
use domain::record::Record;
use domain::sensitive::Sensitive;
use domain::step::{Checkpoint, Step, StepKind, StepState};
use domain::transition::{Expect, TransitionBuilder};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::caller::Circumstances;
use crate::following::done_step;
use crate::keyring::TenantSecrets;
use crate::ports::CommitError;
use crate::refusal::{FieldError, Refusal};
use crate::step_context::StepPorts;
use crate::steps::processors::{Answered, answer_proof, hear_callback, is_signed, subject_request_id};

/// What came.
pub struct Callback<'a> {
    /// Whose job it is said to be.
    pub tenant: &'a TenantId,
    /// The job.
    pub job: &'a JobId,
    /// Which of its processors.
    pub number: u32,
    /// What the address was proven with.
    pub proof: &'a Sensitive<String>,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The header `X-OpenDSR-Signature`.
    pub signature: Option<&'a str>,
}

/// Takes answers.
pub struct TakeAnswer {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
}

impl TakeAnswer {
    /// Keeps what the processor says. The same answer again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for whatever was not told to answer here, `Reserved` without the right signature, `Invalid` where the
    /// body says nothing that we know, `WrongState` after another answer, `Busy` while the processor is being told.
    pub async fn take(&self, callback: &Callback<'_>, from: &Circumstances) -> Result<(), Refusal> {
        let now = self.ports.clock.now();
        // Nothing is made or kept for a tenant that is only claimed: first there must be such a step.
        let (job, step) = self.told(callback).await?;
        let secrets = self.ports.keyring.tenant(callback.tenant, now).await?;
        let proof = answer_proof(&secrets, callback.job, callback.number);
        if !bool::from(proof.as_bytes().ct_eq(callback.proof.expose().as_bytes())) {
            return Err(Refusal::NotFound);
        }
        let Some(Checkpoint::Processor(state)) = &step.checkpoint else { return Err(Refusal::Busy) };
        if let Some(key) = &state.public_key
            && !is_signed(key, callback.body, callback.signature)
        {
            return Err(Refusal::Reserved { to: "the processor, by its signature" });
        }
        let request_id = subject_request_id(callback.tenant, callback.job, callback.number);
        let answered = hear_callback(callback.body, &request_id).ok_or_else(unknown)?;
        self.keep((&job, &step), state.clone(), answered, (&secrets, from, now)).await
    }

    async fn told(&self, callback: &Callback<'_>) -> Result<(Job, Step), Refusal> {
        let step = Step::key_of(callback.tenant, callback.job, StepKind::TellProcessor, callback.number);
        let job = domain::key::TenantKey::job(callback.tenant, callback.job);
        let mut found = self.ports.store.load(&[job, step]).await?.into_iter();
        match (found.next(), found.next()) {
            (Some(Some(Record::Job(job))), Some(Some(Record::Step(step)))) => Ok((*job, *step)),
            _ => Err(Refusal::NotFound),
        }
    }

    async fn keep(
        &self,
        (job, step): (&Job, &Step),
        mut state: ProcessorCheckpoint,
        answered: Answered,
        (secrets, from, now): (&TenantSecrets, &Circumstances, Timestamp),
    ) -> Result<(), Refusal> {
        if state.status.is_answer() {
            // A processor may say more than once what it said; it may not take it back.
            return if state.status == answered.status {
                Ok(())
            } else {
                Err(Refusal::WrongState { status: job.status })
            };
        }
        match step.state {
            StepState::Claimed => return Err(Refusal::Busy),
            StepState::Done | StepState::Parked => return Err(Refusal::WrongState { status: job.status }),
            StepState::Ready | StepState::Waiting => {}
        }
        let is_answer = answered.status.is_answer();
        // Only the time that it expects to need is news; who is late stays late.
        let status = if is_answer { answered.status } else { state.status };
        Answered { status, ..answered }.keep_in(&mut state, now);
        state.told_at = state.told_at.or(Some(now));
        if state.status == ProcessorStatus::Waiting || state.status == ProcessorStatus::Unreachable {
            state.status = ProcessorStatus::Accepted;
        }
        let after = Step { checkpoint: Some(Checkpoint::Processor(state)), ..step.clone() };
        let after = if is_answer { done_step(&after, now) } else { after };
        let entropy = self.ports.entropy.as_ref();
        let cause = from.open_cause(secrets, now).because("the processor answered");
        let nonce = domain::ids::OpNonce::new(entropy.bytes());
        let mut builder = TransitionBuilder::new(&job.tenant, nonce, cause, entropy.bytes());
        builder.update_step(step, after, Expect::Version(step.version));
        match self.ports.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
}

fn unknown() -> Refusal {
    let detail = "must be completed, refused or accepted, and of the request that was told".to_owned();
    Refusal::Invalid(vec![FieldError { pointer: "/status".to_owned(), detail }])
}
