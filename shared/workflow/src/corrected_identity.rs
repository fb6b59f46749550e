//! What stands for a person under an identity that is corrected, and goes on standing under the right one (GDPR Art. 16).
//!
//! Each correction leaves its job behind a guard of either value, in keyed hashes: whoever is about to take data away asks
//! them under what else the person is known, and stops at the holds there. Restrictions are put behind the right value too.

use std::collections::BTreeSet;

use domain::correction::guard_of;
use domain::ids::TenantId;
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::{Record, SuppressionRecord};
use domain::request::{Alias, Purpose, RequestType};
use domain::restriction::{self, Restriction, jobs_behind, mark_of, objection_guard_of};
use domain::transition::{Cause, Expect};
use jiff::Timestamp;

use crate::ports::{CommitError, JobStore, PortError};
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Items of one read of the store.
const AT_ONCE: usize = 100;
/// Corrections of corrections that are followed.
const MOST_ROUNDS: usize = 8;

/// Why a correction stops. The person may read it: it does not tell who was erased from who is there.
pub(crate) const OF_ANOTHER: &str = "the value that is right is, or was, somebody else's";

/// Why an erasure stops: what was corrected meanwhile is not found under what it was asked under.
pub(crate) const CORRECTED_SINCE: &str =
    "an identity of the person was corrected since; it must be asked anew under that";

/// An identity that a job corrects, in keyed hashes.
pub(crate) struct RenamedAliases {
    /// Of the value that is wrong.
    pub(crate) was: Alias,
    /// Of the value that is right.
    pub(crate) right: Alias,
}

/// The identity that the job corrects; none of other corrections and other jobs.
///
/// # Errors
/// When a store fails or the key is destroyed.
pub(crate) async fn renamed(context: &mut StepContext) -> Result<Option<RenamedAliases>, StepError> {
    if context.job.request_type != RequestType::Rectification {
        return Ok(None);
    }
    let body = context.request_body().await?;
    let Some(renamed) = body.corrections().iter().find_map(|one| one.renames()) else { return Ok(None) };
    let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
    let alias = |value: &str| secrets.alias_of(renamed.kind.as_str(), value);
    Ok(Some(RenamedAliases { was: alias(renamed.was), right: alias(renamed.right) }))
}

/// Stops where the right value is that of somebody who was erased and must not come back.
///
/// # Errors
/// Parks then; else when the store fails.
pub(crate) async fn refuse_the_erased(context: &StepContext, right: &Alias) -> Result<(), StepError> {
    let key = SuppressionRecord::key_of(&context.job.tenant, right);
    if context.ports.store.load(&[key]).await?.iter().any(Option::is_some) {
        return Err(StepError::park(OF_ANOTHER));
    }
    Ok(())
}

/// Before the first copy is corrected: whoever asks for either value finds the other, and restrictions stand under both.
///
/// # Errors
/// Parks where the right value is that of somebody who was erased; else when the store fails.
pub(crate) async fn carry_over(context: &mut StepContext) -> Result<(), StepError> {
    let Some(aliases) = renamed(context).await? else { return Ok(()) };
    refuse_the_erased(context, &aliases.right).await?;
    let (tenant, job) = (&context.job.tenant, &context.job.id);
    let mut builder = context.transition(Cause::worker(context.now));
    for alias in [&aliases.was, &aliases.right] {
        builder.guard(guard_of(tenant, alias), mark_of(job), true);
    }
    builder.check(context.job.key(), Expect::OpenJob);
    builder.check(SuppressionRecord::key_of(tenant, &aliases.right), Expect::Absent);
    context.ports.store.commit(&builder.build()).await?;
    carry_restrictions(context, &aliases).await
}

