//! The table: rows by number, each worked out anew; a page is what DynamoDB answers with at most, 1 MB.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adapters_memory::{SplitMix, yield_once};
use async_trait::async_trait;
use datamap::{Collection, DataMap, Masker, Treatment};
use domain::datum::Datum;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{
    Content, Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind, RetentionSource,
    TableWriter,
};

use crate::retention_maps;

const PEOPLE: u64 = 1_000;
/// Rows of some 400 bytes in 1 MB.
const PAGE: u64 = 2_500;
/// Rows of one call.
const AT_ONCE: usize = 25;

/// The map of the table.
pub(super) fn map() -> Arc<DataMap> {
    let checked = datamap::read_strs(&[("chat.yml", retention_maps::tables("people", "messages").as_str())]);
    Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)))
}

/// A table of which only what is gone is kept.
pub(super) struct Generated {
    rows: u64,
    start: Timestamp,
    gone: Mutex<Vec<bool>>,
    calls: AtomicU64,
}

impl Generated {
    pub(super) fn new(rows: u64, start: Timestamp) -> Self {
        Self { rows, start, gone: Mutex::new(vec![false; usize::try_from(rows).unwrap()]), calls: AtomicU64::new(0) }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn forget_calls(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    const fn has_expired(number: u64) -> bool {
        number % 10 < 6
    }

    /// How many rows have expired.
    pub(super) fn expired(&self) -> u64 {
        (0..self.rows).filter(|number| Self::has_expired(*number)).count() as u64
    }

    /// Rows that are gone and must not be, or the other way round.
    pub(super) fn broken(&self) -> Vec<String> {
        let gone = self.gone.lock().unwrap();
        let is_wrong = |(number, is_gone): (u64, &bool)| Self::has_expired(number) != *is_gone;
        let wrong = (0..self.rows).zip(gone.iter()).filter(|it| is_wrong(*it)).count();
        if wrong == 0 { Vec::new() } else { vec![format!("{wrong} rows are not where they must be")] }
    }

    /// The number of an expired row that is exactly this.
    pub(super) fn number_of(&self, row: &Datum) -> Option<u64> {
        let number = row.get("id")?.as_text()?.strip_prefix("m-")?.parse().ok()?;
        (number < self.rows && Self::has_expired(number) && self.row(number) == *row).then_some(number)
    }

    fn row(&self, number: u64) -> Datum {
        let person = SplitMix::new(number).below(PEOPLE);
        let age = if Self::has_expired(number) { 100 + number % 300 } else { number % 80 };
        let sent_at = self.start - SignedDuration::from_hours(24 * i64::try_from(age).unwrap());
        let text = Datum::Text;
        Datum::Map(vec![
            ("id".to_owned(), text(format!("m-{number:09}"))),
            ("person".to_owned(), text(format!("p-{person}"))),
            ("sent_at".to_owned(), text(sent_at.to_string())),
            ("text".to_owned(), text(format!("{number:0290}"))),
        ])
    }
}

#[async_trait]
impl RetentionSource for Generated {
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
        let start: u64 = after.map_or(0, |Cursor(text)| text.parse().unwrap());
        let end = (start + PAGE).min(self.rows);
        let gone = self.gone.lock().unwrap();
        let there: Vec<u64> = (start..end).filter(|number| !gone[usize::try_from(*number).unwrap()]).collect();
        let scanned = there.len() as u64;
        let row = |number: u64| ExpiredRow { row: self.row(number), held: Held::new(number), part_of: None };
        let rows = there.into_iter().map(row);
        let rows = rows.filter(|it| order.has_expired(&it.row)).collect();
        Ok(ExpiredPage { scanned, rows, bytes: 0, next: (end < self.rows).then(|| Cursor(end.to_string())) })
    }

    async fn remove(
        &self,
        _: &ExpiryOrder,
        _: &Treatment,
        _: &Arc<dyn Masker>,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
        if rows.len() > AT_ONCE {
            return Err(PortError::new(PortErrorKind::Corrupt, "remove more than a statement takes"));
        }
        let mut gone = self.gone.lock().unwrap();
        let answer = |it: &ExpiredRow| {
            let number = usize::try_from(*it.held.get::<u64>().unwrap()).unwrap();
            if std::mem::replace(&mut gone[number], true) { Erased::Gone } else { Erased::Done }
        };
        Ok(rows.iter().map(answer).collect())
    }

    async fn content(&self, _: &ExpiryOrder, _: &ExpiredRow, _: u64) -> Result<Option<Content>, PortError> {
        Ok(None)
    }

    async fn size(&self, _: &ExpiryOrder) -> Result<Option<u64>, PortError> {
        Ok(None)
    }

    async fn is_labelled(&self, _: &ExpiryOrder) -> Result<bool, PortError> {
        Ok(true)
    }
}

/// Every row here is of a person: none goes into a table.
pub(super) struct NoTables;

impl TableWriter for NoTables {
    fn parquet(&self, _: &Collection, _: &[&Datum]) -> Result<Vec<u8>, PortError> {
        Err(PortError::new(PortErrorKind::Corrupt, "write a table of people"))
    }
}
