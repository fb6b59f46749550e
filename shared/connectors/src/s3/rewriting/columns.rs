//! The columns of a CSV object: which one is looked up, what type each has, which are rewritten.

use datamap::{DataType, FieldRewrite, Masker, Treatment, rewrite};
use domain::datum::Datum;
use workflow::ports::ErasureOrder;

use super::super::broken::{Broken, What};
use super::super::reader::{declared, typed};
use crate::scope::Scope;
use crate::wanted::Wanted;

/// The name of a cell while it is rewritten by itself.
const CELL: &str = "cell";

/// Columns by position.
#[derive(Debug)]
pub(super) struct Columns {
    looked_up: usize,
    types: Vec<Option<DataType>>,
    rewritten: Vec<(usize, FieldRewrite)>,
}

impl Columns {
    pub(super) fn of(header: &[String], scope: &Scope<'_>, order: &ErasureOrder) -> Result<Self, Broken> {
        let position = |path: &str| header.iter().position(|name| name == path);
        let missing = Broken { line: 1, what: What::MissingColumn };
        let looked_up = position(&scope.lookup.field).ok_or(missing)?;
        let fields = match &order.treatment {
            Treatment::Rewrite { fields, .. } => fields.as_slice(),
            Treatment::Delete | Treatment::Keep { .. } => &[],
        };
        let one = |field: &FieldRewrite| {
            let cell = FieldRewrite { path: CELL.to_owned(), masking: field.masking.clone() };
            Some((position(&field.path)?, cell))
        };
        Ok(Self {
            looked_up,
            types: header.iter().map(|name| declared(scope.collection, name)).collect(),
            rewritten: fields.iter().filter_map(one).collect(),
        })
    }

    pub(super) fn is_wanted(&self, fields: &[&str], wanted: &Wanted) -> bool {
        fields.get(self.looked_up).is_some_and(|text| wanted.has_text(text))
    }

    /// The record as a row.
    pub(super) fn row(&self, header: &[String], fields: &[&str]) -> Datum {
        let cells = fields.iter().zip(&self.types).map(|(text, kind)| value(text, *kind));
        Datum::Map(header.iter().cloned().zip(cells).collect())
    }

    /// The record rewritten, with the line break after it; nothing where rewriting changes no cell.
    pub(super) fn rewritten(&self, fields: &[&str], masker: &dyn Masker, own: &[u8]) -> Option<Vec<u8>> {
        let mut cells: Vec<String> = fields.iter().map(|text| (*text).to_owned()).collect();
        for (position, field) in &self.rewritten {
            let Some(text) = fields.get(*position) else { continue };
            let before = Datum::Map(vec![(CELL.to_owned(), value(text, self.types.get(*position).copied().flatten()))]);
            let after = rewrite(&before, std::slice::from_ref(field), masker);
            cells[*position] = text_of(after.get(CELL));
        }
        if cells.iter().zip(fields).all(|(after, before)| after == before) {
            return None;
        }
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let end = own.iter().rposition(|byte| !is_break(byte)).map_or(0, |last| last + 1);
        let mut record = Vec::with_capacity(own.len());
        let is_single = cells.len() == 1;
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                record.push(b',');
            }
            write_cell(&mut record, cell, is_single);
        }
        record.extend_from_slice(&own[end..]);
        Some(record)
    }
}

/// An empty cell is no value: masking leaves it empty (V10).
fn value(text: &str, kind: Option<DataType>) -> Datum {
    if text.is_empty() { Datum::Null } else { typed(text, kind) }
}

fn text_of(value: Option<&Datum>) -> String {
    match value {
        None | Some(Datum::Null) => String::new(),
        Some(Datum::Bool(truth)) => truth.to_string(),
        Some(Datum::Number(text) | Datum::Text(text)) => text.clone(),
        Some(other @ (Datum::Bytes(_) | Datum::List(_) | Datum::Map(_))) => {
            String::from_utf8(other.to_json()).unwrap_or_default()
        }
    }
}

/// A record of one empty cell would be a blank line.
fn write_cell(record: &mut Vec<u8>, cell: &str, is_single: bool) {
    let is_quoted = cell.contains([',', '"', '\r', '\n']) || (is_single && cell.is_empty());
    if !is_quoted {
        record.extend_from_slice(cell.as_bytes());
        return;
    }
    record.push(b'"');
    record.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    record.push(b'"');
}
