//! A data set in which nobody stands alone: k-anonymity, l-diversity, t-closeness, checked before it is given back.

use std::collections::{BTreeMap, BTreeSet};

use domain::datum::Datum;
use domain::event::Action;
use pii::anonymity::{AnonymityError, Column, Cutting, Diversity, Hierarchy, Kind, Policy, Release, Report, anonymize};
use pii::classify::{DataSetShape, data_set_risk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::order::{Made, Work};
use super::source::{Extent, SourceName};
use super::{Anonymization, Trace, check, whole};
use crate::caller::Caller;
use crate::refusal::{FieldError, Refusal};

/// Rows of one call at the most; a group never needs more memory than the rows themselves.
const MOST_ROWS: usize = 1_000_000;

/// What is demanded of every group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Demand {
    /// At least k rows.
    KAnonymity,
    /// And at least so many different sensitive values.
    LDiversity(usize),
    /// And sensitive values no farther than this from those of the whole.
    TCloseness(f64),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Columns that together lead to a person.
    pub quasi_identifiers: Vec<String>,
    /// Columns that stay as they are and must not be told from the group.
    pub sensitive: Vec<String>,
    /// Trees of values by column.
    pub hierarchies: BTreeMap<String, String>,
    /// Rows of the smallest group.
    pub k: u64,
    /// What else is demanded.
    pub demand: Demand,
    /// Share of rows that may lose all quasi-identifiers.
    pub suppression_limit: f64,
}

/// What is to be published.
#[derive(Debug, Clone)]
pub enum Dataset {
    /// Rows that were sent.
    Rows(Vec<Map<String, Value>>),
    /// The rows of a mapped collection.
    Source(SourceName),
}

impl Dataset {
    /// The mapped collection, where it is one.
    #[must_use]
    pub const fn source(&self) -> Option<&SourceName> {
        match self {
            Self::Rows(_) => None,
            Self::Source(name) => Some(name),
        }
    }
}

/// What may be published.
#[derive(Debug)]
pub struct Published {
    /// The rows that are left, with quasi-identifiers and sensitive columns only.
    pub rows: Vec<Map<String, Value>>,
    /// What was measured on them.
    pub report: Report,
    /// Columns that were left out because nobody said what they are.
    pub dropped: Vec<String>,
    /// What a leak of the rows would cost, 0 to 100.
    pub risk: f64,
}

impl Anonymization {
    /// The rows with quasi-identifiers widened until each group fulfils the demands; an order where a call can't read them.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Invalid` naming what can't be done.
    pub async fn publish(&self, caller: &Caller, dataset: Dataset, asked: &Asked) -> Result<Made<Published>, Refusal> {
        check(caller)?;
        let now = self.clock.now();
        let rows = match dataset {
            Dataset::Rows(rows) => rows,
            Dataset::Source(name) => {
                let found = self.find(caller, &name, "/source").await?;
                let Some(rows) = self.read(caller, &found, Extent::Whole, ("/source", now)).await? else {
                    check_names(asked)?;
                    policy(asked)?;
                    return Ok(Made::Ordered(Box::new(found.order(Work::Publish(asked.clone())))));
                };
                rows.iter().filter_map(flat).collect()
            }
        };
        let published = publish(rows, asked)?;
        let secrets = self.secrets(caller, now).await?;
        let counts = vec![
            ("rows".to_owned(), whole(published.rows.len())),
            ("suppressed".to_owned(), whole(published.report.suppressed)),
            ("k".to_owned(), whole(published.report.privacy.k)),
        ];
        let trace = Trace { resource: "dataset", action: Action::Execute, counts };
        self.record(caller, &secrets, trace, now).await?;
        Ok(Made::Here(published))
    }
}

/// A row as JSON; what is no object has no columns.
pub(crate) fn flat(row: &Datum) -> Option<Map<String, Value>> {
    serde_json::from_slice(&row.to_json()).ok()
}

/// What may be published of the rows.
pub(crate) fn publish(rows: Vec<Map<String, Value>>, asked: &Asked) -> Result<Published, Refusal> {
    if rows.len() > MOST_ROWS {
        return Err(Refusal::field("/rows", format!("has more than {MOST_ROWS} rows")));
    }
    check_names(asked)?;
    let columns: BTreeSet<&str> = rows.iter().flat_map(Map::keys).map(String::as_str).collect();
    let known = |list: &[String], pointer: &str| {
        let missing = list.iter().enumerate().filter(|(_, name)| !columns.contains(name.as_str()));
        let wrong = missing.map(|(at, _)| FieldError {
            pointer: format!("/{pointer}/{at}"),
            detail: "is in none of the rows".to_owned(),
        });
        wrong.collect::<Vec<_>>()
    };
    let mut wrong = known(&asked.quasi_identifiers, "quasi_identifiers");
    wrong.extend(known(&asked.sensitive, "sensitive"));
    if !wrong.is_empty() && !rows.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let quasi = read_all(&rows, &asked.quasi_identifiers, &asked.hierarchies)?;
    let sensitive = read_all(&rows, &asked.sensitive, &BTreeMap::new())?;
    let policy = policy(asked)?;
    let release = anonymize(&quasi, &sensitive, &policy).map_err(|error| refusal(&error))?;
    let named: BTreeSet<&str> = asked.quasi_identifiers.iter().chain(&asked.sensitive).map(String::as_str).collect();
    let dropped = columns.difference(&named).map(|name| (*name).to_owned()).collect();
    let report = release.report().clone();
    let shape = DataSetShape {
        identifying_columns: asked.quasi_identifiers.len(),
        columns: named.len(),
        unique_share: 0.0,
        k: report.privacy.k,
    };
    Ok(Published { rows: widened(rows, &release, asked), dropped, risk: data_set_risk(&shape), report })
}

