//! A public data set and the data map written for it: each of 59 people gets exactly their own rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::api::Api;
use crate::harness::{Stack, root, scratch};
use crate::shop;
use crate::tokens::Bearer;
use crate::zip_file::{ZipFile, assert_same_rows};

/// The rows of the shop as they lie in the files, and a folder with them and the data map.
pub(crate) struct Chinook {
    pub(crate) dir: PathBuf,
    /// Whether this is the public data set.
    pub(crate) is_public: bool,
    pub(crate) customers: Vec<Value>,
    invoices: Vec<Value>,
    lines: Vec<Value>,
    employees: Vec<Value>,
}

impl Chinook {
    /// Copies map and data into a fresh folder; makes a shop up where the public data set is not at hand.
    pub(crate) fn prepare(name: &str) -> Self {
        let dir = scratch(&format!("chinook-{name}"));
        std::fs::copy(root().join("tests/fixtures/chinook/datamap.yml"), dir.join("datamap.yml")).unwrap();
        let data = root().join("../shared/data/chinook");
        let is_public = data.is_dir();
        if is_public {
            for file in ["customers", "employees", "invoices", "invoice_lines"].map(|name| format!("{name}.ndjson")) {
                std::fs::copy(data.join(&file), dir.join(&file)).unwrap();
            }
        } else {
            println!("the public data set is not beside the checkout: a shop of the same shape is made up");
            shop::write(&dir);
        }
        Self {
            customers: rows(&dir, "customers"),
            invoices: rows(&dir, "invoices"),
            lines: rows(&dir, "invoice_lines"),
            employees: rows(&dir, "employees"),
            dir,
            is_public,
        }
    }

    /// The customer with an address.
    pub(crate) fn customer(&self, email: &str) -> Value {
        self.customers.iter().find(|customer| customer["email"] == email).unwrap().clone()
    }

    /// Every row of a customer, by collection, found without the product.
    pub(crate) fn rows_of(&self, customer: &Value) -> BTreeMap<String, Vec<Value>> {
        let is_own = |row: &&Value| row["customer_id"] == customer["customer_id"];
        let invoices: Vec<Value> = self.invoices.iter().filter(is_own).cloned().collect();
        let bills = |line: &&Value| invoices.iter().any(|invoice| invoice["invoice_id"] == line["invoice_id"]);
        let lines: Vec<Value> = self.lines.iter().filter(bills).cloned().collect();
        let all = [("customers", vec![customer.clone()]), ("invoices", invoices), ("invoice_lines", lines)];
        all.into_iter()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(name, rows)| (format!("chinook.{name}"), rows))
            .collect()
    }

    /// Addresses and numbers that only other people have.
    fn foreign_texts(&self, customer: &Value) -> BTreeSet<&str> {
        let own: BTreeSet<&str> = identifying(customer).collect();
        let everybody = self.customers.iter().chain(&self.employees).flat_map(identifying);
        everybody.filter(|text| !own.contains(text)).collect()
    }
}

fn identifying(person: &Value) -> impl Iterator<Item = &str> {
    ["email", "address", "phone", "fax"].into_iter().filter_map(|name| person[name].as_str())
}

fn rows(dir: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join(format!("{name}.ndjson"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that an archive holds a customer's rows in both forms, and nothing of anybody else.
pub(crate) fn assert_only_own(chinook: &Chinook, customer: &Value, archive: &ZipFile) {
    let expected = chinook.rows_of(customer);
    let found = archive.json_rows();
    let filled = |rows: &BTreeMap<String, Vec<Value>>| -> BTreeSet<String> {
        // Our own records about the person stand beside the sources.
        let of_sources = rows.iter().filter(|(name, rows)| !rows.is_empty() && !name.starts_with("habeas."));
        of_sources.map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(filled(&found), filled(&expected), "collections of customer {}", customer["customer_id"]);
    for (source, rows) in &expected {
        assert_same_rows(&found[source], rows, source);
        assert_eq!(archive.csv_rows()[source].len(), rows.len(), "CSV rows of {source}");
    }
    let text = archive.text();
    for foreign in chinook.foreign_texts(customer) {
        assert!(!text.contains(foreign), "customer {} was sent something of somebody else", customer["customer_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_customer_gets_exactly_their_own_rows() {
    let Some(stack) = Stack::plain().await else { return };
    let chinook = Chinook::prepare("all");
    stack.load_and_publish(&chinook.dir, "chinook");
    let one = |customer: &Value| {
        let customer = customer.clone();
        let (stack, chinook) = (&stack, &chinook);
        async move {
            let api = Api::of(stack, &Bearer::subject("chinook", customer["email"].as_str().unwrap()));
            let job = api.export_own(&json!({ "format": "both" })).await;
            api.until_completed(&job, 120).await;
            let archive = api.archive(&job).await;
            assert_only_own(chinook, &customer, &archive);
            let count = |name: &str| archive.json_rows().get(&format!("chinook.{name}")).map_or(0, Vec::len);
            (customer, [count("customers"), count("invoices"), count("invoice_lines")])
        }
    };
    let exports = futures::stream::iter(chinook.customers.iter().map(one).collect::<Vec<_>>());
    let counts: Vec<(Value, [usize; 3])> = exports.buffer_unordered(8).collect().await;
    assert_eq!(counts.len(), 59);
    if chinook.is_public {
        let luis = counts.iter().find(|(customer, _)| customer["email"] == "luisg@embraer.com.br").unwrap();
        assert_eq!(luis.1, [1, 7, 38]);
    }
    let total = counts.iter().fold([0; 3], |sum, (_, it)| [sum[0] + it[0], sum[1] + it[1], sum[2] + it[2]]);
    assert_eq!(
        total,
        [chinook.customers.len(), chinook.invoices.len(), chinook.lines.len()],
        "all rows went to somebody"
    );
    println!("59 exports: {} customers, {} invoices, {} invoice lines, nobody else's", total[0], total[1], total[2]);
}
