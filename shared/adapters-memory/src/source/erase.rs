//! Erasing what the sources hold. Each target is a call of its own, because no real source erases several as one; an
//! object that several orders name is one call for all of them.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Collection, Source, Treatment};
use domain::ids::TenantId;
use jiff::Timestamp;
use workflow::ports::{
    Cursor, Erased, Eraser, ErasureOrder, Flag, Former, PortError, PortErrorKind, Share, Target, TargetPage,
};

use super::{Sources, flag, is_of_lookup, media, numbered, open};
use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

mod objects;

/// One row or medium that was erased, deleted or rewritten.
#[derive(Debug, Clone)]
pub struct Effect {
    /// When.
    pub at: Timestamp,
    /// How many transitions had been committed by then.
    pub after_commits: usize,
    /// For whom.
    pub tenant: TenantId,
    /// `dataset.collection`.
    pub collection: String,
    /// The number of the row, or the key of the medium.
    pub locator: String,
    /// The sources as they were.
    pub before: Arc<Sources>,
}

/// Erases in the sources of the world.
#[derive(Debug, Clone)]
pub struct MemoryEraser {
    world: MemoryWorld,
}

impl MemoryEraser {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl Eraser for MemoryEraser {
    async fn plan(&self, order: &ErasureOrder, after: Option<&Cursor>) -> Result<TargetPage, PortError> {
        self.world.call("plan_erasure", |state| plan(state, order, after)).await
    }

    async fn erase(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Erased>, PortError> {
        let mut answers = Vec::with_capacity(targets.len());
        for target in targets {
            answers.push(self.world.call("erase", |state| erase(state, order, target)).await?);
        }
        Ok(answers)
    }

    async fn erase_together(&self, shares: &[Share]) -> Vec<Result<Vec<Erased>, PortError>> {
        let Some(named) = self.world.inspect(|state| objects::by_object(state, shares)) else {
            let mut answers = Vec::with_capacity(shares.len());
            for share in shares {
                answers.push(self.erase(&share.order, &share.targets).await);
            }
            return answers;
        };
        let mut answers: Vec<Result<Vec<Erased>, PortError>> =
            shares.iter().map(|share| Ok(vec![Erased::Gone; share.targets.len()])).collect();
        let forgets = self.world.inspect(|state| state.mutants.has(Mutant::PartnersUntouched));
        for (key, mut places) in named {
            if forgets {
                places.iter().for_each(|(place, at)| answers[*place].iter_mut().for_each(|it| it[*at] = Erased::Done));
                places.retain(|(place, _)| *place == 0);
            }
            let orders: Vec<(&ErasureOrder, &Target)> =
                places.iter().map(|(place, at)| (&shares[*place].order, &shares[*place].targets[*at])).collect();
            let erased = self.world.call("erase", |state| objects::erase(state, key, &orders)).await;
            for (number, (place, at)) in places.into_iter().enumerate() {
                match &erased {
                    Ok(erased) => {
                        if let Ok(answer) = &mut answers[place] {
                            answer[at] = erased[number];
                        }
                    }
                    Err(error) if answers[place].is_ok() => {
                        answers[place] = Err(PortError::new(error.kind, error.operation));
                    }
                    Err(_) => {}
                }
            }
        }
        answers
    }

    async fn read_flags(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Flag>, PortError> {
        self.world.call("read_flags", |state| targets.iter().map(|it| flag::read(state, order, it)).collect()).await
    }

    async fn set_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError> {
        for row in rows {
            self.world.call("set_flags", |state| flag::set(state, order, row)).await?;
        }
        Ok(())
    }

    async fn reset_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError> {
        for row in rows {
            self.world.call("reset_flags", |state| flag::reset(state, order, row)).await?;
        }
        Ok(())
    }
}

fn plan(state: &mut State, order: &ErasureOrder, after: Option<&Cursor>) -> Result<TargetPage, PortError> {
    let lookup = &order.lookup;
    let collection = open(state, "plan_erasure", lookup)?;
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Ok(TargetPage::default());
    }
    if let Source::S3Media { bucket: _, key_template } = &collection.source {
        let page = media::page(&state.sources, &collection.id(), key_template, lookup, after);
        let target = |it: workflow::ports::Media| target(it.key, it.etag, it.bytes);
        return Ok(TargetPage { targets: page.media.into_iter().map(target).collect(), next: page.next });
    }
    if let Some(table) = objects::table(state, collection) {
        return Ok(objects::plan(state, collection, table, order, after));
    }
    let (rows, next) = numbered(state, "plan_erasure", collection, lookup, after)?;
    let open = rows.into_iter().filter(|(_, row)| order.takes(row) && order.has_work(row));
    let targets = open.map(|(number, row)| target(number.to_string(), order.seen(row), 0)).collect();
    Ok(TargetPage { targets, next })
}

const fn target(locator: String, seen: String, bytes: u64) -> Target {
    Target { locator, seen, rows: 1, other_rows: 0, bytes }
}

fn erase(state: &mut State, order: &ErasureOrder, target: &Target) -> Result<Erased, PortError> {
    let collection = open(state, "erase", &order.lookup)?;
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Err(PortError::caused(PortErrorKind::Corrupt, "erase", "what is kept is never erased"));
    }
    if matches!(collection.source, Source::S3Media { .. }) {
        return erase_medium(state, collection, order, target);
    }
    if objects::table(state, collection).is_some() {
        let answers = objects::erase(state, &target.locator, &[(order, target)])?;
        return Ok(answers.first().copied().unwrap_or(Erased::Gone));
    }
    let number = target.locator.parse::<u64>();
    let number = number.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "erase", cause))?;
    let id = collection.id();
    let row = state.sources.tables.get(&id).and_then(|table| table.rows.get(&number)).cloned();
    let Some(row) = row else { return Ok(Erased::Gone) };
    let looks = !state.mutants.has(Mutant::NoVersionAtErase);
    let is_planned = order.seen(&row) == target.seen;
    if looks && !is_planned {
        let is_rewritten = matches!(order.treatment, Treatment::Rewrite { .. }) && !order.has_work(&row);
        return Ok(if is_rewritten { Erased::Done } else { Erased::Drifted });
    }
    if looks && (!is_of_lookup(state, collection, &order.lookup, &row) || !order.takes(&row)) {
        return Ok(Erased::Drifted);
    }
    let after = order.changed(&row);
    note(state, order, &target.locator, &id);
    let table = Arc::make_mut(&mut state.sources).table(&id);
    match (&order.treatment, after) {
        (Treatment::Delete, _) => table.take(number),
        (Treatment::Rewrite { .. } | Treatment::Keep { .. }, Some(after)) => table.replace(number, after),
        (Treatment::Rewrite { .. } | Treatment::Keep { .. }, None) => {}
    }
    Ok(Erased::Done)
}

