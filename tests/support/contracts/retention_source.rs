//! The contract of what takes expired rows away: those of the tenant, each only as it was read, and nothing else.
//!
//! The adapter under test is loaded with the rows of the connector's contract; the suite gives some of them a time.

use std::sync::Arc;

use datamap::{Collection, DataMap, Source, Strategy, Treatment};
use domain::datum::Datum;
use domain::ids::TenantId;
use workflow::ports::{Connector, Cursor, Erased, ExpiredRow, ExpiryOrder, RetentionSource};

use super::connector::{self, ROWS_EACH, export_all, lookup};
use super::eraser::{PlainMasker, Rows, field};

/// Rows of a person that have expired, and as many of the same address at another tenant.
const EXPIRED: usize = 30;

/// The map of the connector's contract, with rows that expire.
#[must_use]
pub fn map_text() -> String {
    let amount = "          - name: amount";
    let placed = "          - { name: placed_at, data_categories: [system.operations], fms }\n";
    let placed = placed.replace("fms", "fides_meta: { data_type: string }");
    let entry = "indexes: { email: by-email }";
    let swept = "scan: allow, retention: { class: messages_days, time_field: placed_at }";
    connector::MAP.replace(amount, &format!("{placed}{amount}")).replace(entry, &format!("{entry}, {swept}"))
}

/// What is under test.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// Finds and takes away.
    pub source: &'a dyn RetentionSource,
    /// Reads the same rows.
    pub connector: &'a dyn Connector,
    /// Changes the same rows.
    pub rows: &'a dyn Rows,
    /// The map of this contract.
    pub map: &'a Arc<DataMap>,
    /// Whose rows expire.
    pub tenant: &'a TenantId,
    /// Who shares the table.
    pub other: &'a TenantId,
}

impl Under<'_> {
    fn order(&self) -> ExpiryOrder {
        let collection = self.map.collection("shop.orders").unwrap();
        let before = "2025-06-01T00:00:00Z".parse().unwrap();
        ExpiryOrder { tenant: self.tenant.clone(), map: Arc::clone(self.map), collection, before }
    }

    /// The same order by the index that the rows of these people are in.
    fn indexed(&self, map: &Arc<DataMap>) -> ExpiryOrder {
        ExpiryOrder { map: Arc::clone(map), ..self.order() }
    }

    async fn rows_of(&self, tenant: &TenantId, email: &str) -> Vec<Datum> {
        let mut rows = export_all(self.connector, &lookup(self.map, tenant, "shop.orders", "email", &[email])).await;
        rows.sort_by_cached_key(id);
        rows
    }

    async fn expired(&self, order: &ExpiryOrder) -> Vec<ExpiredRow> {
        let (mut rows, mut scanned) = (Vec::new(), 0);
        let mut after: Option<Cursor> = None;
        for _ in 0..10_000 {
            let page = self.source.expired(order, after.as_ref()).await.unwrap();
            scanned += page.scanned;
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                assert!(scanned >= rows.len() as u64);
                rows.sort_by_cached_key(|it| id(&it.row));
                return rows;
            }
        }
        panic!("the look has no end")
    }

    async fn remove(&self, treatment: &Treatment, rows: &[ExpiredRow]) -> Vec<Erased> {
        let masker: Arc<dyn datamap::Masker> = Arc::new(PlainMasker);
        self.source.remove(&self.order(), treatment, &masker, rows).await.unwrap()
    }
}

fn id(row: &Datum) -> String {
    row.get("id").and_then(Datum::as_text).unwrap().to_owned()
}

fn placed(row: &Datum, at: &str) -> Datum {
    let Datum::Map(mut entries) = row.clone() else { panic!("a row is an object") };
    let at = Datum::Text(at.to_owned());
    match entries.iter_mut().find(|(name, _)| name == "placed_at") {
        Some((_, before)) => *before = at,
        None => entries.push(("placed_at".to_owned(), at)),
    }
    Datum::Map(entries)
}

