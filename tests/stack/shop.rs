//! A made-up media shop in the shape of Chinook, for machines that don't have the public data set.

use std::path::Path;

use serde_json::{Value, json};

const CUSTOMERS: u64 = 59;
const INVOICES: u64 = 412;
const LINES: u64 = 2240;

/// Writes the four files.
pub(crate) fn write(dir: &Path) {
    write_rows(&dir.join("customers.ndjson"), (1..=CUSTOMERS).map(customer));
    write_rows(&dir.join("employees.ndjson"), (1..=8).map(employee));
    write_rows(&dir.join("invoices.ndjson"), (1..=INVOICES).map(invoice));
    write_rows(&dir.join("invoice_lines.ndjson"), (1..=LINES).map(line));
}

fn write_rows(path: &Path, rows: impl Iterator<Item = Value>) {
    std::fs::write(path, rows.map(|row| format!("{row}\n")).collect::<String>()).unwrap();
}

/// The first customer bears the address that the tests ask for by name.
fn email(id: u64) -> String {
    if id == 1 { "luisg@embraer.com.br".to_owned() } else { format!("customer.{id:03}@shop.example") }
}

fn customer(id: u64) -> Value {
    json!({
        "customer_id": id, "firstname": format!("Zoë {id}"), "lastname": format!("Müller-{id}"), "email": email(id),
        "phone": format!("+49 30 55501{id:03}"), "fax": null, "company": null, "address": format!("Ringstraße {id} a"),
        "city": "Köln", "state": null, "postalcode": "50667", "country": "Germany", "support_rep_id": 3 + id % 3,
    })
}

fn employee(id: u64) -> Value {
    json!({
        "employee_id": id, "firstname": "Staff", "lastname": format!("Nr {id}"), "title": "Agent", "reports_to_id": null,
        "email": format!("staff.{id}@shop.example"), "phone": format!("+49 30 77701{id:03}"), "fax": null,
        "birthdate": "1980-01-01T00:00:00Z", "hiredate": "2010-01-01T00:00:00Z", "address": format!("Werkhof {id} b"),
        "city": "Bonn", "state": null, "postalcode": "53111", "country": "Germany",
    })
}

fn invoice(id: u64) -> Value {
    let customer = id % CUSTOMERS + 1;
    json!({
        "invoice_id": id, "customer_id": customer, "invoicedate": "2024-02-03T00:00:00Z", "total": 1.98,
        "billingaddress": format!("Ringstraße {customer} a"), "billingcity": "Köln", "billingstate": null,
        "billingpostalcode": "50667", "billingcountry": "Germany",
    })
}

fn line(id: u64) -> Value {
    json!({ "invoice_line_id": id, "invoice_id": id % INVOICES + 1, "track_id": id * 7 % 3503, "unit_price": 0.99, "quantity": 1 })
}

#[test]
fn made_up_shop_has_the_shape_of_the_public_one() {
    let dir = crate::harness::scratch("shop");
    write(&dir);
    let count = |name: &str| std::fs::read_to_string(dir.join(format!("{name}.ndjson"))).unwrap().lines().count();
    assert_eq!(["customers", "employees", "invoices", "invoice_lines"].map(count), [59, 8, 412, 2240]);
    let checked = datamap::read_dir(&crate::harness::root().join("tests/fixtures/chinook")).unwrap();
    let map = checked.map.unwrap();
    let text = std::fs::read_to_string(dir.join("customers.ndjson")).unwrap();
    let row: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let customers = &map.collections[map.collection("chinook.customers").unwrap()];
    let named: std::collections::BTreeSet<&str> = customers.fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(row.as_object().unwrap().keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), named);
}
