//! The steps of an erasure, from the plan of one shard to the signed receipt, and what they share.
//!
//! Planning only reads. Erasing touches exactly the targets of a plan that was approved and found unchanged since.

use std::sync::Arc;

use datamap::{DataMap, Exemption, Lookup, Masker, Treatment};
use domain::correction::Correction;
use domain::request::RequestType;
use domain::step::{ObjectRef, Step, StepKind};
use serde::{Deserialize, Serialize};

use super::owners::Owners;
use super::plan::{PlanStore, ShardPlan};
use super::sources::{Sources, source_lookup};
use crate::advance_job::AdvanceJob;
use crate::keyring::TenantSecrets;
use crate::ports::{Alerts, Eraser, ErasureOrder, OutgoingCalls, Secrets, Target};
use crate::sealing::SealingKey;
use crate::step_context::StepContext;
use crate::step_error::StepError;

mod begin;
mod carry_out;
mod conclude;
mod confirm;
mod earlier;
mod passes;
mod plan_shard;
mod processors;
mod quarantine;
mod revoke;
mod seal_plan;
mod wait;

pub use conclude::Conclude;
pub(super) use earlier::with_earlier;

use begin::BeginErasure;
use carry_out::Erase;
use confirm::Confirm;
use plan_shard::PlanErasure;
use quarantine::{LiftQuarantine, Quarantine};
use revoke::RevokeTokens;
use seal_plan::SealPlan;
use wait::{Approve, Grace};

/// Systems of others that steps of an erasure call.
#[derive(Clone)]
pub struct Issuers {
    // Dependencies.
    /// Calls the issuers of tokens.
    pub calls: Arc<dyn OutgoingCalls>,
    /// What they know us by.
    pub secrets: Arc<dyn Secrets>,
}

/// What the steps that look at the customer's systems hold.
#[derive(Clone)]
pub struct Erasing {
    // Dependencies.
    /// Data maps, and the systems as an export reads them.
    pub sources: Sources,
    /// The same systems, to plan and erase in.
    pub eraser: Arc<dyn Eraser>,
    /// Sealed objects.
    pub plans: PlanStore,
}

/// Lets an engine run every step of an erasure that plans, waits or acts.
#[must_use]
pub fn erasure_steps(
    engine: AdvanceJob,
    erasing: &Erasing,
    issuers: Issuers,
    alerts: Arc<dyn Alerts>,
    conclude: Conclude,
) -> AdvanceJob {
    let revoke = RevokeTokens {
        erasing: erasing.clone(),
        calls: issuers.calls,
        secrets: issuers.secrets,
        alerts: Arc::clone(&alerts),
    };
    engine
        .runs(revoke)
        .runs(Quarantine { erasing: erasing.clone() })
        .runs(LiftQuarantine { erasing: erasing.clone(), alerts: Arc::clone(&alerts) })
        .runs(PlanErasure { erasing: erasing.clone() })
        .runs(SealPlan { erasing: erasing.clone() })
        .runs(Approve { alerts })
        .runs(Grace)
        .runs(BeginErasure)
        .runs(Erase { erasing: erasing.clone() })
        .runs(Confirm { erasing: erasing.clone() })
        .runs(conclude)
}

/// One line of a plan: what is to be changed, and by which lookup of its shard it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedTarget {
    /// Position of the lookup in the shard.
    pub(crate) lookup: usize,
    /// The target.
    pub(crate) target: Target,
}

/// What one erase step reads: the shard and its frozen targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EraseOrder {
    /// The lookups.
    pub(super) shard: ObjectRef,
    /// The targets.
    pub(super) chunks: Vec<ObjectRef>,
}

/// One shard, opened.
pub(super) struct OpenShard {
    pub(super) map: Arc<DataMap>,
    pub(super) plan: ShardPlan,
    owners: Owners,
    masker: Arc<dyn Masker>,
    /// What is corrected; none of an erasure.
    corrections: Option<Vec<Correction>>,
}

impl OpenShard {
    /// What is done with the rows that a lookup finds; `None` where the job asks nothing of their collection.
    pub(super) fn treatment(&self, lookup: &Lookup) -> Option<Treatment> {
        match &self.corrections {
            None => Some(self.map.treatment(lookup.collection, &lookup.field)),
            Some(corrections) => self.map.correction(lookup.collection, &lookup.field, corrections),
        }
    }

    /// Whether fields are corrected, and nothing goes.
    pub(super) const fn corrects(&self) -> bool {
        self.corrections.is_some()
    }

    /// What the job does for one lookup of the shard, with its source's name.
    pub(super) fn order(&self, context: &StepContext, lookup: &Lookup) -> Result<(String, ErasureOrder), StepError> {
        let collection = self.map.collections.get(lookup.collection);
        let collection = collection.ok_or_else(|| StepError::park("the plan names an unknown collection"))?;
        let order = ErasureOrder {
            lookup: source_lookup(&context.job, &self.map, lookup),
            treatment: self.treatment(lookup).unwrap_or_else(nothing),
            masker: Arc::clone(&self.masker),
            owner: self.owners.of_lookup(lookup),
        };
        Ok((collection.id(), order))
    }
}

impl Erasing {
    /// Opens the shard a sealed object describes.
    pub(super) async fn open(&self, context: &mut StepContext, shard: &ObjectRef) -> Result<OpenShard, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let plan: ShardPlan = self.plans.read(context, shard).await?;
        let shared: Vec<Lookup> = match &plan.owners {
            Some(object) => self.plans.read(context, object).await?,
            None => Vec::new(),
        };
        let corrects = context.job.request_type == RequestType::Rectification;
        let corrections = if corrects { Some(context.request_body().await?.corrections().to_vec()) } else { None };
        let masker = Arc::new(JobMasker {
            secrets: context.ports.keyring.tenant(&context.job.tenant, context.now).await?,
            job: context.job_key().await?,
        });
        Ok(OpenShard { map, owners: Owners::of(&plan, &shared), plan, masker, corrections })
    }
}

/// Of a collection that the job asks nothing of.
fn nothing() -> Treatment {
    Treatment::Keep { kept: Exemption { exemption: "nothing of it is asked for".to_owned(), reason: None } }
}

/// The keyed hashes of masking: lasting ones under the tenant's key, passing ones under the key that dies with the job.
struct JobMasker {
    secrets: TenantSecrets,
    job: SealingKey,
}

impl Masker for JobMasker {
    fn lasting(&self, value: &[u8]) -> String {
        self.secrets.digest("mask v1", &[value])
    }

    fn passing(&self, value: &[u8]) -> String {
        self.job.keyed_hash("mask v1", &[value])
    }
}

/// Whether rows go whole.
const fn deletes(treatment: &Treatment) -> bool {
    matches!(treatment, Treatment::Delete)
}

/// The steps of the current plan, of one kind, in the order of their numbers.
pub(crate) fn of_round(steps: &[Step], kind: StepKind, round: u32) -> impl Iterator<Item = &Step> {
    let in_round = move |step: &&Step| step.shard / domain::erasure::SHARDS_PER_GENERATION == round;
    steps.iter().filter(move |step| step.kind == kind).filter(in_round)
}
