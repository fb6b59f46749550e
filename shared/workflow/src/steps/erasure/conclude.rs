//! Ends an erasure: whom not to take back is remembered, the subject's keys are destroyed, the receipt is signed.
//!
//! Only now: everything before can be repeated, a destroyed key can't be brought back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use audit_log::receipt::{Exemption, Receipt, ReceiptProcessor, ReceiptSource, ReceiptTokens};
use domain::erasure::{Erasure, MAX_ALIASES};
use domain::ids::JobId;
use domain::job::{Job, Outcome};
use domain::key::TenantKey;
use domain::record::{KeyRecord, Record, SuppressionRecord};
use domain::request::{Alias, Purpose, Regime, RequestType};
use domain::restriction::{guard_of, jobs_behind, objection_guard_of};
use domain::step::{Checkpoint, ErasedSource, Step, StepKind};
use domain::transition::{Cause, Expect};
use jiff::SignedDuration;

use crate::advance_job::{Ran, RunStep};
use crate::corrected_identity::{carry_restrictions, given_to_others, renamed};
use crate::gate::{is_open, steps_of};
use crate::ports::{CommitError, ExportStore, ReceiptSigner};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::steps::plan::PlanStore;
use crate::steps::receipts::sign_and_keep;

/// Aliases suppressed in one transaction: three items each, and the store takes a hundred.
const ALIASES_AT_ONCE: usize = 30;
/// Keys destroyed in one transaction.
const KEYS_AT_ONCE: usize = 100;

/// Concludes an erasure.
pub struct Conclude {
    // Dependencies.
    /// The bucket receipts are kept in.
    pub exports: Arc<dyn ExportStore>,
    /// The key that signs them.
    pub signer: Arc<dyn ReceiptSigner>,
    // Configuration.
    /// How long backups of the customer and ours may hold what was erased.
    pub backups_last: SignedDuration,
}

#[async_trait]
impl RunStep for Conclude {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Conclude]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let erasure = context.job.erasure.clone().ok_or_else(|| unreadable("erasure"))?;
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        if !is_open(&steps, StepKind::Conclude, 0) {
            return Err(StepError::Retry { source: None });
        }
        let erased = sum_of(&steps);
        let members: Vec<Alias> = match &erasure.members {
            Some(object) => PlanStore { exports: Arc::clone(&self.exports) }.read(context, object).await?,
            None => Vec::new(),
        };
        if context.job.request_type == RequestType::Rectification {
            // What was put under the wrong value while the copies were corrected.
            if let Some(aliases) = renamed(context).await? {
                carry_restrictions(context, &aliases).await?;
            }
            // Nobody has gone: there is nobody to keep away, and no key to destroy.
            return self.sign(context, &steps, &erasure, &erased).await;
        }
        for aliases in [erasure.aliases.as_slice()].into_iter().chain(members.chunks(MAX_ALIASES)) {
            suppress_and_shred(context, aliases).await?;
            shred_acts(context, aliases).await?;
            shred_restrictions(context, aliases).await?;
        }
        self.sign(context, &steps, &erasure, &erased).await
    }
}

impl Conclude {
    /// Signs the receipt and keeps it.
    async fn sign(
        &self,
        context: &StepContext,
        steps: &[Step],
        erasure: &Erasure,
        erased: &BTreeMap<String, ErasedSource>,
    ) -> Result<Ran, StepError> {
        let processors = steps.iter().filter_map(told).collect();
        let receipt = Receipt { processors, tokens: tokens_of(steps), ..self.receipt(context, erasure, erased)? };
        let receipt = sign_and_keep(self.signer.as_ref(), self.exports.as_ref(), context, &receipt).await?;
        Ok(Ran::Done(Outcome::Concluded { receipt, notes: notes_of(&context.job, erased) }))
    }

