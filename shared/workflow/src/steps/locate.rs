//! Walks the reference graph from the proven identities and freezes what is to be collected.
//!
//! Three phases, each checkpointed: the walk, the freezing of shards, the making of their steps.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{DataMap, Lookup, Walk};
use domain::datum::Datum;
use domain::job::{Outcome, Scope, VerificationMethod, collect_shard, plan_shard};
use domain::request::{Identity, IdentityKind, RequestType};
use domain::step::{Checkpoint, LocateCheckpoint, ObjectRef, StepKind};
use serde::{Deserialize, Serialize};

use self::known::{aliases, of_somebody_else, organization_aliases, people_of, restricted_aliases, seeds_of_the_begun};
use super::erasure::with_earlier;
use super::plan::{BearsOn, PlanStore, cut_into_shards, is_wanted, own_shard, shared_collections};
use super::processors::order_objection;
use super::sources::Sources;
use crate::advance_job::{Ran, RunStep};
use crate::corrected_identity::OF_ANOTHER;
use crate::own_records;
use crate::ports::Cursor;
use crate::request_body::RequestBody;
use crate::sealing::Place;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

mod known;

/// Lookups read at once.
const PARALLEL_LOOKUPS: usize = 8;
/// Values of one lookup read between two looks at the clock.
const VALUES_AT_ONCE: usize = 500;
/// Shard steps made in one transaction: two items each, and the store takes a hundred.
const STEPS_AT_ONCE: usize = 40;

/// Freezes what is to be collected.
pub struct Locate {
    // Dependencies.
    /// The customer's systems.
    pub sources: Sources,
    /// Sealed objects.
    pub plans: PlanStore,
}

/// The walk between two slices: its state and what is left of the wave that was handed out.
#[derive(Serialize, Deserialize)]
struct Progress {
    walk: Walk,
    wave: Vec<Open>,
    /// Whether the walk is over and what is left must find nobody.
    #[serde(default)]
    finds_nobody: bool,
}

/// A lookup of the wave that is not read to its end.
#[derive(Serialize, Deserialize)]
struct Open {
    lookup: Lookup,
    cursor: Option<String>,
}

#[async_trait]
impl RunStep for Locate {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Locate]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Locate(state)) => state.clone(),
            _ => LocateCheckpoint::default(),
        };
        if !state.frozen {
            let Some(walk) = self.walk(context, &map, &mut state).await? else { return Ok(Ran::Continue) };
            state = self.freeze(context, &map, &walk).await?;
            // What a restriction stands under is looked up anew by whoever comes again.
            if context.job.restriction.is_none() {
                context.save(Checkpoint::Locate(state.clone()), Vec::new()).await?;
            }
        }
        self.make_steps(context, state).await
    }
}

impl Locate {
    /// Walks to the end; `None` if the slice ended before.
    async fn walk(
        &self,
        context: &mut StepContext,
        map: &Arc<DataMap>,
        state: &mut LocateCheckpoint,
    ) -> Result<Option<Walk>, StepError> {
        let mut progress = self.progress(context, map, state).await?;
        loop {
            if progress.wave.is_empty() {
                progress.wave = progress.walk.next_wave(map).iter().flat_map(in_bites).collect();
                if progress.wave.is_empty() && !progress.finds_nobody {
                    progress.finds_nobody = true;
                    let lookups = of_somebody_else(context, map, &progress.walk).await?;
                    progress.wave = lookups.iter().flat_map(in_bites).collect();
                }
                if progress.wave.is_empty() {
                    return Ok(Some(progress.walk));
                }
            }
            if context.time_is_short() {
                state.waves += 1;
                let name = format!("walk-{}", state.waves);
                let count = progress.wave.len();
                state.walk = Some(self.plans.write(context, &name, count, &progress).await?);
                context.save(Checkpoint::Locate(state.clone()), Vec::new()).await?;
                return Ok(None);
            }
            self.read_on(context, map, &mut progress).await?;
        }
    }

