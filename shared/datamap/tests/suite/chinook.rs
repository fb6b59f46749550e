//! The data map of the Chinook sample database, on its real rows.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{Store, datum, seed};
use datamap::{Access, Severity};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/chinook");

fn chinook() -> datamap::DataMap {
    let checked = datamap::read_dir(Path::new(FIXTURE)).unwrap();
    assert_eq!(checked.findings, []);
    checked.map.unwrap()
}

/// A shop of the same shape: customer `n` has `n` invoices of two lines each; all share one representative.
fn shop() -> Store {
    let mut store = Store::default();
    let mut add = |id: &str, row: serde_json::Value| {
        store.0.entry(format!("chinook.{id}")).or_default().push(datum(&row));
    };
    add("employees", serde_json::json!({"employee_id": 3, "email": "rep@shop.example", "reports_to_id": 3}));
    let mut invoice = 0;
    for customer in 1..=20 {
        let email = format!("c{customer}@shop.example");
        add("customers", serde_json::json!({"customer_id": customer, "email": email, "support_rep_id": 3}));
        for _ in 0..customer {
            invoice += 1;
            add("invoices", serde_json::json!({"invoice_id": invoice, "customer_id": customer}));
            for line in [0, 1] {
                add("invoice_lines", serde_json::json!({"invoice_line_id": invoice * 2 + line, "invoice_id": invoice}));
            }
        }
    }
    store
}

#[test]
fn map_has_no_findings_and_every_lookup_has_an_index() {
    let map = chinook();
    for (index, collection) in map.collections.iter().enumerate() {
        for field in map.lookup_fields(index) {
            let access = collection.access(&collection.fields[field].path);
            assert!(matches!(access, Access::Key | Access::Index(_)), "{} {access:?}", collection.id());
        }
    }
    assert!(map.controller.is_some());
}

#[test]
fn each_customer_gets_their_own_rows_and_no_employee() {
    let (map, shop) = (chinook(), shop());
    for customer in 1..=20 {
        let counts = shop.counts(&map, &[seed("email", &format!("c{customer}@shop.example"))]);
        let expected = [("customers", 1), ("invoices", customer), ("invoice_lines", 2 * customer)];
        let expected: BTreeMap<String, usize> = expected.map(|(id, rows)| (format!("chinook.{id}"), rows)).into();
        assert_eq!(counts, expected);
    }
}

#[test]
fn employee_gets_their_own_row_and_no_customer() {
    let counts = shop().counts(&chinook(), &[seed("email", "rep@shop.example")]);
    assert_eq!(counts, BTreeMap::from([("chinook.employees".to_owned(), 1)]));
}

#[test]
fn order_of_files_changes_nothing() {
    let text = std::fs::read_to_string(format!("{FIXTURE}/datamap.yml")).unwrap();
    let (dataset, rest) = text.split_once("\nconnection:").unwrap();
    let rest = format!("connection:{rest}");
    let one = datamap::read_strs(&[("a.yml", dataset), ("b.yml", &rest)]);
    let other = datamap::read_strs(&[("b.yml", &rest), ("a.yml", dataset)]);
    let hash = chinook().hash().unwrap();
    assert!(one.findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_eq!(one.map.unwrap().hash().unwrap(), hash);
    assert_eq!(other.map.unwrap().hash().unwrap(), hash);
    assert_eq!(hash.len(), 64);
}

#[test]
fn map_survives_storage() {
    let map = chinook();
    let stored = map.canonical_json().unwrap();
    let read: datamap::DataMap = serde_json::from_slice(&stored).unwrap();
    assert_eq!(read, map);
    assert_eq!(read.canonical_json().unwrap(), stored);
}
