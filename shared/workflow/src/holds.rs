//! Legal holds: placed, listed and released by privacy officers (R-DSR-10). What they do to a claim is in `advance_job`.
//!
//! Matter and reason are sealed under the tenant's key and never in an event: they may name people.

use domain::hold::{Guard, GuardScope, Hold};
use domain::ids::HoldId;
use domain::job::Job;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::request::Identity;
use domain::role::Permission;
use domain::sensitive::Sensitive;
use domain::step::StepKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::PortError;
use crate::refusal::Refusal;
use crate::sealing::Place;
use crate::step_context::StepPorts;

mod place;
mod release;
mod settling;

use self::settling::settle;
pub use self::settling::settle_behind;

/// Places, lists and releases holds.
pub struct Holds {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
}

/// A hold as it is asked for.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// Whose data is to stand still.
    pub scope: NewScope,
    /// The matter, in an officer's words.
    pub matter: Sensitive<String>,
    /// Why, in an officer's words.
    pub reason: Sensitive<String>,
}

/// Whose data is to stand still.
#[derive(Debug, Clone)]
pub enum NewScope {
    /// One person; each identity is enough to meet the hold.
    Subject(Vec<Identity>),
    /// One organisation and its members.
    Organization(Identity),
    /// Everybody.
    Tenant,
}

/// A hold as officers see it.
#[derive(Debug, Clone)]
pub struct HoldView {
    /// The hold.
    pub hold: Hold,
    /// The matter.
    pub matter: Sensitive<String>,
    /// Why.
    pub reason: Sensitive<String>,
    /// What had begun before the hold and is not over yet; complete, and empty once the hold is effective.
    pub in_flight: Vec<InFlight>,
}

/// Work from before a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// What.
    pub work: Underway,
    /// When its lease ends, unless it is renewed.
    pub lease_until: Option<Timestamp>,
}

/// What takes data away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Underway {
    /// A claimed step of a job.
    Step {
        /// The job.
        job: domain::ids::JobId,
        /// The step.
        step: StepKind,
        /// Which share of the work.
        shard: u32,
    },
    /// A chunk of the retention sweep.
    Sweep {
        /// `dataset.collection`.
        collection: String,
    },
}

/// A page of holds.
#[derive(Debug, Clone)]
pub struct HoldPage {
    /// The holds, newest first.
    pub holds: Vec<HoldView>,
    /// Where the next page starts.
    pub next: Option<HoldId>,
}

/// What of a hold is sealed.
#[derive(Serialize, Deserialize)]
struct Words {
    matter: String,
    reason: String,
}

impl Holds {
    /// The tenant's holds, newest first; whatever a crash left undone is done on the way.
    ///
    /// # Errors
    /// `Forbidden` without the permission.
    pub async fn list(&self, caller: &Caller, after: Option<&HoldId>, limit: usize) -> Result<HoldPage, Refusal> {
        let secrets = self.allowed(caller, Permission::HoldRead).await?;
        let tenant = &caller.principal.tenant;
        let found = self.ports.store.query(tenant, &Partition::Tenant, Hold::PREFIX).await?;
        let mut holds: Vec<Hold> = found.into_iter().filter_map(Record::into_hold).map(|hold| *hold).collect();
        holds.sort_by(|one, other| (other.placed_at, &other.id).cmp(&(one.placed_at, &one.id)));
        let start = match after {
            Some(id) => holds.iter().position(|hold| hold.id == *id).map_or(holds.len(), |at| at + 1),
            None => 0,
        };
        let rest = holds.get(start..).unwrap_or_default();
        let next =
            if rest.len() > limit { rest.get(limit.saturating_sub(1)).map(|hold| hold.id.clone()) } else { None };
        let mut views = Vec::new();
        for hold in rest.iter().take(limit) {
            let (hold, in_flight) = settle(&self.ports, hold.clone()).await?;
            views.push(view(&secrets, hold, in_flight)?);
        }
        Ok(HoldPage { holds: views, next })
    }

    /// The secrets of the caller's tenant, if the caller may.
    async fn allowed(&self, caller: &Caller, needs: Permission) -> Result<TenantSecrets, Refusal> {
        if !caller.principal.may(needs) {
            return Err(Refusal::Forbidden { needs: vec![needs] });
        }
        Ok(self.ports.keyring.tenant(&caller.principal.tenant, self.ports.clock.now()).await?)
    }
}

fn view(secrets: &TenantSecrets, hold: Hold, in_flight: Vec<InFlight>) -> Result<HoldView, Refusal> {
    let unreadable = || PortError::new(crate::ports::PortErrorKind::Corrupt, "open hold");
    let bytes = secrets.open(&words_place(&hold.key()), &hold.words).map_err(|_| unreadable())?;
    let words: Words = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    let (matter, reason) = (Sensitive::new(words.matter), Sensitive::new(words.reason));
    Ok(HoldView { hold, matter, reason, in_flight })
}

fn words_place(key: &TenantKey) -> Place {
    Place::attribute(key, "words")
}

/// Every guard that stands for whom a job is about.
#[must_use]
pub fn guards_of(job: &Job) -> std::collections::BTreeSet<GuardScope> {
    job.erasure.as_ref().map_or_else(|| [GuardScope::tenant()].into(), |erasure| erasure.guards())
}

/// Whether a hold covers whom a job is about, as its next claim would find it.
///
/// # Errors
/// When the store fails.
pub async fn is_held(ports: &StepPorts, job: &Job) -> Result<bool, PortError> {
    let copy = Guard::copy_of(&job.id);
    let keys: Vec<TenantKey> = guards_of(job).iter().map(|scope| Guard::key_of(&job.tenant, scope, copy)).collect();
    let found = ports.store.load(&keys).await?;
    Ok(found.into_iter().flatten().any(|record| !record.is_free_guard()))
}