/// Runs the whole contract over the loaded rows.
///
/// # Panics
/// Where the port breaks its contract.
pub async fn run(under: Under<'_>) {
    for tenant in [under.tenant, under.other] {
        for (number, row) in under.rows_of(tenant, "ada@example.com").await.iter().enumerate().take(EXPIRED + 12) {
            let at = match number {
                0..EXPIRED => "2025-01-01T00:00:00Z",
                // The day before in its own zone, and past the cut-off all the same.
                EXPIRED => "2025-05-31T23:00:00-05:00",
                31..40 => "2026-01-01T00:00:00Z",
                _ => "soon",
            };
            under.rows.put(placed(row, at)).await;
        }
    }
    let (ada, others) =
        (under.rows_of(under.tenant, "ada@example.com").await, under.rows_of(under.other, "ada@example.com").await);
    let found = under.expired(&under.order()).await;
    assert_eq!(found.iter().map(|it| &it.row).collect::<Vec<_>>(), ada[..EXPIRED].iter().collect::<Vec<_>>());
    assert!(!under.source.is_labelled(&under.order()).await.unwrap(), "nobody has labelled it");
    told_of_rows(under, &found).await;

    // One changes behind the look, one is gone already.
    let changed = placed(&found[3].row, "2025-01-02T00:00:00Z");
    under.rows.put(changed.clone()).await;
    under.rows.remove(&id(&found[4].row)).await;
    let answers = under.remove(&Treatment::Delete, &found[..10]).await;
    // A store need not tell a row that it has just deleted from one that was gone.
    let is_away = |it: &Erased| matches!(it, Erased::Done | Erased::Gone);
    let is_expected = |(number, it): (usize, &Erased)| match number {
        3 => *it == Erased::Drifted,
        4 => is_away(it),
        _ => *it == Erased::Done,
    };
    assert!(answers.iter().enumerate().all(is_expected), "{answers:?}");
    let again = under.remove(&Treatment::Delete, &found[..10]).await;
    assert!(again.iter().enumerate().all(|(n, it)| if n == 3 { *it == Erased::Drifted } else { is_away(it) }));

    let fields = vec![field("amount", Strategy::NullRewrite)];
    let rewriting = Treatment::Rewrite { fields, kept: None };
    assert_eq!(under.remove(&rewriting, &found[10..20]).await, [Erased::Done; 10]);
    let left = under.rows_of(under.tenant, "ada@example.com").await;
    assert_eq!((left.len(), &left[0]), (ROWS_EACH - 9, &changed));
    assert!(left[1..11].iter().all(|row| row.get("amount").is_none_or(|it| *it == Datum::Null)), "rewritten");
    assert_eq!(left[11..], ada[20..], "what was not asked for stays");
    assert_eq!(under.rows_of(under.other, "ada@example.com").await, others, "rows of another tenant");
}

/// What else a sweep asks of a table: an index finds the same rows, how many there are in all, how many go at once.
async fn told_of_rows(under: Under<'_>, found: &[ExpiredRow]) {
    let checked = datamap::read_strs(&[("shop.yml", indexed(&under.map.collections[0]).as_str())]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    let order = under.indexed(&map);
    let by_index = under.expired(&order).await;
    assert!(by_index.iter().map(|it| &it.row).eq(found.iter().map(|it| &it.row)), "an index finds others");
    assert_eq!(under.source.size(&under.order()).await.unwrap(), None, "a scan counts by itself");
    // A table may say so every few hours only, and counts everybody's.
    let size = under.source.size(&order).await.unwrap();
    assert!(size.is_some_and(|size| size <= 3 * ROWS_EACH as u64), "{size:?}");
    for rows in [1, 2, found.len()] {
        let batch = under.source.batch(&found[..rows]);
        assert!((1..=rows.min(25)).contains(&batch), "{batch} of {rows} in one call");
    }
    let nothing = under.source.content(&under.order(), &found[0], 0).await;
    assert!(!matches!(nothing, Ok(Some(_))), "a row has no content beside itself");
}

/// The map of this contract, with an index that finds what expired in the table of a collection.
fn indexed(collection: &Collection) -> String {
    let Source::DynamoDb { table, .. } = &collection.source else { panic!("the contract is of a table") };
    let index = "index: { name: by-time, partition_field: email, partitions: [bob@example.com, ada@example.com] }";
    let text = map_text().replace("time_field: placed_at", &format!("time_field: placed_at, {index}"));
    text.replace("table: orders", &format!("table: {table}"))
}
