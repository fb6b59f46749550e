//! The contract of a connector: every row once, nobody else's, exact, and the same again.
//!
//! The adapter under test is loaded with [`rows`] of [`MAP`] by its own means; the suite then only reads.

use std::sync::Arc;

use datamap::DataMap;
use domain::datum::{Datum, same_value};
use domain::ids::TenantId;
use workflow::ports::{
    CollectionReader, Connector, Cursor, SampleOrder, Sampler, SourceLookup, SourcePage, WholeCollection,
};

/// A data map of one shared table.
pub const MAP: &str = r"
dataset:
  - fides_key: shop
    name: Shop
    description: A table that two tenants share
    collections:
      - name: orders
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: { primary_key: true, data_type: string }
          - name: email
            data_categories: [user.contact.email]
            fides_meta: { identity: email, data_type: string }
          - name: tenant
            data_categories: [system.operations]
            fides_meta: { data_type: string }
          - name: amount
            data_categories: [user.financial]
            fides_meta: { data_type: float }
connection:
  - fides_key: shop_tables
    datasets: [shop]
    connector: dynamodb
    region: us-east-1
    tenant_field: tenant
    collections:
      orders: { table: orders, indexes: { email: by-email }, quarantine: { field: state, value: quarantined } }
";

/// How many rows each person has: more than a page of any connector under test.
pub const ROWS_EACH: usize = 137;

/// The rows to load: two people of one tenant, and the same address at another tenant.
#[must_use]
pub fn rows(tenant: &TenantId, other: &TenantId) -> Vec<Datum> {
    let people = [("ada@example.com", tenant), ("bob@example.com", tenant), ("ada@example.com", other)];
    let row = |(person, (email, owner)): (usize, &(&str, &TenantId)), at: usize| {
        let text = |text: &str| Datum::Text(text.to_owned());
        Datum::Map(vec![
            ("id".to_owned(), text(&format!("order-{person}-{at:04}"))),
            ("email".to_owned(), text(email)),
            ("tenant".to_owned(), text(owner.as_str())),
            ("amount".to_owned(), Datum::Number(format!("{at}.1000000000000000055"))),
            ("lines".to_owned(), Datum::List(vec![Datum::Map(vec![("note".to_owned(), text("ä, \"q\"\n"))])])),
            ("gone".to_owned(), Datum::Null),
        ])
    };
    (0..ROWS_EACH).flat_map(|at| people.iter().enumerate().map(move |person| row(person, at))).collect()
}

/// A lookup of one collection.
#[must_use]
pub fn lookup(map: &Arc<DataMap>, tenant: &TenantId, collection: &str, field: &str, values: &[&str]) -> SourceLookup {
    SourceLookup {
        tenant: tenant.clone(),
        map: Arc::clone(map),
        collection: map.collection(collection).unwrap(),
        field: field.to_owned(),
        values: values.iter().map(|value| Datum::Text((*value).to_owned())).collect(),
    }
}

/// A sample holds some rows of the tenant, whole, and nobody else's.
///
/// # Panics
/// Where the port breaks its contract.
pub async fn sample(sampler: &dyn Sampler, map: &Arc<DataMap>, tenant: &TenantId, stranger: &TenantId) {
    let order = |tenant: &TenantId, rows: usize| SampleOrder {
        tenant: tenant.clone(),
        map: Arc::clone(map),
        collection: map.collection("shop.orders").unwrap(),
        rows,
    };
    let rows = sampler.sample(&order(tenant, 20)).await.unwrap();
    assert_eq!(rows.len(), 20);
    for row in &rows {
        assert_eq!(row.get("tenant").and_then(Datum::as_text), Some(tenant.as_str()));
        assert!(row.get("amount").is_some() && row.get("lines").is_some(), "rows are whole");
    }
    assert_eq!(sampler.sample(&order(tenant, 1)).await.unwrap().len(), 1);
    assert!(sampler.sample(&order(stranger, 20)).await.unwrap().is_empty());
}

