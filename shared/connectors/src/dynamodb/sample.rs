//! The first rows a scan of a table gives, and no more.

use aws_sdk_dynamodb::Client;
use domain::datum::Datum;
use workflow::ports::PortError;

use super::attribute::datum;
use crate::failure::failed;
use crate::pace::Pace;
use crate::scope::Scope;

/// Pages looked at where tenants share the table and most rows are others'.
const MOST_PAGES: usize = 10;

/// Up to `rows` rows of the tenant.
pub(crate) async fn sample_table(
    scope: &Scope<'_>,
    (client, pace): (&Client, &Pace),
    table: &str,
    rows: usize,
) -> Result<Vec<Datum>, PortError> {
    let limit = i32::try_from(rows.clamp(1, 1_000)).unwrap_or(1_000);
    let mut sample = Vec::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        pace.request().await;
        let request = client.scan().table_name(table).limit(limit).set_exclusive_start_key(after);
        let page = request.send().await.map_err(|error| failed("sample table", error))?;
        for item in page.items.unwrap_or_default() {
            let fields = item.into_iter().filter_map(|(name, value)| Some((name, datum(value)?)));
            let row = Datum::Map(fields.collect());
            if sample.len() < rows && scope.is_owned(&row) {
                sample.push(row);
            }
        }
        after = page.last_evaluated_key;
        if after.is_none() || sample.len() >= rows {
            break;
        }
    }
    Ok(sample)
}
