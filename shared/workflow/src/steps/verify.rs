//! Ends the wait for a proof of identity. Claimed only when the time is over; a proof that came settles it before.

use async_trait::async_trait;
use domain::job::{JobStatus, Outcome};
use domain::step::StepKind;

use crate::advance_job::{Ran, RunStep};
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Lets a job expire when nobody has proven an identity.
pub struct Verify;

#[async_trait]
impl RunStep for Verify {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Verify]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let expired = context.job.status == JobStatus::AwaitingVerification;
        Ok(Ran::Done(if expired { Outcome::VerificationExpired } else { Outcome::Nothing }))
    }
}
