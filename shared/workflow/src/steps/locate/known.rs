//! Who is found, as keyed hashes: what holds, restrictions and suppressions meet.

use std::collections::BTreeSet;

use datamap::{DataMap, Lookup, Walk};
use domain::datum::Datum;
use domain::erasure::MAX_ALIASES;
use domain::job::Job;
use domain::request::{Alias, IdentityKind, RequestType};

use crate::corrected_identity::{CORRECTED_SINCE, also_known, being_corrected, refuse_the_erased, renamed};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::steps::plan::is_wanted;
use crate::steps::processors::text_of;

/// Every identity the walk met and the keys of the rows that carry one; and whose holds count besides: the organisations of
/// those rows, and what the person was known by before an identity was corrected.
pub(super) async fn aliases(context: &mut StepContext, walk: &Walk) -> Result<(Vec<Alias>, Vec<Alias>), StepError> {
    let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
    let met = walk.found_identities().map(|(kind, value)| secrets.alias_of_value(kind, value));
    // What earlier plans met stays: holds and suppressions must cover it to the end.
    let before = context.job.erasure.iter().flat_map(|erasure| erasure.aliases.iter().cloned());
    let mut aliases: BTreeSet<Alias> = met.chain(context.job.subject_ref.clone()).chain(before).collect();
    if let Some(renamed) = renamed(context).await? {
        if !aliases.contains(&renamed.was) {
            return Err(StepError::park("nothing of the person is known under the value that is wrong"));
        }
        aliases.insert(renamed.right);
    }
    let organization = IdentityKind::OrganizationId.as_str();
    let known = context.job.erasure.iter().flat_map(|erasure| erasure.also_held_under.iter().cloned());
    let met = walk.found_organizations().map(|id| secrets.alias_of_value(organization, id));
    let mut also_held_under: BTreeSet<Alias> = met.chain(known).collect();
    if context.job.erasure.is_some() {
        let other = also_known(context.ports.store.as_ref(), &context.job.tenant, aliases.iter()).await?;
        refuse_outrun(&context.job, &other.corrections)?;
        also_held_under.extend(other.aliases);
    }
    check_count(aliases.len() + also_held_under.len())?;
    Ok((aliases.into_iter().collect(), also_held_under.into_iter().collect()))
}

fn check_count(known: usize) -> Result<(), StepError> {
    if known > MAX_ALIASES {
        return Err(StepError::park(format!("the subject is known by more than {MAX_ALIASES} identities and keys")));
    }
    Ok(())
}

/// What a restriction stands under: also what corrections that were under way make of the identities it was asked under.
pub(super) async fn restricted_aliases(context: &mut StepContext, walk: &Walk) -> Result<Vec<Alias>, StepError> {
    let (aliases, _) = aliases(context, walk).await?;
    let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
    // A key of a row is named by its place in the map, and is never corrected.
    let named = walk.found_identities().filter(|(kind, _)| !kind.contains('.'));
    let named: BTreeSet<Alias> = named.map(|(kind, value)| secrets.alias_of_value(kind, value)).collect();
    let named = named.into_iter().chain(context.job.subject_ref.clone()).collect();
    let corrected = being_corrected(context, &named).await?;
    let all: BTreeSet<Alias> = aliases.into_iter().chain(corrected).collect();
    check_count(all.len())?;
    Ok(all.into_iter().collect())
}

/// What was asked under a value that has been corrected since would find nothing, and say that all is gone.
fn refuse_outrun(job: &Job, corrections: &[Job]) -> Result<(), StepError> {
    let began = |it: &Job| it.erasure.as_ref().and_then(|erasure| erasure.begun_at);
    let is_later = |it: &Job| it.id != job.id && began(it).is_some_and(|at| at >= job.created_at);
    if job.request_type == RequestType::Erasure && began(job).is_none() && corrections.iter().any(is_later) {
        return Err(StepError::park(CORRECTED_SINCE));
    }
    Ok(())
}

/// The organisation, and everything its people are known by, as keyed hashes.
pub(super) async fn organization_aliases(
    context: &StepContext,
    walk: &Walk,
) -> Result<(Vec<Alias>, Vec<Alias>), StepError> {
    let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
    let id = context.job.organization_id.as_ref().ok_or_else(|| unreadable("organisation"))?;
    let own = secrets.alias_of_found(IdentityKind::OrganizationId.as_str(), id);
    let members: BTreeSet<Alias> =
        walk.found_members().map(|(kind, value)| secrets.alias_of_value(kind, value)).collect();
    Ok((vec![own], members.into_iter().collect()))
}

/// What processors may know the members of an organisation by, `(kind, value)`; sealed before it is stored.
pub(super) fn people_of(walk: &Walk) -> Vec<(String, String)> {
    // A key of a row is named by its place in the map; processors know people by kinds of identities.
    let of_kind = walk.found_members().filter(|(kind, _)| !kind.contains('.'));
    of_kind.filter_map(|(kind, value)| Some((kind.to_owned(), text_of(value)?))).collect()
}

/// The lookups that must find nobody before an identity is corrected: those of the value that is right, unless the walk
/// has met it in the person's own rows.
pub(super) async fn of_somebody_else(
    context: &mut StepContext,
    map: &DataMap,
    walk: &Walk,
) -> Result<Vec<Lookup>, StepError> {
    let Some(renamed) = renamed(context).await? else { return Ok(Vec::new()) };
    // Once it has begun, rows of the person hold it.
    if context.job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some()) {
        return Ok(Vec::new());
    }
    refuse_the_erased(context, &renamed.right).await?;
    let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
    if walk.found_identities().any(|(kind, value)| secrets.alias_of_value(kind, value) == renamed.right) {
        return Ok(Vec::new());
    }
    let mut lookups = Walk::start(map, &right_seeds(context).await?).lookups(map);
    lookups.retain(|lookup| is_wanted(map, lookup, false));
    for lookup in &mut lookups {
        lookup.projection = vec![lookup.field.clone()];
    }
    Ok(lookups)
}

/// What the walk of a correction that has begun starts from besides: the rows that are corrected already.
pub(super) async fn seeds_of_the_begun(context: &mut StepContext) -> Result<Vec<(String, Datum)>, StepError> {
    let has_begun = context.job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some());
    if !has_begun || context.job.request_type != RequestType::Rectification {
        return Ok(Vec::new());
    }
    right_seeds(context).await
}

async fn right_seeds(context: &mut StepContext) -> Result<Vec<(String, Datum)>, StepError> {
    let body = context.request_body().await?;
    let renamed = body.corrections().iter().filter_map(|one| one.renames());
    Ok(renamed.map(|it| (it.kind.to_string(), Datum::Text(it.right.to_owned()))).collect())
}