fn check_names(asked: &Asked) -> Result<(), Refusal> {
    if asked.quasi_identifiers.is_empty() {
        return Err(Refusal::field("/quasi_identifiers", "names no column"));
    }
    let mut seen = BTreeSet::new();
    for (list, pointer) in [(&asked.quasi_identifiers, "quasi_identifiers"), (&asked.sensitive, "sensitive")] {
        for (at, name) in list.iter().enumerate() {
            if !seen.insert(name) {
                return Err(Refusal::field(format!("/{pointer}/{at}"), "names a column a second time"));
            }
        }
    }
    let strange = asked.hierarchies.keys().find(|name| !asked.quasi_identifiers.contains(name));
    match strange {
        Some(_) => Err(Refusal::field("/hierarchies", "names a column that is no quasi-identifier")),
        None => Ok(()),
    }
}

fn policy(asked: &Asked) -> Result<Policy, Refusal> {
    let k = usize::try_from(asked.k).map_err(|_| Refusal::field("/k", "is larger than any data set"))?;
    let (l, t) = match asked.demand {
        Demand::KAnonymity => (None, None),
        Demand::LDiversity(l) => (Some(Diversity::Distinct(l)), None),
        Demand::TCloseness(t) => (None, Some(t)),
    };
    Ok(Policy { k, l, t, cutting: Cutting::Strict, suppression_limit: asked.suppression_limit })
}

/// The columns of these names; numbers are widened to ranges where every value is one.
fn read_all(
    rows: &[Map<String, Value>],
    names: &[String],
    hierarchies: &BTreeMap<String, String>,
) -> Result<Vec<Column>, Refusal> {
    names.iter().map(|name| read(rows, name, hierarchies.get(name).map(String::as_str))).collect()
}

fn read(rows: &[Map<String, Value>], name: &str, tree: Option<&str>) -> Result<Column, Refusal> {
    let mut texts: Vec<Option<String>> = Vec::with_capacity(rows.len());
    let mut is_numeric = true;
    for (at, row) in rows.iter().enumerate() {
        let text = match row.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(truth)) => Some(truth.to_string()),
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(Refusal::field(format!("/rows/{at}"), "has a list or an object in a named column"));
            }
        };
        is_numeric &= matches!(row.get(name), None | Some(Value::Null | Value::Number(_)));
        texts.push(text);
    }
    let kind = match tree {
        Some(tree) => {
            let tree = Hierarchy::parse(tree);
            Kind::Tree(tree.map_err(|error| Refusal::field("/hierarchies", error.to_string()))?)
        }
        None if is_numeric && texts.iter().any(Option::is_some) => Kind::Numeric,
        None => Kind::Categorical,
    };
    Column::of(name, &kind, texts.iter().map(Option::as_deref)).map_err(|error| refusal(&error))
}

/// The rows that may leave: the widened quasi-identifiers as texts, the sensitive columns as they came.
fn widened(rows: Vec<Map<String, Value>>, release: &Release, asked: &Asked) -> Vec<Map<String, Value>> {
    let mut left = Vec::with_capacity(rows.len());
    for (at, mut row) in rows.into_iter().enumerate() {
        if !release.is_published(at) {
            continue;
        }
        let mut out = Map::new();
        for (column, name) in asked.quasi_identifiers.iter().enumerate() {
            let text = release.text(column, at).unwrap_or("*");
            // What was not widened keeps its type.
            let as_it_was = row.get(name).filter(|value| is_text(value, text)).cloned();
            out.insert(name.clone(), as_it_was.unwrap_or_else(|| Value::String(text.to_owned())));
        }
        for name in &asked.sensitive {
            out.insert(name.clone(), row.remove(name).unwrap_or(Value::Null));
        }
        left.push(out);
    }
    left
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::Null => text.is_empty(),
        Value::String(own) => own == text,
        Value::Number(own) => own.to_string() == text,
        Value::Bool(own) => own.to_string() == text,
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Which field of the call an error of the data set is about.
fn refusal(error: &AnonymityError) -> Refusal {
    let pointer = match error {
        AnonymityError::KIsZero | AnonymityError::TooFewRows { .. } => "/k",
        AnonymityError::LOutOfRange => "/l",
        AnonymityError::TOutOfRange => "/t",
        AnonymityError::SuppressionOutOfRange => "/suppression_limit",
        AnonymityError::NoQuasiIdentifier => "/quasi_identifiers",
        AnonymityError::NoSensitiveColumn => "/sensitive",
        AnonymityError::Unreachable { .. } => "/method",
        AnonymityError::NotInHierarchy { .. } | AnonymityError::BadHierarchy { .. } => "/hierarchies",
        AnonymityError::UnequalColumns { .. }
        | AnonymityError::TooLarge
        | AnonymityError::NoSuchColumn { .. }
        | AnonymityError::ColumnTwice { .. }
        | AnonymityError::Empty
        | AnonymityError::UnequalRecord { .. }
        | AnonymityError::BrokenQuote { .. }
        | AnonymityError::NotUtf8 { .. }
        | AnonymityError::NotANumber { .. }
        | AnonymityError::NotVerified { .. } => "/rows",
    };
    Refusal::field(pointer, error.to_string())
}
