//! A pass: claimed steps of several jobs that one worker carries out in one go. Each keeps its own claim, lease and fence,
//! and ends by itself; where the worker dies, each goes on alone once its lease has ended.

use domain::step::Nudge;

use super::{AdvanceJob, NotClaimed, Ran, RunStep};
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Steps of one pass: no claim of several people at once grows beyond that.
pub const MOST_IN_PASS: usize = 25;

/// The claimed steps of a pass.
pub struct Pass<'e> {
    engine: &'e AdvanceJob,
    /// Those that have ended are none.
    members: Vec<Option<StepContext>>,
    /// How the step ended that the message is about.
    told: Result<(), StepError>,
}

impl<'e> Pass<'e> {
    fn of(engine: &'e AdvanceJob, first: StepContext) -> Self {
        Self { engine, members: vec![Some(first)], told: Ok(()) }
    }

    /// How many steps it began with.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has no steps, which no pass has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A step that has not ended.
    pub fn member(&mut self, place: usize) -> Option<&mut StepContext> {
        self.members.get_mut(place).and_then(Option::as_mut)
    }

    /// Ends one of the steps; the others are not touched.
    pub async fn end(&mut self, place: usize, ended: Result<Ran, StepError>) {
        let Some(context) = self.members.get_mut(place).and_then(Option::take) else { return };
        let told = self.engine.end(&context, ended).await;
        match told {
            told if place == 0 => self.told = told,
            Ok(()) => {}
            // Its lease ends by itself; the message is not about it.
            Err(error) => tracing::warn!(error = %error, job = %context.job.id, "a step of a pass did not end"),
        }
    }
}

impl AdvanceJob {
    /// Runs a claimed step, with those of other jobs that are best carried out with it.
    pub(super) async fn run_claimed(&self, step: &dyn RunStep, first: StepContext) -> Result<(), StepError> {
        let slice_ends_at = first.slice_ends_at;
        let mut pass = Pass::of(self, first);
        for nudge in companions(step, &mut pass).await {
            match self.claim(&nudge, self.ports.clock.now(), slice_ends_at).await {
                Ok(context) => pass.members.push(Some(context)),
                // Held, taken by another worker, or over: that is as it would be alone.
                Err(NotClaimed::Stop) => {}
                Err(NotClaimed::Failed(error)) => {
                    tracing::warn!(error = %error, "a step was not taken into a pass");
                }
            }
        }
        if pass.len() == 1 {
            if let Some(context) = pass.member(0) {
                let ended = step.run(context).await;
                pass.end(0, ended).await;
            }
            return pass.told;
        }
        step.run_together(&mut pass).await;
        for place in 0..pass.len() {
            pass.end(place, Ok(Ran::Continue)).await;
        }
        pass.told
    }
}

/// Best effort: what is not found now is carried out alone.
async fn companions(step: &dyn RunStep, pass: &mut Pass<'_>) -> Vec<Nudge> {
    let Some(context) = pass.member(0) else { return Vec::new() };
    match step.companions(context).await {
        Ok(mut found) => {
            found.truncate(MOST_IN_PASS - 1);
            found
        }
        Err(error) => {
            tracing::warn!(error = %error, "nobody was looked for to share a pass");
            Vec::new()
        }
    }
}
