//! Takes the rows that an erasure will change out of use while it may still be taken back, and gives them back as they were.
//!
//! What a flag held is sealed and saved before it is set: whoever comes after a crash finds it. It is given back where
//! the flag is still set, once nobody sets flags any more.

use std::sync::Arc;

use async_trait::async_trait;
use domain::job::Outcome;
use domain::step::{
    Checkpoint, FlaggedRows, LiftCheckpoint, ObjectRef, QuarantineCheckpoint, Step, StepKind, StepState,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{EraseOrder, Erasing, OpenShard, PlannedTarget, of_round};
use crate::advance_job::{Ran, RunStep};
use crate::gate::steps_of;
use crate::ports::{Alert, Alerts, ErasureOrder, Flag, Former, Target};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Rows whose flags are remembered by one sealed object and one checkpoint.
const ROWS_PER_BLOCK: usize = 500;
/// Rows of one call of the port.
const ROWS_AT_ONCE: usize = 25;
/// How soon the end of a quarantine looks again whether nobody sets flags any more.
const WORKERS_FIRST: SignedDuration = SignedDuration::from_secs(30);
/// How soon it tries again where a source did not answer.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// One row whose flag is set, and what the flag held.
#[derive(Clone, Serialize, Deserialize)]
struct FlaggedRow {
    /// Position of the lookup in the shard.
    lookup: usize,
    target: Target,
    former: Former,
}

/// Sets the flags of the rows of a plan that was approved.
pub(super) struct Quarantine {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
}

#[async_trait]
impl RunStep for Quarantine {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Quarantine]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let orders: Vec<ObjectRef> =
            of_round(&steps, StepKind::PlanErasure, context.step.shard).filter_map(order_of).collect();
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Quarantine(state)) => state.clone(),
            _ => QuarantineCheckpoint::default(),
        };
        while let Some(order) = orders.get(state.shards_done as usize) {
            let order: EraseOrder = self.erasing.plans.read(context, order).await?;
            let shard = self.erasing.open(context, &order.shard).await?;
            while let Some(chunk) = order.chunks.get(state.chunks_done as usize).filter(|_| has_flags(&shard)) {
                let planned: Vec<PlannedTarget> = self.erasing.plans.read(context, chunk).await?;
                if !self.chunk(context, (&shard, &order), &planned, &mut state).await? {
                    return Ok(Ran::Continue);
                }
                state.chunks_done += 1;
                state.targets_done = 0;
            }
            state.shards_done += 1;
            state.chunks_done = 0;
        }
        context.save(Checkpoint::Quarantine(state), Vec::new()).await?;
        Ok(Ran::Done(Outcome::Nothing))
    }
}

impl Quarantine {
    /// Flags the rest of a chunk, a block at a time; `false` if the slice ended before.
    async fn chunk(
        &self,
        context: &mut StepContext,
        (shard, order): (&OpenShard, &EraseOrder),
        planned: &[PlannedTarget],
        state: &mut QuarantineCheckpoint,
    ) -> Result<bool, StepError> {
        loop {
            let rest = planned.get(state.targets_done as usize..).unwrap_or_default();
            let block = rest.get(..rest.len().min(ROWS_PER_BLOCK)).unwrap_or_default();
            if block.is_empty() {
                return Ok(true);
            }
            if !state.is_remembered {
                let rows = self.free(context, shard, block).await?;
                if !rows.is_empty() {
                    let name = format!("former-{:06}", state.flagged.len());
                    let rows = self.erasing.plans.write(context, &name, rows.len(), &rows).await?;
                    state.flagged.push(FlaggedRows { shard: order.shard.clone(), rows });
                    state.is_remembered = true;
                    context.save(Checkpoint::Quarantine(state.clone()), Vec::new()).await?;
                }
            }
            if let Some(flagged) = state.flagged.last().filter(|_| state.is_remembered) {
                let rows: Vec<FlaggedRow> = self.erasing.plans.read(context, &flagged.rows).await?;
                for (order, rows) in in_calls(context, shard, &rows)? {
                    self.erasing.eraser.set_flags(&order, &rows).await?;
                }
            }
            state.targets_done += u32::try_from(block.len()).unwrap_or(u32::MAX);
            state.is_remembered = false;
            if context.time_is_short() {
                context.save(Checkpoint::Quarantine(state.clone()), Vec::new()).await?;
                return Ok(false);
            }
        }
    }

