//! What sampled rows hold, column by column, beside what the map says of them.

use std::collections::{BTreeMap, BTreeSet};

use datamap::Collection;
use domain::datum::Datum;
use pii::detect::{PiiType, Scanner};
use pii::mask::masked;
use serde::Serialize;
use serde_json::Value;

/// A column that holds personal data of one type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Dotted path; arrays on the way are entered without a mark.
    pub path: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: PiiType,
    /// Rows with it.
    pub rows: usize,
    /// The same as a share of the rows looked at, in percent.
    pub percent: usize,
    /// The surest find.
    pub confidence: pii::detect::Confidence,
    /// Whether the value shows it, not the name of the field alone.
    pub by_value: bool,
    /// One value, masked.
    pub example: Option<String>,
    /// What the map says of it; nothing where the map doesn't know the column.
    pub categories: Option<Vec<String>>,
    /// Where the map says less than there is, in a sentence.
    pub drift: Option<String>,
}

#[derive(Default)]
struct Tally {
    rows: BTreeSet<usize>,
    confidence: Option<pii::detect::Confidence>,
    by_value: bool,
    example: Option<String>,
}

/// The columns of a sample that hold personal data, most telling type first within a path.
#[must_use]
pub fn columns_of(scanner: &Scanner, collection: &Collection, rows: &[Datum]) -> Vec<Column> {
    let mut tallies: BTreeMap<(String, PiiType), Tally> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let Ok(row) = serde_json::from_slice::<Value>(&row.to_json()) else { continue };
        for found in scanner.scan_value(&row) {
            let Some(field) = found.field.as_deref().filter(|_| found.kind != PiiType::Url) else { continue };
            let tally = tallies.entry((without_places(field), found.kind)).or_default();
            tally.rows.insert(at);
            tally.confidence = tally.confidence.max(Some(found.confidence));
            tally.by_value |= found.why.shape != "the name of the field";
            if tally.example.is_none() {
                let value = value_at(&row, field).and_then(text_of);
                let part = value.as_deref().and_then(|value| value.get(found.start..found.end));
                tally.example = part.map(|part| masked(found.kind, part));
            }
        }
    }
    let columns = tallies.into_iter().map(|((path, kind), tally)| column(collection, rows.len(), path, kind, tally));
    columns.collect()
}

fn column(collection: &Collection, total: usize, path: String, kind: PiiType, tally: Tally) -> Column {
    let field = collection.field(&path).map(|at| &collection.fields[at]);
    let categories = field.map(|field| field.data_categories.clone());
    let said = categories.iter().flatten().chain(&collection.data_categories);
    let is_said = said.into_iter().any(|category| category == "user" || category.starts_with("user."));
    let percent = tally.rows.len() * 100 / total.max(1);
    let drift = (!is_said).then(|| {
        let kind = kind.to_string();
        let map = if field.is_some() { "the map says none" } else { "the map doesn't know the column" };
        format!("column `{path}` holds {kind} in {percent} % of rows; {map}")
    });
    Column {
        path,
        kind,
        rows: tally.rows.len(),
        percent,
        confidence: tally.confidence.unwrap_or(pii::detect::Confidence::percent(0)),
        by_value: tally.by_value,
        example: tally.example,
        categories,
        drift,
    }
}

/// `a.b[2].c` without its `[2]`.
fn without_places(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The value at `a.b[2].c`; nothing where names hold dots or brackets of their own.
fn value_at<'v>(row: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(row, |value, step| {
        let (name, places) = step.split_once('[').map_or((step, ""), |(name, places)| (name, places));
        let value = if name.is_empty() { value } else { value.get(name)? };
        let mut places = places.split(['[', ']']).filter(|place| !place.is_empty());
        places.try_fold(value, |value, place| value.get(place.parse::<usize>().ok()?))
    })
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
