//! Rows that have lived long enough: found by a scan that filters on their time, or by an index (`expire/by_index.rs`);
//! taken away only as they were read.
//!
//! What was read is the condition: nothing is read again, so that 1,000 rows cost 40 calls and the scan.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use datamap::{Masker, TimeUnit, Treatment, rewrite};
use domain::datum::Datum;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError};

use super::attribute::datum;
use super::cursor::{At, Open, State, unwire, wire};
use super::expression::Expressions;
use super::order::Order;
use super::plan::top;
use super::request::{Item, has_key, units, whole};
use super::rewritten::{may_hold, rewritten};
use super::statement::{self, Change, Statement};
use super::{DynamoDb, Table};
use crate::failure::{corrupt, failed};
use crate::scope::Scope;

mod by_index;

/// The tag that labels a table.
const LABEL: &str = "retention_class";

impl DynamoDb {
    /// One request's worth of a table, its expired rows only.
    pub(crate) async fn expired(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        order: &ExpiryOrder,
        after: Option<&Cursor>,
    ) -> Result<ExpiredPage, PortError> {
        if let Some(index) = &order.target()?.1.index {
            return self.expired_by_index(scope, table, (order, index), after).await;
        }
        let segments = table.segments.ok_or_else(|| corrupt("look for expired rows", "the map allows no scan"))?;
        let segments = segments.clamp(1, 64);
        let lanes = usize::try_from(segments).expect("64 fits");
        let mut state = after.map_or_else(|| Ok(State::start(lanes)), |cursor| State::read(cursor, lanes))?;
        let Some(open) = state.take(1).pop() else { return Ok(ExpiredPage::default()) };
        let start = match open.at {
            At::After(key) => Some(unwire(key)?),
            At::Start | At::Left(_) => None,
        };
        let asked = filter(scope, order)?;
        table.pace.request().await;
        let request = table.client.scan().table_name(table.name);
        let answer = request
            .set_filter_expression(asked.filter.clone())
            .set_expression_attribute_names(asked.names())
            .set_expression_attribute_values(asked.values())
            .consistent_read(table.is_consistent)
            .set_segment(i32::try_from(open.lane).ok())
            .set_total_segments(i32::try_from(segments).ok())
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failed("look for expired rows", error))?;
        table.pace.spent(units(answer.consumed_capacity.as_ref()));
        if let Some(key) = answer.last_evaluated_key.filter(|key| !key.is_empty()) {
            let key =
                wire(key).ok_or_else(|| corrupt("look for expired rows", "a key has a type that is not known"))?;
            state.open.insert(0, Open { lane: open.lane, at: At::After(key) });
        }
        let rows = expired_of(scope, order, answer.items.unwrap_or_default())?;
        let scanned = u64::try_from(answer.scanned_count).unwrap_or_default();
        Ok(ExpiredPage { scanned, rows, bytes: 0, next: state.cursor()? })
    }

    /// Takes rows away that still are what was read.
    pub(crate) async fn remove(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        (treatment, masker): (&Treatment, &dyn Masker),
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        let schema = self.schema(scope, table).await?;
        let refused = || corrupt("remove expired rows", "not a row of this table");
        let mut statements = Vec::with_capacity(rows.len());
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let item = row.held.get::<Item>().ok_or_else(refused)?;
            let key = schema.key.names().map(|name| Some((name.to_owned(), item.get(name)?.clone())));
            let key = key.collect::<Option<Item>>().ok_or_else(refused)?;
            let watched: BTreeSet<String> = item.keys().cloned().collect();
            let change = match treatment {
                Treatment::Delete => Change::Delete,
                Treatment::Rewrite { fields, .. } => {
                    let after = rewrite(&row.row, fields, masker);
                    let names: BTreeSet<&str> = fields.iter().map(|field| top(&field.path)).collect();
                    let changed = names.into_iter().filter(|name| row.row.get(name) != after.get(name));
                    let values = changed.map(|name| {
                        let value = after.get(name).zip(item.get(name)).and_then(|(after, it)| rewritten(after, it));
                        (name.to_owned(), value.filter(|value| may_hold(&schema, name, value)))
                    });
                    Change::Update(values.collect())
                }
                Treatment::Keep { .. } => return Err(corrupt("remove expired rows", "what is kept stays")),
            };
            statements.push(Statement::new(table.name, &key, item, &watched, change));
            keys.push(key);
        }
        let held = statement::run(table, &statements).await?;
        let open: Vec<Item> = keys.iter().zip(&held).filter(|(_, held)| !**held).map(|(key, _)| key.clone()).collect();
        let names: Vec<String> = schema.key.names().map(str::to_owned).collect();
        let left =
            if open.is_empty() { Vec::new() } else { whole(table, &Expressions::by_key(Some(&names)), &open).await? };
        let answer = |(key, held): (&Item, bool)| match held {
            true => Erased::Done,
            false if left.iter().any(|item| has_key(item, key)) => Erased::Drifted,
            false => Erased::Gone,
        };
        Ok(keys.iter().zip(held).map(answer).collect())
    }

    /// How many rows the table has, as it says itself every few hours.
    pub(crate) async fn size(&self, table: &Table<'_>) -> Result<u64, PortError> {
        let described = table.client.describe_table().table_name(table.name).send().await;
        let described = described.map_err(|error| failed("describe table", error))?;
        let count = described.table().and_then(|table| table.item_count()).unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Whether the table carries the label.
    pub(crate) async fn is_labelled(&self, table: &Table<'_>) -> Result<bool, PortError> {
        let described = table.client.describe_table().table_name(table.name).send().await;
        let described = described.map_err(|error| failed("describe table", error))?;
        let Some(arn) = described.table().and_then(|table| table.table_arn()) else { return Ok(false) };
        let tags = table.client.list_tags_of_resource().resource_arn(arn).send().await;
        let tags = tags.map_err(|error| failed("read labels", error))?;
        Ok(tags.tags().iter().any(|tag| tag.key() == LABEL))
    }
}

