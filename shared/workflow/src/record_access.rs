//! Keeps in the trail what changes nothing: reads by staff, and calls that were refused (R-AUD-1).

use std::sync::Arc;

use domain::event::{Action, EventOutcome, EventType, Level};
use domain::ids::{JobId, OpNonce};
use domain::transition::TransitionBuilder;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, CommitError, Entropy, JobStore};
use crate::refusal::Refusal;

/// Records accesses.
pub struct RecordAccess {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// What was asked for, and how it was answered.
#[derive(Debug, Clone)]
pub struct Access {
    /// What was to be done.
    pub action: Action,
    /// What kind of thing was asked for.
    pub resource_type: &'static str,
    /// The job concerned, where there is one of this id.
    pub job: Option<JobId>,
    /// Method and pattern of the route; nothing of what was sent.
    pub route: String,
    /// The status of a refusal; `None` for what was answered.
    pub refused_with: Option<u16>,
}

impl RecordAccess {
    /// One event, without a change of state.
    ///
    /// # Errors
    /// When the store or the key service fails: then a read must not be answered.
    pub async fn record(&self, caller: &Caller, access: &Access) -> Result<(), Refusal> {
        let (tenant, entropy, now) = (&caller.principal.tenant, self.entropy.as_ref(), self.clock.now());
        let secrets = self.keyring.tenant(tenant, now).await?;
        let Access { action, resource_type, job, route, refused_with } = access;
        let reason = match refused_with {
            Some(status) => format!("{route} was answered with {status}"),
            None => route.clone(),
        };
        let cause = caller.cause(&secrets, entropy, now).because(reason);
        let mut builder = TransitionBuilder::new(tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes());
        let mut event = builder.tenant_event(resource_type, *action);
        event.job.clone_from(job);
        event.event_type = EventType::UserAccess;
        if refused_with.is_some() {
            (event.level, event.outcome) = (Level::Error, EventOutcome::Failure);
        }
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
}
