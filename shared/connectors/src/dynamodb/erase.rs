//! Erasing rows of a table: planned by key and digest, read again, and changed only as they were just read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use datamap::{Strategy, Treatment};
use domain::datum::Datum;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, Target, TargetPage};

use super::attribute::{attribute, datum};
use super::cursor::{unwire, wire};
use super::expression::Expressions;
use super::plan::top;
use super::request::{self, Item};
use super::rewritten::{may_hold, rewritten};
use super::schema::TableSchema;
use super::statement::{self, Change, Statement};
use super::{DynamoDb, Lookup, Table};
use crate::failure::corrupt;
use crate::scope::Scope;

impl DynamoDb {
    /// A page of the rows that an order would change.
    pub(crate) async fn plan(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ErasureOrder,
        after: Option<&Cursor>,
    ) -> Result<TargetPage, PortError> {
        if matches!(order.treatment, Treatment::Keep { .. }) {
            return Ok(TargetPage::default());
        }
        let schema = self.schema(scope, table).await?;
        let projection = read(order, &schema)?;
        let page = self.page(scope, table, Some(&projection), after).await?;
        let open = page.rows.iter().filter(|row| order.takes(row) && order.has_work(row));
        let target = |row: &Datum| {
            let locator = locator(row, &schema)?;
            Ok(Target { locator, seen: order.seen(row), rows: 1, other_rows: 0, bytes: 0 })
        };
        Ok(TargetPage { targets: open.map(target).collect::<Result<_, PortError>>()?, next: page.next })
    }

    /// Erases rows that still are what was planned.
    pub(crate) async fn erase(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ErasureOrder,
        targets: &[Target],
    ) -> Result<Vec<Erased>, PortError> {
        if matches!(order.treatment, Treatment::Keep { .. }) {
            return Err(corrupt("erase rows", "what is kept is never erased"));
        }
        let schema = self.schema(scope, table).await?;
        let projection = read(order, &schema)?;
        let lookup = Lookup::new(scope, table, &schema, Some(&projection))?;
        let batch = Batch { table, order, schema: &schema, lookup: &lookup, watched: order.watched(), projection };
        batch.erase(targets).await
    }
}

/// The attributes that planning and erasing read: what is watched, and the key.
pub(super) fn read(order: &ErasureOrder, schema: &TableSchema) -> Result<Vec<String>, PortError> {
    let written = order.written();
    if schema.key.names().any(|name| written.contains(name)) {
        return Err(corrupt("erase rows", "the key of a row can't be rewritten"));
    }
    let mut names = order.watched();
    names.extend(schema.key.names().map(str::to_owned));
    Ok(names.into_iter().collect())
}

/// Where a row is: its primary key.
fn locator(row: &Datum, schema: &TableSchema) -> Result<String, PortError> {
    let lacks = || corrupt("plan erasure", "a row lacks its key");
    let one = |name: &str| Some((name.to_owned(), attribute(row.get(name)?)?));
    let key = schema.key.names().map(one).collect::<Option<Item>>().and_then(wire).ok_or_else(lacks)?;
    serde_json::to_string(&key).map_err(|_| lacks())
}

pub(super) fn key(locator: &str, schema: &TableSchema) -> Result<Item, PortError> {
    let refused = || corrupt("erase rows", "not the key of a row of this table");
    let key = unwire(serde_json::from_str(locator).map_err(|_| refused())?)?;
    let names: BTreeSet<&str> = key.keys().map(String::as_str).collect();
    if names == schema.key.names().collect() { Ok(key) } else { Err(refused()) }
}

/// What is to be done with one target.
enum Verdict {
    Answer(Erased),
    Write(Statement),
}

struct Batch<'a> {
    table: &'a Table<'a>,
    order: &'a ErasureOrder,
    schema: &'a TableSchema,
    lookup: &'a Lookup<'a>,
    watched: BTreeSet<String>,
    projection: Vec<String>,
}

