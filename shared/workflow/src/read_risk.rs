//! What a request of high risk keeps with it, for those who may read plans. Whose data it is it says in plain words.

use std::sync::Arc;

use domain::ids::JobId;
use domain::risk::RequestRisk;
use domain::role::Permission;

use crate::caller::Caller;
use crate::gate::steps_of;
use crate::keyring::Keyring;
use crate::ports::{Clock, ExportStore, JobStore, PortError, PortErrorKind};
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::risk::{KeptBeside, assessed_of};
use crate::steps::PlanStore;

/// Reads what is kept with requests of high risk.
pub struct ReadRisk {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Where it is kept, sealed.
    pub exports: Arc<dyn ExportStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ReadRisk {
    /// The risk of a job, with what is kept of it.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see, `Forbidden` for all but staff, `WrongState` where the risk is not high,
    /// not known yet, or what was kept has ended with the job.
    pub async fn read(&self, caller: &Caller, id: &JobId) -> Result<(RequestRisk, KeptBeside), Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let job = job_of(self.store.as_ref(), tenant, id).await?;
        if !caller.may_see(&job, &secrets) {
            return Err(Refusal::NotFound);
        }
        if !may_know(caller) {
            return Err(Refusal::Forbidden { needs: vec![Permission::JobRead] });
        }
        let none = || Refusal::WrongState { status: job.status };
        let steps = steps_of(self.store.as_ref(), tenant, id).await?;
        let assessed = assessed_of(&steps).ok_or_else(none)?;
        let object = assessed.kept.as_ref().ok_or_else(none)?;
        let key = match self.keyring.job_key(tenant, id).await {
            Err(error) if error.kind == PortErrorKind::NotFound => return Err(none()),
            key => key?,
        };
        let sealed = match self.exports.read(&object.key, None).await {
            Err(error) if error.kind == PortErrorKind::NotFound => return Err(none()),
            sealed => sealed?,
        };
        let kept = PlanStore::open(&key, tenant, object, &sealed);
        let kept = kept.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read risk"))?;
        Ok((assessed.risk.clone(), kept))
    }
}

/// Whether the caller may know how much a request risks: staff that reads jobs.
#[must_use]
pub fn may_know(caller: &Caller) -> bool {
    caller.principal.may(Permission::JobRead) && caller.principal.is_staff()
}
