//! Plans one shard: which records would go, be rewritten or stay. Changes nothing; memory does not grow with the rows.

use async_trait::async_trait;
use datamap::{Lookup, Treatment};
use domain::erasure::PlannedSource;
use domain::job::Outcome;
use domain::risk::Sensitivity;
use domain::step::{Checkpoint, ObjectRef, PlanErasureCheckpoint, StepKind};
use sha2::{Digest, Sha256};

use super::{EraseOrder, Erasing, OpenShard, PlannedTarget, deletes};
use crate::advance_job::{Ran, RunStep};
use crate::ports::{Cursor, ErasureOrder, Target};
use crate::risk::sensitivity_of;
use crate::sealing::{Place, hexadecimal};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Targets of one sealed object.
const TARGETS_PER_CHUNK: usize = 10_000;

/// Plans one shard.
pub(super) struct PlanErasure {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
}

/// What a slice works with.
struct Shard {
    open: OpenShard,
    input: ObjectRef,
    state: PlanErasureCheckpoint,
    gathered: Vec<PlannedTarget>,
}

#[async_trait]
impl RunStep for PlanErasure {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::PlanErasure]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let input = context.step.input.clone().ok_or_else(|| StepError::park("the shard has no plan"))?;
        let open = self.erasing.open(context, &input).await?;
        let state = match &context.step.checkpoint {
            Some(Checkpoint::PlanErasure(state)) => state.clone(),
            _ => PlanErasureCheckpoint::default(),
        };
        let mut shard = Shard { open, input, state, gathered: Vec::new() };
        while let Some(lookup) = shard.open.plan.lookups.get(shard.state.lookups_done as usize).cloned() {
            if !self.plan(context, &mut shard, &lookup).await? {
                return Ok(Ran::Continue);
            }
        }
        self.store(context, &mut shard).await?;
        self.seal(context, &mut shard).await?;
        context.save(Checkpoint::PlanErasure(shard.state), Vec::new()).await?;
        Ok(Ran::Done(Outcome::ShardDone))
    }
}

impl PlanErasure {
    /// Plans one lookup to its end; `false` if the slice ended before.
    async fn plan(&self, context: &mut StepContext, shard: &mut Shard, lookup: &Lookup) -> Result<bool, StepError> {
        if shard.open.treatment(lookup).is_none() {
            shard.state.lookups_done += 1;
            return Ok(true);
        }
        let (source, order) = shard.open.order(context, lookup)?;
        let mut cursor = cursor_of(context, shard).await?;
        loop {
            let next = self.page(&order, cursor.as_ref(), shard, &source).await?;
            let ended = next.is_none();
            let short = context.time_is_short();
            if ended {
                shard.state.lookups_done += 1;
                shard.state.cursor = None;
            } else if short || shard.gathered.len() >= TARGETS_PER_CHUNK {
                shard.state.cursor = seal_cursor(context, next.as_ref()).await?;
            }
            if short || shard.gathered.len() >= TARGETS_PER_CHUNK {
                self.store(context, shard).await?;
                context.save(Checkpoint::PlanErasure(shard.state.clone()), Vec::new()).await?;
            }
            if ended {
                return Ok(!short || shard.state.lookups_done as usize == shard.open.plan.lookups.len());
            }
            if short {
                return Ok(false);
            }
            cursor = next;
        }
    }

    /// Plans one page and counts it.
    async fn page(
        &self,
        order: &ErasureOrder,
        after: Option<&Cursor>,
        shard: &mut Shard,
        source: &str,
    ) -> Result<Option<Cursor>, StepError> {
        if let Treatment::Keep { .. } = &order.treatment {
            let page = self.erasing.sources.connector.export(&order.lookup, after).await?;
            let rows = page.rows.iter().filter(|row| order.takes(row)).count() + page.media.len();
            let count = counted(&mut shard.state.sources, source, &order.treatment);
            count.would_keep += u64::try_from(rows).unwrap_or(u64::MAX);
            return Ok(page.next);
        }
        let page = self.erasing.eraser.plan(order, after).await?;
        let count = counted(&mut shard.state.sources, source, &order.treatment);
        let collection = shard.open.map.collections.get(order.lookup.collection);
        let corrects = shard.open.corrects();
        count.revokes |= !corrects && !page.targets.is_empty() && collection.is_some_and(|it| it.revoke.is_some());
        count.quarantines |=
            !corrects && !page.targets.is_empty() && collection.is_some_and(|it| it.quarantine.is_some());
        for target in &page.targets {
            let rows = match () {
                () if corrects => &mut count.would_correct,
                () if deletes(&order.treatment) => &mut count.would_delete,
                () => &mut count.would_anonymise,
            };
            *rows += target.rows;
            count.targets += 1;
            count.other_rows += target.other_rows;
        }
        let lookup = shard.state.lookups_done as usize;
        shard.gathered.extend(page.targets.into_iter().map(|target| PlannedTarget { lookup, target }));
        Ok(page.next)
    }

