//! Collections looked at as a whole, whoever the rows are about: samples, and page after page.

use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use domain::datum::Datum;
use workflow::ports::{
    CollectionReader, Cursor, PortError, SampleOrder, Sampler, SourceLookup, SourcePage, WholeCollection,
};

use super::{MemorySource, Table, is_owned, open, start_of};
use crate::state::State;

#[async_trait]
impl Sampler for MemorySource {
    async fn sample(&self, order: &SampleOrder) -> Result<Vec<Datum>, PortError> {
        self.world
            .call("sample", |state| {
                let lookup = SourceLookup {
                    tenant: order.tenant.clone(),
                    map: Arc::clone(&order.map),
                    collection: order.collection,
                    field: String::new(),
                    values: Vec::new(),
                };
                let collection = open(state, "sample", &lookup)?;
                let field = order.map.connection(collection).and_then(|it| it.tenant_field.as_deref());
                let is_owned = |row: &&Datum| {
                    field.is_none_or(|field| {
                        row.values_at(field).iter().any(|owner| owner.as_text() == Some(order.tenant.as_str()))
                    })
                };
                let table = state.sources.tables.get(&collection.id());
                let rows = table.into_iter().flat_map(Table::rows).filter(is_owned).take(order.rows);
                Ok(rows.cloned().collect())
            })
            .await
    }
}

#[async_trait]
impl CollectionReader for MemorySource {
    async fn rows(&self, of: &WholeCollection, limit: usize, after: Option<&Cursor>) -> Result<SourcePage, PortError> {
        let lookup = SourceLookup {
            tenant: of.tenant.clone(),
            map: Arc::clone(&of.map),
            collection: of.collection,
            field: String::new(),
            values: Vec::new(),
        };
        self.world.call("read_collection", |state| whole_page(state, &lookup, limit, after)).await
    }
}

/// A page of the tenant's rows, whatever they hold.
fn whole_page(
    state: &mut State,
    lookup: &SourceLookup,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let collection = open(state, "read_collection", lookup)?;
    let start = start_of("read_collection", after)?;
    let Some(table) = state.sources.tables.get(&collection.id()) else { return Ok(SourcePage::default()) };
    let owner = lookup.map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let owned = |row: &Datum| owner.is_none_or(|field| is_owned(row, field, lookup));
    let mut found = table.rows.range((start, Bound::Unbounded)).filter(|(_, row)| owned(row));
    let taken: Vec<(&u64, &Arc<Datum>)> = found.by_ref().take(limit.clamp(1, state.sources.page_rows.max(1))).collect();
    let next = found.next().and(taken.last()).map(|(number, _)| Cursor(number.to_string()));
    let rows = taken.into_iter().map(|(_, row)| Datum::clone(row)).collect();
    Ok(SourcePage { rows, media: Vec::new(), next })
}
