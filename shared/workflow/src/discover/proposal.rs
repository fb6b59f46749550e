//! What a data map lacks, as a diff of its datasets that a person reads and takes over.

use std::collections::BTreeMap;

use datamap::{Collection, DataMap};
use pii::detect::PiiType;

use super::SourceFindings;
use super::columns::Column;

/// Rows in a hundred from which a type is proposed where only values show it.
const FEWEST_PERCENT: usize = 1;

/// One hunk per collection with drift.
pub(super) fn diff(map: &DataMap, sources: &[SourceFindings]) -> String {
    let mut out = String::new();
    for source in sources {
        let Some(collection) = map.collection(&source.collection).map(|at| &map.collections[at]) else { continue };
        let mut drifted: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
        for column in source.columns.iter().filter(|column| column.drift.is_some() && column.percent >= FEWEST_PERCENT)
        {
            drifted.entry(&column.path).or_default().push(column);
        }
        if drifted.is_empty() {
            continue;
        }
        let id = &source.collection;
        out.push_str(&format!("--- {id}\n+++ {id}\n@@ fields @@\n"));
        for (path, columns) in drifted {
            out.push_str(&field(collection, path, &columns));
        }
    }
    out
}

fn field(collection: &Collection, path: &str, columns: &[&Column]) -> String {
    let mut categories: Vec<&str> = columns.iter().map(|column| category_of(column.kind)).collect();
    categories.sort_unstable();
    categories.dedup();
    let new = format!("+    data_categories: [{}]\n", categories.join(", "));
    match collection.field(path).map(|at| &collection.fields[at]) {
        Some(known) if known.data_categories.is_empty() => format!("   - name: {path}\n{new}"),
        Some(known) => {
            format!("   - name: {path}\n-    data_categories: [{}]\n{new}", known.data_categories.join(", "))
        }
        None => format!("+  - name: {path}\n{new}"),
    }
}

/// The category of the taxonomy that a type belongs to.
const fn category_of(kind: PiiType) -> &'static str {
    match kind {
        PiiType::Email => "user.contact.email",
        PiiType::Phone => "user.contact.phone_number",
        PiiType::Address => "user.contact.address",
        PiiType::Name => "user.name",
        PiiType::DateOfBirth => "user.demographic.date_of_birth",
        PiiType::CreditCard => "user.payment",
        PiiType::Iban | PiiType::BankAccount | PiiType::CryptoAddress => "user.financial",
        PiiType::Ssn | PiiType::Passport | PiiType::DriversLicense | PiiType::NationalId => "user.government_id",
        PiiType::MedicalRecord => "user.health_and_medical",
        PiiType::IpAddress => "user.device.ip_address",
        PiiType::MacAddress => "user.device",
        PiiType::Secret => "user.authorization",
        PiiType::Url => "user.content",
    }
}
