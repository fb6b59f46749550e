//! The three requests: Query, Scan and `BatchGetItem`, one page of one lane at a time, paced.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity};
use domain::datum::Datum;
use workflow::ports::{PortError, PortErrorKind};

use super::Table;
use super::attribute::attribute;
use super::cursor::{At, unwire, wire};
use super::expression::Expressions;
use super::plan::BATCH_KEYS;
use super::schema::KeySchema;
use crate::failure::{corrupt, failed};
use crate::pace::pause;

/// An item as it came.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Tries of a batch of which nothing was read.
const BATCH_TRIES: u32 = 6;

/// What one request brought; `at` is `None` at the end of the lane.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) items: Vec<Item>,
    pub(super) at: Option<At>,
}

/// One page of a Query.
pub(super) async fn query(
    table: &Table<'_>,
    index: Option<&str>,
    asked: &Expressions,
    limit: i32,
    at: At,
) -> Result<Answer, PortError> {
    table.pace.request().await;
    let request = table.client.query().table_name(table.name).set_index_name(index.map(str::to_owned));
    let answer = request
        .set_key_condition_expression(asked.key_condition.clone())
        .set_filter_expression(asked.filter.clone())
        .set_projection_expression(asked.projection.clone())
        .set_expression_attribute_names(asked.names())
        .set_expression_attribute_values(asked.values())
        .limit(limit)
        .consistent_read(table.is_consistent && index.is_none())
        .set_exclusive_start_key(start_key(at)?)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .map_err(|error| failed("query table", error))?;
    table.pace.spent(units(answer.consumed_capacity.as_ref()));
    Ok(Answer { items: answer.items.unwrap_or_default(), at: stopped(answer.last_evaluated_key)? })
}

/// One page of one segment of a Scan.
pub(super) async fn scan(
    table: &Table<'_>,
    asked: &Expressions,
    lane: (usize, u32),
    at: At,
) -> Result<Answer, PortError> {
    scan_some(table, asked, lane, None, at).await
}

/// The same, looking at so many items at the most.
pub(super) async fn scan_some(
    table: &Table<'_>,
    asked: &Expressions,
    (segment, segments): (usize, u32),
    limit: Option<i32>,
    at: At,
) -> Result<Answer, PortError> {
    table.pace.request().await;
    let request = table.client.scan().table_name(table.name);
    let answer = request
        .set_filter_expression(asked.filter.clone())
        .set_projection_expression(asked.projection.clone())
        .set_expression_attribute_names(asked.names())
        .set_expression_attribute_values(asked.values())
        .consistent_read(table.is_consistent)
        .set_segment(i32::try_from(segment).ok())
        .set_total_segments(i32::try_from(segments).ok())
        .set_limit(limit)
        .set_exclusive_start_key(start_key(at)?)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .map_err(|error| failed("scan table", error))?;
    table.pace.spent(units(answer.consumed_capacity.as_ref()));
    Ok(Answer { items: answer.items.unwrap_or_default(), at: stopped(answer.last_evaluated_key)? })
}

/// One batch of items by primary keys of a single attribute, or what `DynamoDB` gives of it.
pub(super) async fn batch(
    table: &Table<'_>,
    key: &KeySchema,
    asked: &Expressions,
    batch: &[Datum],
    at: At,
) -> Result<Answer, PortError> {
    let left = match at {
        At::Left(left) => left,
        At::Start | At::After(_) => (0..batch.len()).collect(),
    };
    let key_of = |position: &usize| {
        let value = batch.get(*position).and_then(attribute);
        let value = value.ok_or_else(|| corrupt("read cursor", "a cursor of another lookup"))?;
        Ok(Item::from([(key.hash.clone(), value)]))
    };
    let keys = left.iter().map(key_of).collect::<Result<Vec<_>, PortError>>()?;
    let (items, unread) = items(table, asked, keys.clone()).await?;
    let left: Vec<usize> =
        left.iter().zip(&keys).filter(|(_, key)| unread.contains(key)).map(|(position, _)| *position).collect();
    Ok(Answer { items, at: (!left.is_empty()).then_some(At::Left(left)) })
}

/// All items by primary key, in the order of the keys.
pub(super) async fn whole(table: &Table<'_>, asked: &Expressions, keys: &[Item]) -> Result<Vec<Item>, PortError> {
    let mut found = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(BATCH_KEYS) {
        let mut left = chunk.to_vec();
        let mut chunk_found = Vec::with_capacity(chunk.len());
        while !left.is_empty() {
            let (items, unread) = items(table, asked, left).await?;
            chunk_found.extend(items);
            left = unread;
        }
        found.extend(in_order(chunk, chunk_found));
    }
    Ok(found)
}

/// Reads some of the items, at least one where there is one; gives what is still unread.
async fn items(table: &Table<'_>, asked: &Expressions, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), PortError> {
    let mut wait = Duration::from_millis(50);
    for _try in 0..BATCH_TRIES {
        table.pace.request().await;
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.clone()))
            .consistent_read(table.is_consistent)
            .set_projection_expression(asked.projection.clone())
            .set_expression_attribute_names(asked.projection.as_ref().and(asked.names()))
            .build()
            .map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "read items", cause))?;
        let request = table.client.batch_get_item().request_items(table.name, asked);
        let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let mut answer = answer.map_err(|error| failed("read items", error))?;
        table.pace.spent(answer.consumed_capacity().iter().map(|capacity| units(Some(capacity))).sum());
        let unread = answer.unprocessed_keys.take().and_then(|mut left| left.remove(table.name));
        let unread = unread.map(|left| left.keys).unwrap_or_default();
        let found = answer.responses.take().and_then(|mut found| found.remove(table.name)).unwrap_or_default();
        if unread.len() < keys.len() {
            return Ok((in_order(&keys, found), unread));
        }
        pause(wait).await;
        wait *= 2;
    }
    Err(PortError::caused(PortErrorKind::Transient, "read items", "throttled"))
}

/// The items in the order of their keys, which the answer does not keep.
fn in_order(keys: &[Item], items: Vec<Item>) -> Vec<Item> {
    let position = |item: &Item| keys.iter().position(|key| has_key(item, key));
    let mut items: Vec<(usize, Item)> =
        items.into_iter().map(|item| (position(&item).unwrap_or(usize::MAX), item)).collect();
    items.sort_by_key(|(position, _)| *position);
    items.into_iter().map(|(_, item)| item).collect()
}

/// Whether an item has this primary key.
pub(super) fn has_key(item: &Item, key: &Item) -> bool {
    key.iter().all(|(name, value)| item.get(name).is_some_and(|it| same_key(it, value)))
}

fn same_key(left: &AttributeValue, right: &AttributeValue) -> bool {
    let number = |digits: &String| Datum::Number(digits.clone());
    match (left, right) {
        (AttributeValue::N(left), AttributeValue::N(right)) => {
            datamap::canonical(&number(left)) == datamap::canonical(&number(right))
        }
        _ => left == right,
    }
}

fn start_key(at: At) -> Result<Option<Item>, PortError> {
    match at {
        At::After(key) => unwire(key).map(Some),
        At::Start | At::Left(_) => Ok(None),
    }
}

fn stopped(key: Option<Item>) -> Result<Option<At>, PortError> {
    let unknown = || corrupt("read table", "a key has a type that is not known");
    key.filter(|key| !key.is_empty()).map(|key| wire(key).map(At::After).ok_or_else(unknown)).transpose()
}

pub(super) fn units(capacity: Option<&ConsumedCapacity>) -> Option<f64> {
    capacity.and_then(ConsumedCapacity::capacity_units)
}
