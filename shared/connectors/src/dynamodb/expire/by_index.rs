//! What expired, asked for by an index whose partitions are known: nothing else is read.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use datamap::TimeIndex;
use workflow::ports::{Cursor, ExpiredPage, ExpiryOrder, PortError};

use super::super::cursor::{Open, State};
use super::super::expression::Expressions;
use super::super::request::query;
use super::super::schema::TableSchema;
use super::super::{DynamoDb, Table};
use super::{bound, expired_of};
use crate::failure::corrupt;
use crate::scope::Scope;

/// Partitions asked for one page while they hold nothing: most days of a table that is swept each night hold none.
const EMPTY_ONES: usize = 50;
/// Rows of one request, unless they have 1 MB before.
const ROWS: i32 = 10_000;

impl DynamoDb {
    /// A page of expired rows, partition by partition.
    pub(super) async fn expired_by_index(
        &self,
        scope: &Scope<'_>,
        table: &Table<'_>,
        (order, index): (&ExpiryOrder, &TimeIndex),
        after: Option<&Cursor>,
    ) -> Result<ExpiredPage, PortError> {
        let schema = self.schema(scope, table).await?;
        let partitions = index.before(order.before);
        let lanes = partitions.len();
        let mut state = after.map_or_else(|| Ok(State::start(lanes)), |cursor| State::read(cursor, lanes))?;
        let mut page = ExpiredPage::default();
        for _ in 0..EMPTY_ONES {
            let Some(Open { lane, at }) = state.take(1).pop() else { break };
            let Some(partition) = partitions.get(lane) else { break };
            let asked = asked(scope, (order, index), &schema, partition)?;
            let answer = query(table, Some(index.name.as_str()), &asked, ROWS, at).await?;
            page.scanned += answer.items.len() as u64;
            page.rows = expired_of(scope, order, answer.items)?;
            if let Some(at) = answer.at {
                state.open.insert(0, Open { lane, at });
            }
            if !page.rows.is_empty() {
                break;
            }
        }
        page.next = state.cursor()?;
        Ok(page)
    }
}

/// One partition, rows before the cut-off. Refused where the index is another than the map says, or holds parts of rows only:
/// what is archived and what is compared must be whole.
fn asked(
    scope: &Scope<'_>,
    (order, index): (&ExpiryOrder, &TimeIndex),
    schema: &TableSchema,
    partition: &str,
) -> Result<Expressions, PortError> {
    let refused = |why| corrupt("look for expired rows", why);
    let retention = order.target()?.1;
    let known = schema.indexes.get(&index.name).ok_or_else(|| refused("the table has no such index"))?;
    if known.holds.is_some() {
        return Err(refused("the index does not hold whole rows"));
    }
    if known.key.hash != index.partition_field {
        return Err(refused("the partition key of the index is another"));
    }
    let is_sorted = known.key.range.as_deref() == Some(retention.time_field.as_str());
    if index.is_sorted_by_time() && !is_sorted {
        return Err(refused("the sort key of the index is not the time"));
    }
    let is_number = schema.types.get(&index.partition_field) == Some(&ScalarAttributeType::N);
    let value =
        if is_number { AttributeValue::N(partition.to_owned()) } else { AttributeValue::S(partition.to_owned()) };
    let mut asked = Expressions::new(scope, None).key(&index.partition_field, value);
    let condition = format!("{} < :before", asked.path(&retention.time_field));
    let place = if is_sorted { &mut asked.key_condition } else { &mut asked.filter };
    *place = Some(match place.take() {
        Some(before) => format!("{before} AND {condition}"),
        None => condition,
    });
    asked.values.insert(":before".to_owned(), bound(order.before, retention.time_unit));
    Ok(asked)
}