/// Puts every restriction and objection that stands under the wrong value under the right one as well.
///
/// # Errors
/// `Retry` where one of them moved meanwhile; else when the store fails.
pub(crate) async fn carry_restrictions(context: &StepContext, aliases: &RenamedAliases) -> Result<(), StepError> {
    let (tenant, store) = (&context.job.tenant, context.ports.store.as_ref());
    let objections = Purpose::ALL.iter().map(|purpose| objection_guard_of(tenant, *purpose, &aliases.was));
    let guards: Vec<TenantKey> = objections.chain([restriction::guard_of(tenant, &aliases.was)]).collect();
    for job in jobs_behind_all(store, tenant, &guards).await? {
        let Some(standing) = job.restriction.as_deref().filter(|it| it.stands()) else { continue };
        if standing.aliases.contains(&aliases.right) {
            continue;
        }
        let mut known = standing.aliases.clone();
        known.push(aliases.right.clone());
        let carried = Restriction { aliases: known, ..standing.clone() };
        let mut builder = context.transition(Cause::worker(context.now).because("an identity is corrected"));
        for key in carried.guards(tenant, &job.id) {
            builder.guard(key, mark_of(&job.id), true);
        }
        builder.update_job(&job, Job { restriction: Some(Box::new(carried)), ..job.clone() });
        match store.commit(&builder.build()).await {
            Ok(()) => {}
            // Lifted meanwhile, or carried by another try: the next one looks again.
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                return Err(StepError::Retry { source: None });
            }
            Err(CommitError::Port(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Under what somebody is known besides, and by which corrections.
#[derive(Default)]
pub(crate) struct AlsoKnown {
    /// The other names, in keyed hashes.
    pub(crate) aliases: BTreeSet<Alias>,
    /// The corrections.
    pub(crate) corrections: Vec<Job>,
}

/// Under what else these people are known since identities were corrected. A hold on any of it is a hold on them; nothing
/// else follows from it, since a value that was wrong may be somebody else's.
///
/// # Errors
/// When the store fails.
pub(crate) async fn also_known(
    store: &dyn JobStore,
    tenant: &TenantId,
    aliases: impl Iterator<Item = &Alias>,
) -> Result<AlsoKnown, PortError> {
    let first: BTreeSet<Alias> = aliases.cloned().collect();
    let (mut all, mut next) = (first.clone(), first.clone());
    let mut found = AlsoKnown::default();
    for _ in 0..MOST_ROUNDS {
        let guards: Vec<TenantKey> = next.iter().map(|alias| guard_of(tenant, alias)).collect();
        next = BTreeSet::new();
        for job in jobs_behind_all(store, tenant, &guards).await? {
            if found.corrections.iter().any(|known| known.id == job.id) {
                continue;
            }
            let known = job.erasure.iter().flat_map(|erasure| erasure.aliases.iter().cloned());
            next.extend(known.filter(|alias| !all.contains(alias)));
            found.corrections.push(job);
        }
        if next.is_empty() {
            break;
        }
        all.extend(next.iter().cloned());
    }
    found.aliases = all.difference(&first).cloned().collect();
    Ok(found)
}

/// Whether an identity of the person was corrected since their rows began to go. Rows that were corrected first are not
/// found any more; the guards of their correction are older than they.
///
/// # Errors
/// When the store fails.
pub(crate) async fn was_corrected_since(context: &StepContext) -> Result<bool, StepError> {
    let job = &context.job;
    let Some(erasure) = job.erasure.as_deref().filter(|_| job.request_type == RequestType::Erasure) else {
        return Ok(false);
    };
    let known = also_known(context.ports.store.as_ref(), &job.tenant, erasure.aliases.iter()).await?;
    let is_own = |it: &Job| it.subject_ref.as_ref().is_some_and(|wrong| erasure.aliases.contains(wrong));
    Ok(known.corrections.iter().any(|it| is_own(it) && began(it) >= erasure.begun_at))
}

fn began(job: &Job) -> Option<Timestamp> {
    job.erasure.as_ref().and_then(|erasure| erasure.begun_at)
}

/// What people of these identities are known by through corrections that had not ended when the job was asked for. One
/// that begins before the outcome is committed makes the step come again; one that begins later looks for what stands.
///
/// # Errors
/// When the store fails.
pub(crate) async fn being_corrected(
    context: &mut StepContext,
    named: &BTreeSet<Alias>,
) -> Result<BTreeSet<Alias>, StepError> {
    let (tenant, store) = (&context.job.tenant, context.ports.store.as_ref());
    context.needs_free = free_guards(store, tenant, named.iter()).await?;
    let known = also_known(store, tenant, named.iter()).await?;
    let was_open = |job: &Job| job.completed_at.is_none_or(|at| at >= context.job.created_at);
    let open = known.corrections.into_iter().filter(was_open);
    Ok(open.filter_map(|job| job.erasure).flat_map(|erasure| erasure.aliases).collect())
}

/// The guards of these identities that no correction stands behind.
async fn free_guards(
    store: &dyn JobStore,
    tenant: &TenantId,
    aliases: impl Iterator<Item = &Alias>,
) -> Result<Vec<TenantKey>, PortError> {
    let guards: Vec<TenantKey> = aliases.map(|alias| guard_of(tenant, alias)).collect();
    let mut free = Vec::new();
    for guards in guards.chunks(AT_ONCE) {
        let found = store.load(guards).await?;
        let is_free = |record: &Option<Record>| record.as_ref().is_none_or(Record::is_free_guard);
        free.extend(guards.iter().zip(&found).filter(|(_, record)| is_free(record)).map(|(guard, _)| guard.clone()));
    }
    Ok(free)
}

/// Which of the identities of somebody who is erased have become somebody else's meanwhile, by a correction that began
/// after their rows had begun to go; and the guards of the others, which must stay free until the others are suppressed.
///
/// # Errors
/// When the store fails.
pub(crate) async fn given_to_others(
    context: &StepContext,
    aliases: &[Alias],
) -> Result<(BTreeSet<Alias>, Vec<TenantKey>), StepError> {
    let (tenant, store) = (&context.job.tenant, context.ports.store.as_ref());
    let free = free_guards(store, tenant, aliases.iter()).await?;
    let mut given = BTreeSet::new();
    for alias in aliases.iter().filter(|alias| !free.contains(&guard_of(tenant, alias))) {
        let corrections = jobs_behind_all(store, tenant, &[guard_of(tenant, alias)]).await?;
        // Whoever is corrected is named by the value that is wrong.
        let took = |it: &Job| it.subject_ref.as_ref() != Some(alias) && began(it) > began(&context.job);
        if corrections.iter().any(took) {
            given.insert(alias.clone());
        }
    }
    Ok((given, free))
}

async fn jobs_behind_all(store: &dyn JobStore, tenant: &TenantId, guards: &[TenantKey]) -> Result<Vec<Job>, PortError> {
    let mut keys: BTreeSet<TenantKey> = BTreeSet::new();
    for guards in guards.chunks(AT_ONCE) {
        let found = store.load(guards).await?;
        let jobs = found.iter().flatten().filter_map(Record::as_guard).flat_map(jobs_behind);
        keys.extend(jobs.map(|job| TenantKey::job(tenant, &job)));
    }
    let keys: Vec<TenantKey> = keys.into_iter().collect();
    let mut jobs = Vec::new();
    for keys in keys.chunks(AT_ONCE) {
        jobs.extend(store.load(keys).await?.into_iter().flatten().filter_map(Record::into_job).map(|job| *job));
    }
    Ok(jobs)
}
