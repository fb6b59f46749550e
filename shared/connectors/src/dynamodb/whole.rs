//! Rows of a table as they come, for a look at what it holds: a scan of a few items at a time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::datum::Datum;
use workflow::ports::{Cursor, PortError, SourcePage};

use super::cursor::{At, Open, State};
use super::expression::Expressions;
use super::order::Order;
use super::{Table, attribute, request};
use crate::failure::corrupt;
use crate::scope::Scope;

/// Items that one request looks at, at the most.
const PAGE_ITEMS: usize = 1_000;

/// A page of the tenant's rows; each request looks at no more items than rows are wanted.
pub(crate) async fn page(
    scope: &Scope<'_>,
    table: &Table<'_>,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let mut state = after.map_or_else(|| Ok(State::start(1)), |cursor| State::read(cursor, 1))?;
    let Some(Open { at, .. }) = state.take(1).pop() else { return Ok(SourcePage::default()) };
    let items = i32::try_from(limit.clamp(1, PAGE_ITEMS)).ok();
    // The tenant is checked here: as a filter it would be paid for just the same.
    let answer = request::scan_some(table, &Expressions::by_key(None), (0, 1), items, at).await?;
    let order = Order::of(scope.collection);
    let mut rows: Vec<Datum> = Vec::with_capacity(answer.items.len());
    for item in answer.items {
        let row = attribute::datum(AttributeValue::M(item));
        let mut row = row.ok_or_else(|| corrupt("read table", "an attribute has a type that is not known"))?;
        if scope.is_owned(&row) {
            order.sort(&mut row);
            rows.push(row);
        }
    }
    state.open = answer.at.map(|at: At| Open { lane: 0, at }).into_iter().collect();
    Ok(SourcePage { rows, media: Vec::new(), next: state.cursor()? })
}
