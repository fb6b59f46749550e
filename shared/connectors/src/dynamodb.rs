//! Rows of a `DynamoDB` table: by key, by index, or by a scan where the map allows it. Reads for an export are eventually
//! consistent; reads of the table for an erasure are not, so that its confirmation sees what it has done.
//!
//! Work is cut into lanes (a value, a batch of keys, a segment); a page works on a few lanes at once, and its cursor
//! holds how far each is. There is never a transaction on a customer's table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::datum::Datum;
use futures::future::try_join_all;
use workflow::ports::{Cursor, PortError, SourcePage};

use self::cursor::{At, Open, State};
use self::expression::Expressions;
use self::order::Order;
use self::plan::Plan;
use self::request::{Answer, Item};
use self::schema::TableSchema;
use crate::failure::corrupt;
use crate::pace::Pace;
use crate::scope::Scope;
use crate::wanted::Wanted;

mod attribute;
mod cursor;
mod erase;
mod expire;
mod expression;
mod flag;
mod order;
mod plan;
mod request;
mod rewritten;
mod sample;
mod schema;
mod statement;
pub(crate) mod whole;

pub(crate) use self::sample::sample_table;

/// A page ends once it has so many rows,
const PAGE_ROWS: usize = 1000;
/// or so many bytes,
const PAGE_BYTES: usize = 1 << 20;
/// or after so many rounds, so that a scan that finds nothing still moves its checkpoint.
const PAGE_ROUNDS: usize = 16;

type SchemaKey = (Option<String>, String);

/// Reads tables; remembers what each says about itself.
#[derive(Debug, Default)]
pub(crate) struct DynamoDb {
    schemas: Mutex<HashMap<SchemaKey, Arc<TableSchema>>>,
}

/// A table and how it may be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    // Dependencies.
    pub(crate) client: &'a Client,
    pub(crate) pace: &'a Pace,
    // Configuration.
    pub(crate) name: &'a str,
    pub(crate) index: Option<&'a str>,
    /// Segments of a scan; none where the map does not allow it.
    pub(crate) segments: Option<u32>,
    /// Whether reads of the table itself see every write before them; indexes never promise that.
    pub(crate) is_consistent: bool,
}

impl DynamoDb {
    /// A page of rows: projected where a projection is given, else whole.
    pub(crate) async fn page(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        projection: Option<&[String]>,
        after: Option<&Cursor>,
    ) -> Result<SourcePage, PortError> {
        let schema = self.schema(scope, table).await?;
        let lookup = Lookup::new(scope, table, &schema, projection)?;
        let lanes = lookup.plan.lanes();
        let mut state = after.map_or_else(|| Ok(State::start(lanes)), |cursor| State::read(cursor, lanes))?;
        let mut rows = Vec::new();
        let mut bytes = 0;
        for round in 0..PAGE_ROUNDS {
            let is_full = rows.len() >= PAGE_ROWS || bytes >= PAGE_BYTES || (round > 0 && table.pace.must_wait());
            let taken = if is_full { Vec::new() } else { state.take(lookup.plan.width()) };
            if taken.is_empty() {
                break;
            }
            let limit = i32::try_from(PAGE_ROWS / taken.len()).expect("a thousand fits");
            let answers = try_join_all(taken.into_iter().map(|open| lookup.step(open, limit))).await?;
            let mut open = Vec::new();
            for (lane, answer) in answers {
                bytes += answer.items.iter().map(size).sum::<usize>();
                rows.extend(lookup.rows(answer.items)?);
                open.extend(answer.at.map(|at| Open { lane, at }));
            }
            open.append(&mut state.open);
            state.open = open;
        }
        Ok(SourcePage { rows, media: Vec::new(), next: state.cursor()? })
    }

    async fn schema(&self, scope: &Scope<'_>, table: &Table<'_>) -> Result<Arc<TableSchema>, PortError> {
        let key = (scope.connection.region.clone(), table.name.to_owned());
        let known = self.schemas.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let schema = Arc::new(TableSchema::read(table.client, table.name).await?);
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&schema));
        Ok(schema)
    }
}