/// All pages of a lookup.
pub async fn export_all(connector: &dyn Connector, lookup: &SourceLookup) -> Vec<Datum> {
    let mut rows = Vec::new();
    let mut after: Option<Cursor> = None;
    for _ in 0..10_000 {
        let page: SourcePage = connector.export(lookup, after.as_ref()).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
    panic!("the lookup has no end")
}

/// Looking at a collection as a whole: pages of any size give each row of the tenant once, and nobody else's.
pub async fn whole(reader: &dyn CollectionReader, map: &Arc<DataMap>, tenant: &TenantId, other: &TenantId) {
    let all = |id: &str| WholeCollection {
        tenant: tenant.clone(),
        map: Arc::clone(map),
        collection: map.collection(id).unwrap(),
    };
    let own = |row: &Datum| row.get("tenant").and_then(Datum::as_text) == Some(tenant.as_str());
    let expected: Vec<Datum> = rows(tenant, other).into_iter().filter(own).collect();
    for limit in [1_000, 7] {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..10_000 {
            let page = reader.rows(&all("shop.orders"), limit, after.as_ref()).await.unwrap();
            assert!(page.rows.len() <= limit, "{} rows in a page of {limit}", page.rows.len());
            found.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(after.is_none(), "the collection has no end");
        assert_same_rows(&found, &expected);
    }
}

/// Runs the whole contract over the loaded rows.
pub async fn run(connector: &dyn Connector, map: &Arc<DataMap>, tenant: &TenantId, other: &TenantId) {
    for (email, owner) in [("ada@example.com", tenant), ("bob@example.com", tenant), ("ada@example.com", other)] {
        let lookup = lookup(map, owner, "shop.orders", "email", &[email]);
        let found = export_all(connector, &lookup).await;
        let expected: Vec<Datum> = rows(tenant, other).into_iter().filter(|row| is_of(row, email, owner)).collect();
        assert_same_rows(&found, &expected);
        assert_same_rows(&export_all(connector, &lookup).await, &found);
    }
    several_values_find_each_row_once(connector, map, tenant, other).await;
    projection_holds_what_was_asked(connector, map, tenant).await;
    nobody_is_found_by_a_strange_value(connector, map, tenant).await;
}

fn is_of(row: &Datum, email: &str, owner: &TenantId) -> bool {
    row.get("email").and_then(Datum::as_text) == Some(email)
        && row.get("tenant").and_then(Datum::as_text) == Some(owner.as_str())
}

fn assert_same_rows(found: &[Datum], expected: &[Datum]) {
    let sorted = |rows: &[Datum]| {
        let mut rows = rows.to_vec();
        rows.sort_by_cached_key(|row| row.get("id").and_then(Datum::as_text).map(str::to_owned));
        rows
    };
    assert_eq!(found.len(), expected.len(), "rows");
    for (found, expected) in sorted(found).iter().zip(sorted(expected)) {
        assert!(same_value(found, &expected), "{found:?} is not {expected:?}");
    }
}

async fn several_values_find_each_row_once(
    connector: &dyn Connector,
    map: &Arc<DataMap>,
    tenant: &TenantId,
    other: &TenantId,
) {
    let lookup =
        lookup(map, tenant, "shop.orders", "email", &["ada@example.com", "bob@example.com", "eve@example.com"]);
    let found = export_all(connector, &lookup).await;
    let own = |row: &Datum| row.get("tenant").and_then(Datum::as_text) == Some(tenant.as_str());
    let expected: Vec<Datum> = rows(tenant, other).into_iter().filter(own).collect();
    assert_same_rows(&found, &expected);
}

async fn projection_holds_what_was_asked(connector: &dyn Connector, map: &Arc<DataMap>, tenant: &TenantId) {
    let lookup = lookup(map, tenant, "shop.orders", "id", &["order-0-0007"]);
    let page = connector.locate(&lookup, &["id".to_owned(), "email".to_owned()], None).await.unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rows[0].get("email").and_then(Datum::as_text), Some("ada@example.com"));
    assert_eq!(page.rows[0].get("id").and_then(Datum::as_text), Some("order-0-0007"));
}

async fn nobody_is_found_by_a_strange_value(connector: &dyn Connector, map: &Arc<DataMap>, tenant: &TenantId) {
    for value in ["nobody@example.com", "ada@example.co", "ada@example.com ", "*", "' OR '1'='1"] {
        let lookup = lookup(map, tenant, "shop.orders", "email", &[value]);
        assert_eq!(export_all(connector, &lookup).await, [], "{value}");
    }
}
