//! Turns the rows of one shard of a collection into segments: JSON lines, CSV, or both.

use domain::datum::{Datum, JsonError};
use serde::{Deserialize, Serialize};

use crate::csv_columns::CsvColumns;
use crate::entry::EntryKind;
use crate::name::Source;
use crate::part::{NewEntry, PartWriter};

/// A segment is cut after the row with which one of its files reaches this size.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// In which form rows are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON lines, exact.
    Json,
    /// CSV, for people and spreadsheets.
    Csv,
    /// Both, side by side.
    Both,
}

/// Where a writer stands between two segments: all that a later run needs to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Number of the next segment.
    pub segment: u32,
    /// Rows in the segments before it.
    pub rows: u64,
}

/// Writes the rows of one shard of one collection, in the order they are given.
#[derive(Debug)]
pub struct CollectionWriter {
    source: Source,
    shard: u32,
    position: Position,
    rows: u64,
    json: Option<Vec<u8>>,
    csv: Option<(CsvColumns, Vec<u8>)>,
}

impl CollectionWriter {
    /// A writer that begins, or goes on, at a position; `fields` are the field paths of the data map.
    #[must_use]
    pub fn new(source: Source, shard: u32, format: Format, fields: &[String], from: Position) -> Self {
        let csv = || {
            let columns = CsvColumns::new(fields);
            let header = columns.header().to_vec();
            (columns, header)
        };
        let (json, csv) = match format {
            Format::Json => (Some(Vec::new()), None),
            Format::Csv => (None, Some(csv())),
            Format::Both => (Some(Vec::new()), Some(csv())),
        };
        Self { source, shard, position: from, rows: 0, json, csv }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Datum, parts: &mut PartWriter) {
        if let Some(json) = &mut self.json {
            row.write_json(json);
        }
        self.end_row(row, parts);
    }

    /// Adds a row that is JSON already; its bytes are kept as they are, without blanks around them.
    ///
    /// # Errors
    /// [`JsonError`] if it is not one JSON value; nothing is added then.
    pub fn push_json(&mut self, row: &[u8], parts: &mut PartWriter) -> Result<(), JsonError> {
        let value = Datum::parse_json(row)?;
        if let Some(json) = &mut self.json {
            if row.contains(&b'\n') || row.contains(&b'\r') {
                value.write_json(json);
            } else {
                json.extend_from_slice(row.trim_ascii());
            }
        }
        self.end_row(&value, parts);
        Ok(())
    }

    fn end_row(&mut self, row: &Datum, parts: &mut PartWriter) {
        if let Some(json) = &mut self.json {
            json.push(b'\n');
        }
        if let Some((columns, csv)) = &mut self.csv {
            columns.put_row(row, csv);
        }
        self.rows += 1;
        let json = self.json.as_ref().map_or(0, Vec::len);
        let csv = self.csv.as_ref().map_or(0, |(_, csv)| csv.len());
        if json.max(csv) >= SEGMENT_BYTES {
            self.cut(parts);
        }
    }

    /// Ends the segment under way, so that every row so far is in the parts; the position to go on from.
    pub fn cut(&mut self, parts: &mut PartWriter) -> Position {
        if self.rows == 0 {
            return self.position;
        }
        let name = |folder, extension| self.source.segment(folder, extension, self.shard, self.position.segment);
        let (source, rows) = (self.source.as_str(), self.rows);
        if let Some(content) = &mut self.json {
            let (name, kind) = (name("json", "ndjson"), EntryKind::Json);
            parts.add_packed(NewEntry { name, source, kind, rows, content });
            content.clear();
        }
        if let Some((columns, content)) = &mut self.csv {
            let (name, kind) = (name("csv", "csv"), EntryKind::Csv);
            parts.add_packed(NewEntry { name, source, kind, rows, content });
            content.clear();
            content.extend_from_slice(columns.header());
        }
        self.position.segment += 1;
        self.position.rows += self.rows;
        self.rows = 0;
        self.position
    }
}
