//! What has lived long enough in the sources of the world. Each row is a call of its own, as in erasing.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Masker, Treatment, rewrite};
use domain::datum::Datum;
use workflow::ports::{
    Content, Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind, RetentionSource,
};

use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

mod objects;

/// The tag that labels a table.
const LABEL: &str = "retention_class";

/// Sweeps the sources of the world.
#[derive(Debug, Clone)]
pub struct MemoryRetentionSource {
    world: MemoryWorld,
}

impl MemoryRetentionSource {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl RetentionSource for MemoryRetentionSource {
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
        self.world
            .call("expired", |state| match objects::template(order) {
                Some(template) => objects::page(state, order, template, after),
                None => page(state, order, after),
            })
            .await
    }

    async fn remove(
        &self,
        order: &ExpiryOrder,
        treatment: &Treatment,
        masker: &Arc<dyn Masker>,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            let one = |state: &mut State| match objects::template(order) {
                Some(_) => objects::remove(state, order, row),
                None => remove(state, order, treatment, masker.as_ref(), row),
            };
            answers.push(self.world.call("remove", one).await?);
        }
        Ok(answers)
    }

    async fn content(&self, order: &ExpiryOrder, row: &ExpiredRow, from: u64) -> Result<Option<Content>, PortError> {
        self.world.call("content", |state| objects::content(state, order, row, from)).await
    }

    async fn size(&self, order: &ExpiryOrder) -> Result<Option<u64>, PortError> {
        if order.target()?.1.index.is_none() {
            return Ok(None);
        }
        self.world
            .call("size", |state| {
                let id = open(state, "size", order)?;
                Ok(state.sources.tables.get(&id).map(|table| table.rows.len() as u64))
            })
            .await
    }

    async fn is_labelled(&self, order: &ExpiryOrder) -> Result<bool, PortError> {
        self.world
            .call("is_labelled", |state| {
                let id = open(state, "is_labelled", order)?;
                Ok(state.sources.labels.get(&id).is_some_and(|label| label == LABEL))
            })
            .await
    }
}

/// The id of the collection, if it may be read.
fn open(state: &mut State, operation: &'static str, order: &ExpiryOrder) -> Result<String, PortError> {
    state.check_tenant(operation, &order.tenant);
    let (collection, _) = order.target()?;
    let id = collection.id();
    if state.sources.denied.contains(&id) {
        return Err(PortError::new(PortErrorKind::Denied, operation));
    }
    Ok(id)
}

fn page(state: &mut State, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
    let id = open(state, "expired", order)?;
    let refused = |cause| PortError::caused(PortErrorKind::Corrupt, "expired", cause);
    let start: u64 = after.map_or(Ok(0), |Cursor(text)| text.parse().map_err(refused))?;
    let Some(table) = state.sources.tables.get(&id) else { return Ok(ExpiredPage::default()) };
    let size = state.sources.page_rows.max(1);
    let looked_at: Vec<_> = table.rows.range(start + 1..).take(size).collect();
    let last = looked_at.last().map(|(number, _)| **number);
    let is_end = last.is_none_or(|last| table.rows.range(last + 1..).next().is_none());
    let scanned = looked_at.len() as u64;
    let found = looked_at.into_iter().filter(|(_, row)| order.has_expired(row) && is_owned(state, order, row));
    let held = |(number, row): (&u64, &Arc<Datum>)| Held::new((*number, Arc::clone(row)));
    let part_of = || state.sources.versions.get(&id).cloned();
    let rows = found.map(|it| ExpiredRow { row: Datum::clone(it.1), held: held(it), part_of: part_of() }).collect();
    Ok(ExpiredPage { scanned, rows, bytes: 0, next: last.filter(|_| !is_end).map(|last| Cursor(last.to_string())) })
}

fn is_owned(state: &State, order: &ExpiryOrder, row: &Datum) -> bool {
    if state.mutants.has(Mutant::NoTenantFieldCheck) {
        return true;
    }
    let Ok((collection, _)) = order.target() else { return false };
    let field = order.map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let Some(field) = field else { return true };
    let owners = row.values_at(field);
    !owners.is_empty() && owners.iter().all(|owner| owner.as_text() == Some(order.tenant.as_str()))
}

fn remove(
    state: &mut State,
    order: &ExpiryOrder,
    treatment: &Treatment,
    masker: &dyn Masker,
    row: &ExpiredRow,
) -> Result<Erased, PortError> {
    let id = open(state, "remove", order)?;
    let foreign = || PortError::new(PortErrorKind::Corrupt, "remove");
    let (number, seen) = row.held.get::<(u64, Arc<Datum>)>().ok_or_else(foreign)?;
    let Some(now) = state.sources.tables.get(&id).and_then(|table| table.rows.get(number)) else {
        return Ok(Erased::Gone);
    };
    if now != seen && !state.mutants.has(Mutant::NoVersionAtErase) {
        return Ok(Erased::Drifted);
    }
    let after = match treatment {
        Treatment::Delete => None,
        Treatment::Rewrite { fields, .. } => Some(rewrite(now, fields, masker)),
        Treatment::Keep { .. } => return Err(foreign()),
    };
    state.removed.push((state.now, id.clone(), *number));
    let table = Arc::make_mut(&mut state.sources).table(&id);
    match after {
        None => table.take(*number),
        Some(after) => table.replace(*number, after),
    }
    Ok(Erased::Done)
}