    /// Reads one page of each of the first lookups at once and learns from them; those with more stay in the wave.
    async fn read_on(
        &self,
        context: &StepContext,
        map: &Arc<DataMap>,
        progress: &mut Progress,
    ) -> Result<(), StepError> {
        let now = progress.wave.len().min(PARALLEL_LOOKUPS);
        let open: Vec<Open> = progress.wave.drain(..now).collect();
        let cursors: Vec<Option<Cursor>> = open.iter().map(|one| one.cursor.clone().map(Cursor)).collect();
        let reads: Vec<_> = open
            .iter()
            .zip(&cursors)
            .map(|(one, cursor)| self.sources.locate_page(&context.job, map, &one.lookup, cursor.as_ref()))
            .collect();
        let pages = futures::future::try_join_all(reads).await?;
        if progress.finds_nobody && pages.iter().any(|page| !page.rows.is_empty()) {
            return Err(StepError::park(OF_ANOTHER));
        }
        for (one, page) in open.into_iter().zip(pages) {
            for row in &page.rows {
                progress.walk.absorb(map, &one.lookup, row);
            }
            if let Some(Cursor(cursor)) = page.next {
                progress.wave.push(Open { cursor: Some(cursor), ..one });
            }
        }
        Ok(())
    }

    async fn progress(
        &self,
        context: &mut StepContext,
        map: &DataMap,
        state: &LocateCheckpoint,
    ) -> Result<Progress, StepError> {
        match &state.walk {
            Some(object) => self.plans.read(context, object).await,
            None => {
                let mut seeds = seeds(context).await?;
                seeds.extend(seeds_of_the_begun(context).await?);
                Ok(Progress { walk: Walk::start(map, &seeds), wave: Vec::new(), finds_nobody: false })
            }
        }
    }

    async fn freeze(
        &self,
        context: &mut StepContext,
        map: &DataMap,
        walk: &Walk,
    ) -> Result<LocateCheckpoint, StepError> {
        if context.job.restriction.is_some() {
            // Nothing is collected and nothing goes: it is enough to know who it is.
            let aliases = restricted_aliases(context, walk).await?;
            let processors = order_objection(&self.plans, context, map, walk).await?;
            return Ok(LocateCheckpoint { frozen: true, aliases, processors, ..LocateCheckpoint::default() });
        }
        // The erasure of a person leaves no medium behind; of an organisation's, its owner decides.
        let of_person = context.job.request_type == RequestType::Erasure && context.job.scope == Scope::Subject;
        let include_media = context.job.include_media || of_person;
        let mut lookups = with_earlier(&self.plans, context, map, walk.lookups(map)).await?;
        lookups.retain(|lookup| is_wanted(map, lookup, include_media));
        let shared = shared_collections(&lookups);
        let owners = if shared.is_empty() {
            None
        } else {
            Some(self.plans.write(context, "owners", shared.len(), &shared).await?)
        };
        let mut plans = cut_into_shards(map, &lookups, owners.as_ref());
        if matches!(context.job.request_type, RequestType::Access | RequestType::Portability) {
            let proven = proven(context).await?;
            let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
            plans.extend(own_shard(own_records::lookups(map, &context.job, proven.as_ref(), &secrets)));
        }
        if let Some(first) = plans.first_mut() {
            first.bears = Some(BearsOn::of(map, &lookups, organizations(context, walk)));
        }
        let mut shards: Vec<ObjectRef> = Vec::new();
        for (number, shard) in plans.iter().enumerate() {
            let values = shard.lookups.iter().map(|lookup| lookup.values.len()).sum();
            shards.push(self.plans.write(context, &format!("shard-{number:06}"), values, shard).await?);
        }
        let state = LocateCheckpoint { frozen: true, shards, ..LocateCheckpoint::default() };
        match (context.job.erasure.is_some(), context.job.scope) {
            (false, _) | (true, Scope::Collection | Scope::AuditLog) => Ok(state),
            (true, Scope::Subject) => {
                let (aliases, also_held_under) = aliases(context, walk).await?;
                Ok(LocateCheckpoint { aliases, also_held_under, ..state })
            }
            (true, Scope::Organization) => {
                let (own, members) = organization_aliases(context, walk).await?;
                let members = Some(self.plans.write(context, "members", members.len(), &members).await?);
                let people = people_of(walk);
                let people = Some(self.plans.write(context, "people", people.len(), &people).await?);
                Ok(LocateCheckpoint { aliases: own.clone(), also_held_under: own, members, people, ..state })
            }
        }
    }