impl Batch<'_> {
    async fn erase(&self, targets: &[Target]) -> Result<Vec<Erased>, PortError> {
        let keys = targets.iter().map(|it| key(&it.locator, self.schema)).collect::<Result<Vec<_>, _>>()?;
        let items = self.read(&keys).await?;
        let mut answers = Vec::with_capacity(targets.len());
        let (mut statements, mut written) = (Vec::new(), Vec::new());
        for (position, (target, key)) in targets.iter().zip(&keys).enumerate() {
            let answer = match self.verdict(target, key, find(&items, key))? {
                Verdict::Answer(answer) => answer,
                Verdict::Write(statement) => {
                    statements.push(statement);
                    written.push(position);
                    Erased::Done
                }
            };
            answers.push(answer);
        }
        if statements.is_empty() {
            return Ok(answers);
        }
        let held = statement::run(self.table, &statements).await?;
        let refused: Vec<usize> =
            written.into_iter().zip(held).filter(|(_, held)| !held).map(|(position, _)| position).collect();
        let again: Vec<Item> = refused.iter().filter_map(|position| keys.get(*position).cloned()).collect();
        let items = if again.is_empty() { Vec::new() } else { self.read(&again).await? };
        for (position, key) in refused.into_iter().zip(&again) {
            answers[position] = self.refused(find(&items, key))?;
        }
        Ok(answers)
    }

    /// The items as they are now, each key once: a batch may not name one twice.
    async fn read(&self, keys: &[Item]) -> Result<Vec<Item>, PortError> {
        let mut once: Vec<Item> = Vec::with_capacity(keys.len());
        for key in keys {
            if !once.contains(key) {
                once.push(key.clone());
            }
        }
        request::whole(self.table, &Expressions::by_key(Some(&self.projection)), &once).await
    }

    fn verdict(&self, target: &Target, key: &Item, item: Option<&Item>) -> Result<Verdict, PortError> {
        let Some(item) = item else { return Ok(Verdict::Answer(Erased::Gone)) };
        let row = row(item)?;
        if self.order.seen(&row) != target.seen {
            return Ok(Verdict::Answer(self.already(&row)));
        }
        if !self.lookup.finds(&row) || !self.order.takes(&row) {
            return Ok(Verdict::Answer(Erased::Drifted));
        }
        let change = match &self.order.treatment {
            Treatment::Delete => Change::Delete,
            Treatment::Rewrite { .. } | Treatment::Keep { .. } => match self.order.changed(&row) {
                Some(after) => Change::Update(self.attributes(item, &row, &after)?),
                None => return Ok(Verdict::Answer(Erased::Done)),
            },
        };
        Ok(Verdict::Write(Statement::new(self.table.name, key, item, &self.watched, change)))
    }

    /// What a row is that is not what was planned.
    fn already(&self, row: &Datum) -> Erased {
        let is_rewritten = matches!(self.order.treatment, Treatment::Rewrite { .. }) && !self.order.has_work(row);
        if is_rewritten { Erased::Done } else { Erased::Drifted }
    }

    /// What a row is whose condition did not hold: somebody, or an earlier try of this call, came first.
    fn refused(&self, item: Option<&Item>) -> Result<Erased, PortError> {
        item.map_or(Ok(Erased::Gone), |item| Ok(self.already(&row(item)?)))
    }

    /// The attributes that change.
    fn attributes(
        &self,
        item: &Item,
        before: &Datum,
        after: &Datum,
    ) -> Result<Vec<(String, Option<AttributeValue>)>, PortError> {
        let written = self.order.written();
        let changed = written.into_iter().filter(|name| before.get(name) != after.get(name));
        changed
            .map(|name| {
                let value = after.get(&name).zip(item.get(&name)).and_then(|(after, it)| rewritten(after, it));
                let kept = value.filter(|value| may_hold(self.schema, &name, value));
                if kept.is_none() && self.corrects(&name) {
                    // Taken out, the row would be lost to whoever asks the index.
                    return Err(corrupt("correct rows", "the key of an index can't hold the value that is right"));
                }
                Ok((name, kept))
            })
            .collect()
    }

    /// Whether what an attribute becomes is what is right.
    fn corrects(&self, name: &str) -> bool {
        let Treatment::Rewrite { fields, .. } = &self.order.treatment else { return false };
        let mut own = fields.iter().filter(|field| top(&field.path) == name);
        own.any(|field| field.masking.strategy == Strategy::Correct)
    }
}

pub(super) fn find<'a>(items: &'a [Item], key: &Item) -> Option<&'a Item> {
    items.iter().find(|item| request::has_key(item, key))
}

pub(super) fn row(item: &Item) -> Result<Datum, PortError> {
    let row = datum(AttributeValue::M(item.clone()));
    row.ok_or_else(|| corrupt("erase rows", "an attribute has a type that is not known"))
}