/// The rows of the tenant that have expired, with what they were read from.
fn expired_of(scope: &Scope<'_>, order: &ExpiryOrder, items: Vec<Item>) -> Result<Vec<ExpiredRow>, PortError> {
    let mut rows = Vec::new();
    // The order of the data map: an archive that is written again has the same bytes.
    let fields = Order::of(scope.collection);
    for item in items {
        let mut row = row(&item)?;
        fields.sort(&mut row);
        if order.has_expired(&row) && scope.is_owned(&row) {
            rows.push(ExpiredRow { row, held: Held::new(item), part_of: None });
        }
    }
    Ok(rows)
}

/// Asks for rows of the tenant that may have expired; what comes is looked at again.
fn filter(scope: &Scope<'_>, order: &ExpiryOrder) -> Result<Expressions, PortError> {
    let (_, retention) = order.target()?;
    let mut asked = Expressions::new(scope, None);
    let path = asked.path(&retention.time_field);
    let condition = format!("{path} < :before");
    asked.filter = Some(match asked.filter.take() {
        Some(tenant) => format!("{tenant} AND {condition}"),
        None => condition,
    });
    asked.values.insert(":before".to_owned(), bound(order.before, retention.time_unit));
    Ok(asked)
}

/// The cut-off as the field is written. Texts may name another zone, so that they are compared a day later here.
fn bound(before: Timestamp, unit: TimeUnit) -> AttributeValue {
    match unit {
        TimeUnit::Rfc3339 => {
            let later = before.checked_add(SignedDuration::from_hours(24)).unwrap_or(before);
            AttributeValue::S(later.to_string())
        }
        TimeUnit::Seconds => AttributeValue::N((before.as_second() + 1).to_string()),
        TimeUnit::Milliseconds => AttributeValue::N((before.as_millisecond() + 1).to_string()),
    }
}

fn row(item: &Item) -> Result<Datum, PortError> {
    let row = datum(AttributeValue::M(item.clone()));
    row.ok_or_else(|| corrupt("look for expired rows", "an attribute has a type that is not known"))
}