    fn receipt(
        &self,
        context: &StepContext,
        erasure: &Erasure,
        erased: &BTreeMap<String, ErasedSource>,
    ) -> Result<Receipt, StepError> {
        let plan = erasure.plan.as_ref().ok_or_else(|| unreadable("plan"))?;
        let exemptions = plan.sources.iter().filter_map(|source| {
            let rule = source.reason.clone()?;
            let count = source.would_keep + source.would_anonymise + source.would_correct;
            Some(Exemption { source: source.source.clone(), rule, count })
        });
        let job: &Job = &context.job;
        Ok(Receipt {
            v: 1,
            job: job.id.to_string(),
            tenant: job.tenant.to_string(),
            request_type: job.request_type.to_string(),
            plan_hash: plan.hash.clone(),
            archive: None,
            sources: erased.values().map(source_of).collect(),
            exemptions: exemptions.collect(),
            processors: Vec::new(),
            tokens: None,
            legal_basis: legal_basis(job).to_owned(),
            requested_at: job.received_at,
            completed_at: context.now,
            residual_until: (job.request_type == RequestType::Erasure).then(|| context.now + self.backups_last),
            log: None,
        })
    }
}

/// Aliases that must not come back, and the end of every key of the subject.
async fn suppress_and_shred(context: &StepContext, aliases: &[Alias]) -> Result<(), StepError> {
    for aliases in aliases.chunks(ALIASES_AT_ONCE) {
        suppress_some(context, aliases).await?;
    }
    Ok(())
}

async fn suppress_some(context: &StepContext, aliases: &[Alias]) -> Result<(), StepError> {
    let (tenant, job) = (&context.job.tenant, &context.job.id);
    let (given, free) = given_to_others(context, aliases).await?;
    let mut builder = context.transition(Cause::worker(context.now));
    free.into_iter().for_each(|guard| builder.check(guard, Expect::NoHold));
    for alias in aliases {
        builder.delete(KeyRecord::key_of(tenant, &KeyRecord::subject_owner(alias.as_str())));
        if given.contains(alias) {
            continue;
        }
        let record = SuppressionRecord {
            v: 1,
            tenant: tenant.clone(),
            alias: alias.clone(),
            job: job.clone(),
            op_nonce: builder.op_nonce().clone(),
            erased_at: context.now,
        };
        builder.put(Record::Suppression(record), Expect::Any);
    }
    // Refused where somebody else's identity was corrected to one of them just now.
    let again =
        |error| if let CommitError::Port(error) = error { error.into() } else { StepError::Retry { source: None } };
    context.ports.store.commit(&builder.build()).await.map_err(again)
}

/// The keys of single acts of the person: whose details are sealed under them can't be told any more (R-ERA-6).
async fn shred_acts(context: &StepContext, aliases: &[Alias]) -> Result<(), StepError> {
    let (tenant, ports) = (&context.job.tenant, &context.ports);
    for person in people_of(&context.job, aliases) {
        // An act that comes in meanwhile makes a key of its own; looking again finds it.
        loop {
            let keys = ports.keyring.keys_of_person(tenant, &person).await?;
            if keys.is_empty() {
                break;
            }
            for keys in keys.chunks(KEYS_AT_ONCE) {
                let mut builder = context.transition(Cause::worker(context.now));
                keys.iter().cloned().for_each(|key| builder.delete(key));
                ports.store.commit(&builder.build()).await?;
            }
        }
    }
    Ok(())
}

/// The keys of the person's restrictions, which keep an address to tell of their end: there is nothing left to restrict.
async fn shred_restrictions(context: &StepContext, aliases: &[Alias]) -> Result<(), StepError> {
    let (tenant, ports) = (&context.job.tenant, &context.ports);
    let of_purpose = |alias| Purpose::ALL.iter().map(move |purpose| objection_guard_of(tenant, *purpose, alias));
    let guards: BTreeSet<TenantKey> =
        aliases.iter().flat_map(|alias| of_purpose(alias).chain([guard_of(tenant, alias)])).collect();
    let guards: Vec<TenantKey> = guards.into_iter().collect();
    if guards.is_empty() {
        return Ok(());
    }
    let found = ports.store.load(&guards).await?;
    let jobs: BTreeSet<JobId> = found.iter().flatten().filter_map(Record::as_guard).flat_map(jobs_behind).collect();
    for jobs in jobs.into_iter().collect::<Vec<_>>().chunks(KEYS_AT_ONCE) {
        let mut builder = context.transition(Cause::worker(context.now));
        jobs.iter().for_each(|job| builder.delete(KeyRecord::key_of(tenant, &KeyRecord::job_owner(job))));
        ports.store.commit(&builder.build()).await?;
    }
    Ok(())
}