    /// The rows of a block whose flag is not set yet, with what it holds.
    async fn free(
        &self,
        context: &StepContext,
        shard: &OpenShard,
        block: &[PlannedTarget],
    ) -> Result<Vec<FlaggedRow>, StepError> {
        let mut free = Vec::new();
        for run in block.chunk_by(|one, other| one.lookup == other.lookup) {
            let Some(first) = run.first() else { continue };
            let lookup = shard.plan.lookups.get(first.lookup).ok_or_else(|| unreadable("plan"))?;
            let (_, order) = shard.order(context, lookup)?;
            if order.flag().is_none() {
                continue;
            }
            for rows in run.chunks(ROWS_AT_ONCE) {
                let targets: Vec<Target> = rows.iter().map(|one| one.target.clone()).collect();
                let flags = self.erasing.eraser.read_flags(&order, &targets).await?;
                let found = rows.iter().zip(flags).filter_map(|(one, flag)| match flag {
                    Flag::Free(former) => Some(FlaggedRow { lookup: one.lookup, target: one.target.clone(), former }),
                    Flag::NotPlanned | Flag::Set => None,
                });
                free.extend(found);
            }
        }
        Ok(free)
    }
}

/// Gives every flag back what it held, after the erasure or in its place. It never gives up: it comes again.
pub(super) struct LiftQuarantine {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
    /// Where officers hear of sources that do not answer.
    pub(super) alerts: Arc<dyn Alerts>,
}

#[async_trait]
impl RunStep for LiftQuarantine {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::LiftQuarantine]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let flagging = steps.iter().filter(|step| step.kind == StepKind::Quarantine);
        if flagging.clone().any(|step| !matches!(step.state, StepState::Done | StepState::Parked)) {
            return Ok(Ran::NotBefore(context.now + WORKERS_FIRST));
        }
        let flagged: Vec<&FlaggedRows> = flagging.flat_map(flagged_by).collect();
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Lift(state)) => state.clone(),
            _ => LiftCheckpoint::default(),
        };
        for rows in flagged.iter().skip(state.done as usize) {
            if let Err(error) = self.reset(context, rows).await {
                return self.later(context, error);
            }
            state.done += 1;
            context.save(Checkpoint::Lift(state.clone()), Vec::new()).await?;
            if context.time_is_short() && (state.done as usize) < flagged.len() {
                return Ok(Ran::Continue);
            }
        }
        Ok(Ran::Done(Outcome::Nothing))
    }
}

impl LiftQuarantine {
    async fn reset(&self, context: &mut StepContext, flagged: &FlaggedRows) -> Result<(), StepError> {
        let shard = self.erasing.open(context, &flagged.shard).await?;
        let rows: Vec<FlaggedRow> = self.erasing.plans.read(context, &flagged.rows).await?;
        for (order, rows) in in_calls(context, &shard, &rows)? {
            self.erasing.eraser.reset_flags(&order, &rows).await?;
        }
        Ok(())
    }

    fn later(&self, context: &StepContext, error: StepError) -> Result<Ran, StepError> {
        if let StepError::Lost = error {
            return Err(error);
        }
        let reason = Some("rows could not be taken out of quarantine yet".to_owned());
        self.alerts.raise(&Alert { job: context.job.id.clone(), step: context.step.kind, reason });
        Ok(Ran::NotBefore(context.now + AGAIN))
    }
}

/// What one call sets or resets: rows of one lookup.
type FlagCall = (ErasureOrder, Vec<(Target, Former)>);

/// The calls that set or reset flags: of one lookup, of so many rows.
fn in_calls(context: &StepContext, shard: &OpenShard, rows: &[FlaggedRow]) -> Result<Vec<FlagCall>, StepError> {
    let mut calls = Vec::new();
    for run in rows.chunk_by(|one, other| one.lookup == other.lookup) {
        let Some(first) = run.first() else { continue };
        let lookup = shard.plan.lookups.get(first.lookup).ok_or_else(|| unreadable("plan"))?;
        let (_, order) = shard.order(context, lookup)?;
        let pair = |row: &FlaggedRow| (row.target.clone(), row.former.clone());
        calls.extend(run.chunks(ROWS_AT_ONCE).map(|rows| (order.clone(), rows.iter().map(pair).collect())));
    }
    Ok(calls)
}

fn has_flags(shard: &OpenShard) -> bool {
    let of = |lookup: &datamap::Lookup| shard.map.collections.get(lookup.collection);
    shard.plan.lookups.iter().filter_map(of).any(|collection| collection.quarantine.is_some())
}

fn order_of(step: &Step) -> Option<ObjectRef> {
    match &step.checkpoint {
        Some(Checkpoint::PlanErasure(planned)) => planned.order.clone(),
        _ => None,
    }
}

fn flagged_by(step: &Step) -> &[FlaggedRows] {
    match &step.checkpoint {
        Some(Checkpoint::Quarantine(state)) => &state.flagged,
        _ => &[],
    }
}
