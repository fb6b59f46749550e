//! Which field of a row goes into which CSV column: those of the data map, in its order, then `_other`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::datum::{Datum, is_json_number};

use crate::csv_cell::put_text;
use crate::csv_node::Node;
use crate::csv_other::{has_other, put_other};

/// The columns of a collection's CSV files.
#[derive(Clone, Debug)]
pub struct CsvColumns {
    paths: Vec<Vec<String>>,
    root: Node,
    header: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cell<'a> {
    Empty,
    Value(&'a Datum),
    /// The path goes on inside a list, from this segment.
    Through(&'a Datum, usize),
}

impl CsvColumns {
    /// Columns for these dotted field paths, in this order; `a[].b` and `a.b` are one column.
    #[must_use]
    pub fn new(fields: &[String]) -> Self {
        let mut columns = Self { paths: Vec::new(), root: Node::default(), header: Vec::new() };
        let mut rest_name = "_other".to_owned();
        for field in fields {
            let segments = field.split('.').map(|segment| segment.trim_end_matches("[]"));
            let path: Vec<String> = segments.filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
            let node = path.iter().fold(&mut columns.root, |node, name| node.child_mut(name));
            if path.is_empty() || node.column.is_some() {
                continue;
            }
            node.column = Some(columns.paths.len());
            put_text(&mut columns.header, &path.join("."));
            columns.header.push(b',');
            while path.len() == 1 && path[0] == rest_name {
                rest_name.insert(0, '_');
            }
            columns.paths.push(path);
        }
        put_text(&mut columns.header, &rest_name);
        columns.header.extend_from_slice(b"\r\n");
        columns
    }

    /// The header line, with its line end.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Appends one row, with its line end.
    pub fn put_row(&self, row: &Datum, out: &mut Vec<u8>) {
        let mut cells = vec![Cell::Empty; self.paths.len()];
        let has_other = match row {
            Datum::Map(fields) => fill(&self.root, fields, 1, &mut cells),
            Datum::Null | Datum::Bool(_) | Datum::Number(_) => true,
            Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) => true,
        };
        for (cell, path) in cells.into_iter().zip(&self.paths) {
            match cell {
                Cell::Empty => {}
                Cell::Value(value) => put_value(out, value),
                Cell::Through(list, depth) => {
                    let mut json = Vec::new();
                    put_through(&mut json, list, &path[depth..]);
                    put_json(out, json);
                }
            }
            out.push(b',');
        }
        if has_other {
            let mut json = Vec::new();
            put_other(&self.root, row, &mut json);
            put_json(out, json);
        } else if self.paths.is_empty() {
            // A line of one empty cell would be an empty line, which readers skip.
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Finds the cells of the map's fields; true if something is left for `_other`.
fn fill<'a>(node: &Node, fields: &'a [(String, Datum)], depth: usize, cells: &mut [Cell<'a>]) -> bool {
    let mut is_left = false;
    let mut expected = 0;
    for (name, value) in fields {
        let Some((at, child)) = node.child(name, expected) else {
            is_left = true;
            continue;
        };
        expected = at + 1;
        if let Some(column) = child.column {
            cells[column] = Cell::Value(value);
        }
        let is_left_below = match value {
            Datum::Map(inner) => fill(child, inner, depth + 1, cells),
            Datum::List(_) => {
                mark_through(child, value, depth, cells);
                child.column.is_none() && has_other(child, value)
            }
            Datum::Null => false,
            Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => true,
        };
        is_left |= child.column.is_none() && is_left_below;
    }
    is_left
}

/// Every column below a list takes its values from inside that list.
fn mark_through<'a>(node: &Node, list: &'a Datum, depth: usize, cells: &mut [Cell<'a>]) {
    for child in node.children() {
        if let Some(column) = child.column {
            cells[column] = Cell::Through(list, depth);
        }
        mark_through(child, list, depth, cells);
    }
}

/// Writes what lies at a path, list by list, with null where an item lacks it, so that columns stay aligned.
fn put_through(out: &mut Vec<u8>, value: &Datum, path: &[String]) {
    if let (Datum::List(items), false) = (value, path.is_empty()) {
        out.push(b'[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            put_through(out, item, path);
        }
        out.push(b']');
        return;
    }
    match path.split_first() {
        None => value.write_json(out),
        Some((name, rest)) => match value.get(name) {
            Some(inner) => put_through(out, inner, rest),
            None => out.extend_from_slice(b"null"),
        },
    }
}

fn put_value(out: &mut Vec<u8>, value: &Datum) {
    match value {
        Datum::Null => {}
        Datum::Bool(true) => out.extend_from_slice(b"true"),
        Datum::Bool(false) => out.extend_from_slice(b"false"),
        Datum::Number(digits) if is_json_number(digits) => out.extend_from_slice(digits.as_bytes()),
        Datum::Number(text) | Datum::Text(text) => put_text(out, text),
        Datum::Bytes(bytes) => put_text(out, &STANDARD.encode(bytes)),
        Datum::List(_) | Datum::Map(_) => put_json(out, value.to_json()),
    }
}

fn put_json(out: &mut Vec<u8>, json: Vec<u8>) {
    put_text(out, &String::from_utf8(json).expect("JSON written from texts is UTF-8"));
}