/// Under which names keys of the person may stand.
fn people_of(job: &Job, aliases: &[Alias]) -> BTreeSet<String> {
    let aliases = aliases.iter().chain(&job.subject_ref).map(|alias| alias.as_str());
    let requester = job.by_subject.then(|| job.requester.as_str());
    aliases.chain(requester).map(KeyRecord::subject_owner).collect()
}

/// What became of the targets of every plan of the job, source by source.
fn sum_of(steps: &[Step]) -> BTreeMap<String, ErasedSource> {
    let mut sum: BTreeMap<String, ErasedSource> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.kind == StepKind::Erase) {
        let Some(Checkpoint::Erase(state)) = &step.checkpoint else { continue };
        for one in &state.sources {
            let of = sum.entry(one.source.clone()).or_default();
            of.source.clone_from(&one.source);
            of.deleted += one.deleted;
            of.anonymised += one.anonymised;
            of.corrected += one.corrected;
            of.gone += one.gone;
        }
    }
    sum
}

fn source_of(erased: &ErasedSource) -> ReceiptSource {
    let counts = [
        ("anonymised", erased.anonymised),
        ("corrected", erased.corrected),
        ("deleted", erased.deleted),
        ("gone_before", erased.gone),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    ReceiptSource {
        source: erased.source.clone(),
        counts: counts.map(|(kind, count)| (kind.to_owned(), count)).collect(),
        object_versions: Vec::new(),
    }
}

/// Where a processor stands when the receipt is signed; its answer may come later.
fn told(step: &Step) -> Option<ReceiptProcessor> {
    if step.kind != StepKind::TellProcessor {
        return None;
    }
    let Some(Checkpoint::Processor(state)) = &step.checkpoint else {
        let processor = format!("#{}", step.shard);
        return Some(ReceiptProcessor { processor, status: "waiting".to_owned(), reason: None, told_at: None });
    };
    Some(ReceiptProcessor {
        processor: state.processor.clone(),
        status: state.status.to_string(),
        reason: state.reason.clone(),
        told_at: state.told_at,
    })
}

/// What became of the person's tokens, over all plans that were approved.
fn tokens_of(steps: &[Step]) -> Option<ReceiptTokens> {
    let mut revoking = steps.iter().filter(|step| step.kind == StepKind::RevokeTokens).peekable();
    revoking.peek()?;
    let sum = revoking.fold(ReceiptTokens::default(), |sum, step| match &step.checkpoint {
        Some(Checkpoint::Revoke(state)) => {
            ReceiptTokens { revoked: sum.revoked + state.revoked, left: sum.left + state.left }
        }
        _ => sum,
    });
    Some(sum)
}

fn notes_of(job: &Job, erased: &BTreeMap<String, ErasedSource>) -> String {
    if job.request_type == RequestType::Rectification {
        let corrected: u64 = erased.values().map(|source| source.corrected).sum();
        return format!("corrected {corrected} records in {} sources", erased.len());
    }
    let deleted: u64 = erased.values().map(|source| source.deleted + source.gone).sum();
    let anonymised: u64 = erased.values().map(|source| source.anonymised).sum();
    format!("deleted {deleted} and anonymised {anonymised} records in {} sources", erased.len())
}

/// The article the job answers.
fn legal_basis(job: &Job) -> &'static str {
    if job.request_type == RequestType::Rectification {
        return match job.regime {
            Regime::Gdpr => "GDPR Art. 16",
            Regime::UkGdpr => "UK GDPR Art. 16",
            Regime::Ccpa => "CCPA 1798.106",
            Regime::Hipaa => "HIPAA 45 CFR 164.526",
            Regime::Lgpd => "LGPD Art. 18 III",
        };
    }
    match job.regime {
        Regime::Gdpr => "GDPR Art. 17",
        Regime::UkGdpr => "UK GDPR Art. 17",
        Regime::Ccpa => "CCPA 1798.105",
        Regime::Hipaa => "HIPAA 45 CFR 164.526",
        Regime::Lgpd => "LGPD Art. 18 VI",
    }
}
