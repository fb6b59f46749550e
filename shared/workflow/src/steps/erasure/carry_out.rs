//! Erases what one shard of the approved plan names: each target only while it still is what was planned.

use async_trait::async_trait;
use domain::job::Outcome;
use domain::step::{Checkpoint, EraseCheckpoint, ErasedSource, Nudge, StepKind};

use super::{EraseOrder, Erasing, OpenShard, PlannedTarget, deletes, passes};
use crate::advance_job::{Pass, Ran, RunStep};
use crate::ports::{Erased, ErasureOrder, Target};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Targets erased by one call of the port.
pub(super) const TARGETS_AT_ONCE: usize = 25;
/// Bytes of objects rewritten by one call of the port: a slice must be able to end between two calls.
pub(super) const BYTES_AT_ONCE: u64 = 64 * 1024 * 1024;
/// Calls between two checkpoints: a killed worker repeats so many at most, which is harmless.
pub(super) const CALLS_PER_SAVE: u32 = 20;

/// Erases one shard.
pub(super) struct Erase {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
}

#[async_trait]
impl RunStep for Erase {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Erase]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let input = context.step.input.clone().ok_or_else(|| StepError::park("the shard has no plan"))?;
        let order: EraseOrder = self.erasing.plans.read(context, &input).await?;
        let shard = self.erasing.open(context, &order.shard).await?;
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Erase(state)) => state.clone(),
            _ => EraseCheckpoint::default(),
        };
        while let Some(chunk) = order.chunks.get(state.chunks_done as usize) {
            let planned: Vec<PlannedTarget> = self.erasing.plans.read(context, chunk).await?;
            if !self.chunk(context, &shard, &planned, &mut state).await? {
                return Ok(Ran::Continue);
            }
            state.chunks_done += 1;
            state.targets_done = 0;
            context.save(Checkpoint::Erase(state.clone()), Vec::new()).await?;
        }
        if context.step.checkpoint.is_none() {
            context.save(Checkpoint::Erase(state), Vec::new()).await?;
        }
        Ok(Ran::Done(Outcome::ShardDone))
    }

    async fn companions(&self, context: &mut StepContext) -> Result<Vec<Nudge>, StepError> {
        passes::companions(&self.erasing, context).await
    }

    async fn run_together(&self, pass: &mut Pass<'_>) {
        passes::carry_out(&self.erasing, pass).await;
    }
}

impl Erase {
    /// Erases the rest of a chunk; `false` if the slice ended before.
    async fn chunk(
        &self,
        context: &mut StepContext,
        shard: &OpenShard,
        planned: &[PlannedTarget],
        state: &mut EraseCheckpoint,
    ) -> Result<bool, StepError> {
        let mut calls = 0;
        loop {
            let rest = planned.get(state.targets_done as usize..).unwrap_or_default();
            let Some(first) = rest.first() else { return Ok(true) };
            let batch = batch_of(rest, first.lookup);
            self.batch(context, shard, &batch, state).await?;
            state.targets_done += u32::try_from(batch.len()).unwrap_or(u32::MAX);
            calls += 1;
            let short = context.time_is_short();
            if short || calls % CALLS_PER_SAVE == 0 {
                context.save(Checkpoint::Erase(state.clone()), Vec::new()).await?;
            }
            if short {
                return Ok(false);
            }
        }
    }

    async fn batch(
        &self,
        context: &StepContext,
        shard: &OpenShard,
        batch: &[&PlannedTarget],
        state: &mut EraseCheckpoint,
    ) -> Result<(), StepError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let lookup = shard.plan.lookups.get(first.lookup).ok_or_else(|| unreadable("plan"))?;
        let (source, order) = shard.order(context, lookup)?;
        let targets: Vec<Target> = batch.iter().map(|one| one.target.clone()).collect();
        let answers = self.erasing.eraser.erase(&order, &targets).await?;
        count(state, &source, (shard, &order), &targets, &answers)
    }
}

/// Counts what became of targets of one source.
pub(super) fn count(
    state: &mut EraseCheckpoint,
    source: &str,
    (shard, order): (&OpenShard, &ErasureOrder),
    targets: &[Target],
    answers: &[Erased],
) -> Result<(), StepError> {
    if answers.len() != targets.len() {
        return Err(StepError::park("a source answered for other targets than it was asked about"));
    }
    let count = counted(&mut state.sources, source);
    for (target, answer) in targets.iter().zip(answers) {
        let of = match answer {
            Erased::Done if shard.corrects() => &mut count.corrected,
            Erased::Done if deletes(&order.treatment) => &mut count.deleted,
            Erased::Done => &mut count.anonymised,
            Erased::Gone => &mut count.gone,
            Erased::Drifted => &mut count.drifted,
        };
        *of += target.rows;
    }
    Ok(())
}

/// The first targets of one lookup: so many, and so many bytes, but at least one.
pub(super) fn batch_of(rest: &[PlannedTarget], lookup: usize) -> Vec<&PlannedTarget> {
    let mut bytes = 0_u64;
    let fits = |one: &&PlannedTarget| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(one.target.bytes.max(1));
        one.lookup == lookup && (is_first || bytes <= BYTES_AT_ONCE)
    };
    rest.iter().take(TARGETS_AT_ONCE).take_while(fits).collect()
}

fn counted<'a>(sources: &'a mut Vec<ErasedSource>, source: &str) -> &'a mut ErasedSource {
    let at = match sources.iter().position(|known| known.source == source) {
        Some(at) => at,
        None => {
            sources.push(ErasedSource { source: source.to_owned(), ..ErasedSource::default() });
            sources.len() - 1
        }
    };
    &mut sources[at]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(lookup: usize, bytes: u64) -> PlannedTarget {
        let target = Target { locator: String::new(), seen: String::new(), rows: 1, other_rows: 0, bytes };
        PlannedTarget { lookup, target }
    }

    #[test]
    fn a_batch_is_one_lookup_and_ends_before_it_takes_too_long() {
        let lengths = |targets: &[PlannedTarget]| batch_of(targets, 0).len();
        assert_eq!(lengths(&[planned(0, 0), planned(0, 0), planned(1, 0)]), 2);
        assert_eq!(lengths(&vec![planned(0, 0); 60]), TARGETS_AT_ONCE);
        assert_eq!(lengths(&[planned(0, BYTES_AT_ONCE * 9), planned(0, 1)]), 1, "one is always taken");
        assert_eq!(
            lengths(&[planned(0, BYTES_AT_ONCE / 2), planned(0, BYTES_AT_ONCE / 4), planned(0, BYTES_AT_ONCE)]),
            2
        );
    }
}
