//! The flags of rows in quarantine: read, set while the row is what was planned, and given back what they held.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use workflow::ports::{ErasureOrder, Flag, Former, PortError, Target};

use super::erase::{find, key, read, row};
use super::expression::Expressions;
use super::request::{self, Item};
use super::schema::TableSchema;
use super::statement::{self, Change, Statement};
use super::{DynamoDb, Table};
use crate::failure::corrupt;
use crate::scope::Scope;

/// What a flag held, byte for byte. Sets, lists and maps are no flags: such rows are left alone.
#[derive(Serialize, Deserialize)]
enum Wire {
    S(String),
    N(String),
    B(String),
    Bool(bool),
    Null(bool),
}

/// A batch of rows of one order.
struct Flags<'a> {
    table: &'a Table<'a>,
    field: &'a str,
    ours: AttributeValue,
    keys: Vec<Item>,
    items: Vec<Item>,
}

impl DynamoDb {
    /// What the flags of planned rows say.
    pub(crate) async fn read_flags(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ErasureOrder,
        targets: &[Target],
    ) -> Result<Vec<Flag>, PortError> {
        let batch = self.flags(scope, table, order, targets.iter()).await?;
        let one = |(target, key): (&Target, &Item)| {
            let Some(item) = find(&batch.items, key) else { return Ok(Flag::NotPlanned) };
            if order.seen(&row(item)?) != target.seen {
                return Ok(Flag::NotPlanned);
            }
            Ok(match item.get(batch.field) {
                Some(value) if *value == batch.ours => Flag::Set,
                held => former(held)?.map_or(Flag::NotPlanned, Flag::Free),
            })
        };
        targets.iter().zip(&batch.keys).map(one).collect()
    }

    /// Sets flags that hold what they held, in rows that are what was planned.
    pub(crate) async fn set_flags(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ErasureOrder,
        rows: &[(Target, Former)],
    ) -> Result<(), PortError> {
        let batch = self.flags(scope, table, order, rows.iter().map(|(target, _)| target)).await?;
        let mut watched = order.watched();
        watched.insert(batch.field.to_owned());
        let mut statements = Vec::new();
        for ((target, held), key) in rows.iter().zip(&batch.keys) {
            let Some(item) = find(&batch.items, key) else { continue };
            if order.seen(&row(item)?) == target.seen && value(held)?.as_ref() == item.get(batch.field) {
                statements.push(batch.statement(key, item, &watched, Some(batch.ours.clone())));
            }
        }
        batch.run(&statements).await
    }

    /// Gives flags that are set back what they held.
    pub(crate) async fn reset_flags(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ErasureOrder,
        rows: &[(Target, Former)],
    ) -> Result<(), PortError> {
        let batch = self.flags(scope, table, order, rows.iter().map(|(target, _)| target)).await?;
        let watched = BTreeSet::from([batch.field.to_owned()]);
        let mut statements = Vec::new();
        for ((_, held), key) in rows.iter().zip(&batch.keys) {
            let Some(item) = find(&batch.items, key) else { continue };
            if item.get(batch.field) == Some(&batch.ours) {
                statements.push(batch.statement(key, item, &watched, value(held)?));
            }
        }
        batch.run(&statements).await
    }

    async fn flags<'a>(
        &self,
        scope: &Scope<'_>,
        table: &'a Table<'a>,
        order: &'a ErasureOrder,
        targets: impl Iterator<Item = &Target>,
    ) -> Result<Flags<'a>, PortError> {
        let flag = order.flag().ok_or_else(|| corrupt("flag rows", "the data map names no flag"))?;
        let schema = self.schema(scope, table).await?;
        let keys = targets.map(|it| key(&it.locator, &schema)).collect::<Result<Vec<_>, _>>()?;
        let mut once: Vec<Item> = Vec::with_capacity(keys.len());
        for key in &keys {
            if !once.contains(key) {
                once.push(key.clone());
            }
        }
        let projection = names(order, &schema, &flag.field)?;
        let items = request::whole(table, &Expressions::by_key(Some(&projection)), &once).await?;
        let ours = AttributeValue::S(flag.value.clone());
        Ok(Flags { table, field: &flag.field, ours, keys, items })
    }
}

impl Flags<'_> {
    fn statement(
        &self,
        key: &Item,
        item: &Item,
        watched: &BTreeSet<String>,
        value: Option<AttributeValue>,
    ) -> Statement {
        let change = Change::Update(vec![(self.field.to_owned(), value)]);
        Statement::new(self.table.name, key, item, watched, change)
    }

    /// Whoever came first, or an earlier try of this call, is right: what is refused is left alone.
    async fn run(&self, statements: &[Statement]) -> Result<(), PortError> {
        if !statements.is_empty() {
            statement::run(self.table, statements).await?;
        }
        Ok(())
    }
}

/// What is read of each row: what the plan watches, the key, and the flag.
fn names(order: &ErasureOrder, schema: &TableSchema, flag: &str) -> Result<Vec<String>, PortError> {
    let mut names = read(order, schema)?;
    if !names.iter().any(|name| name == flag) {
        names.push(flag.to_owned());
    }
    Ok(names)
}

/// What a flag holds; `None` where it is nothing that a flag can be.
fn former(held: Option<&AttributeValue>) -> Result<Option<Former>, PortError> {
    let wire = match held {
        None => return Ok(Some(Former(None))),
        Some(AttributeValue::S(text)) => Wire::S(text.clone()),
        Some(AttributeValue::N(digits)) => Wire::N(digits.clone()),
        Some(AttributeValue::B(bytes)) => Wire::B(STANDARD.encode(bytes.as_ref())),
        Some(AttributeValue::Bool(truth)) => Wire::Bool(*truth),
        Some(AttributeValue::Null(truth)) => Wire::Null(*truth),
        Some(_) => return Ok(None),
    };
    let text = serde_json::to_string(&wire).map_err(|_| corrupt("flag rows", "a flag does not serialise"))?;
    Ok(Some(Former(Some(text))))
}

fn value(former: &Former) -> Result<Option<AttributeValue>, PortError> {
    let Some(text) = &former.0 else { return Ok(None) };
    let refused = || corrupt("flag rows", "not what a flag held");
    Ok(Some(match serde_json::from_str(text).map_err(|_| refused())? {
        Wire::S(text) => AttributeValue::S(text),
        Wire::N(digits) => AttributeValue::N(digits),
        Wire::B(text) => AttributeValue::B(Blob::new(STANDARD.decode(text).map_err(|_| refused())?)),
        Wire::Bool(truth) => AttributeValue::Bool(truth),
        Wire::Null(truth) => AttributeValue::Null(truth),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_flag_held_comes_back_as_it_was() {
        let held = [
            AttributeValue::S("active \"é\"".to_owned()),
            AttributeValue::N("1.00".to_owned()),
            AttributeValue::B(Blob::new([0, 255])),
            AttributeValue::Bool(false),
            AttributeValue::Null(true),
        ];
        for one in held {
            let former = former(Some(&one)).unwrap().unwrap();
            assert_eq!(value(&former).unwrap(), Some(one));
        }
        assert_eq!(value(&former(None).unwrap().unwrap()).unwrap(), None);
        assert!(former(Some(&AttributeValue::L(Vec::new()))).unwrap().is_none());
    }
}