/// Remembers what is about to be erased.
fn note(state: &mut State, order: &ErasureOrder, locator: &str, collection: &str) {
    let effect = Effect {
        at: state.now,
        after_commits: state.journal.len(),
        tenant: order.lookup.tenant.clone(),
        collection: collection.to_owned(),
        locator: locator.to_owned(),
        before: Arc::clone(&state.sources),
    };
    state.effects.push(Arc::new(effect));
}

/// A medium has no fields: whatever is done to its rows, it goes.
fn erase_medium(
    state: &mut State,
    collection: &Collection,
    order: &ErasureOrder,
    target: &Target,
) -> Result<Erased, PortError> {
    let Source::S3Media { bucket: _, key_template } = &collection.source else { return Ok(Erased::Drifted) };
    if !media::is_of_lookup(key_template, &order.lookup, &target.locator) {
        return Err(PortError::caused(PortErrorKind::Corrupt, "erase", "the lookup does not find this object"));
    }
    let id = collection.id();
    let found = state.sources.media.get(&id).and_then(|objects| objects.get(&target.locator));
    match found {
        None => return Ok(Erased::Gone),
        Some(object) if object.etag != target.seen => return Ok(Erased::Drifted),
        Some(_) => {}
    }
    note(state, order, &target.locator, &id);
    let sources = Arc::make_mut(&mut state.sources);
    if let Some(objects) = sources.media.get_mut(&id) {
        objects.remove(&target.locator);
    }
    Ok(Erased::Done)
}