    /// Seals what was gathered as one chunk.
    async fn store(&self, context: &mut StepContext, shard: &mut Shard) -> Result<(), StepError> {
        if shard.gathered.is_empty() {
            return Ok(());
        }
        let name = format!("targets-{:06}", shard.state.chunks.len());
        let gathered = std::mem::take(&mut shard.gathered);
        shard.state.chunks.push(self.erasing.plans.write(context, &name, gathered.len(), &gathered).await?);
        Ok(())
    }

    /// Writes what the erase step will read, and the hash that does not depend on the order sources answer in.
    async fn seal(&self, context: &mut StepContext, shard: &mut Shard) -> Result<(), StepError> {
        let mut digests: Vec<[u8; 32]> = Vec::new();
        for chunk in &shard.state.chunks {
            let planned: Vec<PlannedTarget> = self.erasing.plans.read(context, chunk).await?;
            for one in &planned {
                digests.push(digest_of(&shard.open, context, one)?);
            }
        }
        digests.sort_unstable();
        let mut hash = Sha256::new();
        digests.iter().for_each(|digest| hash.update(digest));
        shard.state.hash = Some(hexadecimal(&hash.finalize()));
        shard.state.sensitivity = Some(sensitivity(shard));
        let order = EraseOrder { shard: shard.input.clone(), chunks: shard.state.chunks.clone() };
        shard.state.order = Some(self.erasing.plans.write(context, "order", digests.len(), &order).await?);
        Ok(())
    }
}

/// How sensitive the most sensitive source is in which something would change.
fn sensitivity(shard: &Shard) -> Sensitivity {
    let map = &shard.open.map;
    let changed = shard.state.sources.iter().filter(|source| source.changed() > 0);
    let collections = changed.filter_map(|source| map.collections.get(map.collection(&source.source)?));
    collections.map(sensitivity_of).max().unwrap_or(Sensitivity::Ordinary)
}

/// The digest of one line of the plan: the source, what is done, and the target as it was seen.
fn digest_of(open: &OpenShard, context: &StepContext, one: &PlannedTarget) -> Result<[u8; 32], StepError> {
    let lookup = open.plan.lookups.get(one.lookup).ok_or_else(|| unreadable("plan"))?;
    let (source, order) = open.order(context, lookup)?;
    let Target { locator, seen, rows, other_rows: _, bytes: _ } = &one.target;
    let line = serde_json::to_vec(&(source, &order.treatment, locator, seen, rows))
        .map_err(|_| StepError::park("a plan does not serialise"))?;
    Ok(Sha256::digest(line).into())
}

/// The counts of a source, made at their first use.
fn counted<'a>(sources: &'a mut Vec<PlannedSource>, source: &str, treatment: &Treatment) -> &'a mut PlannedSource {
    let at = match sources.iter().position(|known| known.source == source) {
        Some(at) => at,
        None => {
            sources.push(PlannedSource { source: source.to_owned(), ..PlannedSource::default() });
            sources.len() - 1
        }
    };
    let count = &mut sources[at];
    if let Some(reason) = reason_of(treatment) {
        count.reason.get_or_insert(reason);
    }
    count
}

/// Why anything stays.
fn reason_of(treatment: &Treatment) -> Option<String> {
    let kept = match treatment {
        Treatment::Delete => None,
        Treatment::Rewrite { fields: _, kept } => kept.as_ref(),
        Treatment::Keep { kept } => Some(kept),
    }?;
    Some(match &kept.reason {
        Some(reason) => format!("{}: {reason}", kept.exemption),
        None => kept.exemption.clone(),
    })
}

async fn cursor_of(context: &mut StepContext, shard: &Shard) -> Result<Option<Cursor>, StepError> {
    let Some(sealed) = &shard.state.cursor else { return Ok(None) };
    let key = context.job_key().await?;
    let plain = key.open(&Place::attribute(&context.step.key(), "cursor"), sealed).map_err(|_| unreadable("cursor"))?;
    String::from_utf8(plain.to_vec()).map(|text| Some(Cursor(text))).map_err(|_| unreadable("cursor"))
}

async fn seal_cursor(
    context: &mut StepContext,
    cursor: Option<&Cursor>,
) -> Result<Option<domain::sealed::Sealed>, StepError> {
    let Some(Cursor(text)) = cursor else { return Ok(None) };
    let key = context.job_key().await?;
    let place = Place::attribute(&context.step.key(), "cursor");
    Ok(Some(key.seal(&place, text.as_bytes(), context.ports.entropy.as_ref())))
}