/// One lookup, planned.
struct Lookup<'a> {
    scope: &'a Scope<'a>,
    table: &'a Table<'a>,
    schema: &'a TableSchema,
    attributes: Option<Vec<String>>,
    plan: Plan,
    wanted: Wanted,
    order: Order,
}

impl<'a> Lookup<'a> {
    fn new(
        scope: &'a Scope<'a>,
        table: &'a Table<'a>,
        schema: &'a TableSchema,
        projection: Option<&[String]>,
    ) -> Result<Self, PortError> {
        let attributes = projection.map(|paths| plan::attributes(paths, scope));
        let plan = Plan::of(scope, schema, table.index, table.segments, attributes.as_deref())?;
        // Keys are compared in the type that the table has, anything else as it was asked.
        let wanted = match &plan {
            Plan::Items(batches) => Wanted::new(batches.iter().flatten().cloned()),
            Plan::Query { keys, .. } => Wanted::new(keys.iter().cloned()),
            Plan::Scan(_) => Wanted::new(scope.values()),
        };
        Ok(Self { scope, table, schema, attributes, plan, wanted, order: Order::of(scope.collection) })
    }

    /// The next page of one lane.
    async fn step(&self, open: Open, limit: i32) -> Result<(usize, Answer), PortError> {
        let Open { lane, at } = open;
        let lost = || corrupt("read cursor", "a cursor of another lookup");
        let answer = match &self.plan {
            Plan::Items(batches) => {
                let batch = batches.get(lane).ok_or_else(lost)?;
                let asked = Expressions::by_key(self.attributes.as_deref());
                request::batch(self.table, &self.schema.key, &asked, batch, at).await?
            }
            Plan::Query { index, is_partial, keys } => {
                let key = keys.get(lane).and_then(attribute::attribute).ok_or_else(lost)?;
                self.query((index.as_deref(), *is_partial), key, limit, at).await?
            }
            Plan::Scan(segments) => {
                let asked = Expressions::new(self.scope, self.attributes.as_deref());
                request::scan(self.table, &asked, (lane, *segments), at).await?
            }
        };
        Ok((lane, answer))
    }

    async fn query(
        &self,
        (index, is_partial): (Option<&str>, bool),
        key: AttributeValue,
        limit: i32,
        at: At,
    ) -> Result<Answer, PortError> {
        let field = &self.scope.lookup.field;
        if !is_partial {
            let asked = Expressions::new(self.scope, self.attributes.as_deref()).key(field, key);
            return request::query(self.table, index, &asked, limit, at).await;
        }
        // The index may lack the tenant's field, so that its keys are asked for unfiltered and the items are checked.
        let names: Vec<String> = self.schema.key.names().map(str::to_owned).collect();
        let asked = Expressions::by_key(Some(&names)).key(field, key);
        let found = request::query(self.table, index, &asked, limit, at).await?;
        let asked = Expressions::by_key(self.attributes.as_deref());
        Ok(Answer { items: request::whole(self.table, &asked, &found.items).await?, at: found.at })
    }

    /// The items that really are what was asked for, as rows.
    fn rows(&self, items: Vec<Item>) -> Result<Vec<Datum>, PortError> {
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let row = attribute::datum(AttributeValue::M(item));
            let mut row = row.ok_or_else(|| corrupt("read table", "an attribute has a type that is not known"))?;
            if self.finds(&row) {
                self.order.sort(&mut row);
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Whether a row is what was asked for, and the tenant's.
    fn finds(&self, row: &Datum) -> bool {
        self.wanted.is_in(row, &self.scope.lookup.field) && self.scope.is_owned(row)
    }
}

/// About how large an item is.
fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::Ss(items) | AttributeValue::Ns(items) => items.iter().map(String::len).sum(),
        AttributeValue::Bs(items) => items.iter().map(|blob| blob.as_ref().len()).sum(),
        AttributeValue::L(items) => items.iter().map(value_size).sum(),
        AttributeValue::M(fields) => size(fields),
        _ => 1,
    }
}