    /// Makes the steps of the frozen shards, a batch with each checkpoint, so that none is made twice or forgotten.
    async fn make_steps(&self, context: &mut StepContext, mut state: LocateCheckpoint) -> Result<Ran, StepError> {
        while let Some(rest) = state.shards.get(state.created as usize..).filter(|rest| !rest.is_empty()) {
            let now = context.ports.clock.now();
            let batch = rest.iter().take(STEPS_AT_ONCE).cloned().zip(state.created..);
            let plan = context.job.erasure.as_ref().map(|erasure| erasure.generation);
            let seed = |(object, number)| match plan {
                Some(generation) => plan_shard(generation, number, object, now),
                None => collect_shard(number, object, now),
            };
            let seeds: Vec<_> = batch.map(seed).collect();
            state.created += u32::try_from(seeds.len()).unwrap_or(u32::MAX);
            context.save(Checkpoint::Locate(state.clone()), seeds).await?;
        }
        if context.job.erasure.is_some() || context.job.restriction.is_some() {
            let LocateCheckpoint { aliases, also_held_under, members, processors, .. } = state;
            return Ok(Ran::Done(Outcome::Traced { aliases, also_held_under, members, processors }));
        }
        Ok(Ran::Done(Outcome::Located))
    }
}

/// The organisations whose policies count for what is located.
fn organizations(context: &StepContext, walk: &Walk) -> impl Iterator<Item = String> {
    let named = walk.found_organizations().filter_map(|id| match id {
        Datum::Text(text) | Datum::Number(text) => Some(text.clone()),
        Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
    });
    context.job.organization_id.clone().into_iter().chain(named)
}

/// What the walk starts from: only identities that were proven.
pub(super) async fn seeds(context: &mut StepContext) -> Result<Vec<(String, Datum)>, StepError> {
    if context.job.scope == Scope::Organization {
        let id = context.job.organization_id.clone().ok_or_else(|| StepError::park("the job names no organisation"))?;
        return Ok(vec![(IdentityKind::OrganizationId.to_string(), Datum::Text(id))]);
    }
    proven(context).await?.map(|body| body.seeds()).ok_or_else(|| StepError::park("nobody has proven an identity"))
}

/// The identities of the person that were proven; `None` for a job about an organisation.
async fn proven(context: &mut StepContext) -> Result<Option<RequestBody>, StepError> {
    if context.job.scope == Scope::Organization {
        return Ok(None);
    }
    let method = context.job.verification.as_ref().map(|verification| verification.method);
    match method {
        // Whoever read the mail has proven that address and nothing else; the walk finds what belongs to it.
        Some(VerificationMethod::EmailCode) => {
            let contact = contact(context).await?.ok_or_else(|| unreadable("contact"))?;
            // Also in small letters: other sources may spell the same address differently.
            let proven = Identity::new(IdentityKind::Email, &contact).map_err(|_| unreadable("contact"))?;
            Ok(Some(RequestBody::of(&[proven], None)))
        }
        Some(VerificationMethod::Session | VerificationMethod::Manual) => Ok(Some(context.request_body().await?)),
        None => Ok(None),
    }
}

/// The address on record, opened.
///
/// # Errors
/// When the key is gone or the field was tampered with.
pub(super) async fn contact(context: &mut StepContext) -> Result<Option<String>, StepError> {
    let Some(sealed) = context.job.contact.clone() else { return Ok(None) };
    let key = context.job_key().await?;
    let plain =
        key.open(&Place::attribute(&context.job.key(), "contact"), &sealed).map_err(|_| unreadable("contact"))?;
    String::from_utf8(plain.to_vec()).map(Some).map_err(|_| unreadable("contact"))
}

/// Cuts a lookup so that the clock is looked at between its pieces.
fn in_bites(lookup: &Lookup) -> Vec<Open> {
    let bite = |values: &[Datum]| Open { lookup: Lookup { values: values.to_vec(), ..lookup.clone() }, cursor: None };
    lookup.values.chunks(VALUES_AT_ONCE).map(bite).collect()
}
