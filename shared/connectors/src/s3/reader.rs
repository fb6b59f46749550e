//! One object as a stream of rows that match: bytes in, rows out, with the position to go on from.

use std::future::Future;

use datamap::{Collection, DataType, RowFormat};
use domain::datum::{Datum, is_json_number};
use workflow::ports::PortError;

use super::broken::{Broken, What};
use super::csv_records::CsvRecords;
use super::cursor::Inside;
use super::packing::Unpacker;
use super::records::Records;
use crate::scope::Scope;
use crate::wanted::Wanted;

/// Where bytes come from.
pub(super) trait Chunks: Send {
    /// Appends some bytes; false at the end.
    fn fill(&mut self, out: &mut Vec<u8>) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// A row as it is read, or one that does not match.
#[derive(Debug)]
pub(super) enum Read {
    Row(Datum, usize),
    Other,
    End,
}

/// Rows of one object.
pub(super) struct Reader<C> {
    source: C,
    unpacker: Option<Unpacker>,
    records: Records,
    is_end: bool,
    /// Records to pass over: those given before, of an object that can't be entered in the middle.
    skip: u64,
    given: u64,
    ordinal: u64,
    column: Option<usize>,
    types: Vec<Option<DataType>>,
}

impl<C: Chunks> Reader<C> {
    /// Reads from where `inside` says. The source begins there too; a packed object's always at its beginning.
    pub(super) fn new(source: C, format: RowFormat, inside: &Inside, ordinal: u64) -> Self {
        let packing = inside.packing();
        let records = if packing.is_packed() {
            Records::new(format, 0, 1, None)
        } else {
            Records::new(format, inside.at, inside.line, inside.header.clone())
        };
        let skip = if packing.is_packed() { inside.at } else { 0 };
        let unpacker = packing.unpacker();
        Self { source, unpacker, records, is_end: false, skip, given: 0, ordinal, column: None, types: Vec::new() }
    }

    /// Where to go on after the last row: bytes, or records of a packed object.
    pub(super) fn position(&self, inside: &Inside) -> Inside {
        let at = if inside.packing().is_packed() { self.given } else { self.records.consumed() };
        let header = if inside.packing().is_packed() { None } else { self.records.header().cloned() };
        Inside { at, line: self.records.line(), header, ..inside.clone() }
    }

    /// Bytes of rows read so far, unpacked.
    pub(super) const fn consumed(&self) -> u64 {
        self.records.consumed()
    }

    /// The next record: a row if it is one of those wanted, and the tenant's.
    pub(super) async fn next(&mut self, scope: &Scope<'_>, wanted: &Wanted) -> Result<Read, PortError> {
        loop {
            let before = self.records.consumed();
            let found = self.parse(scope, wanted).map_err(|broken| broken.of_object(self.ordinal))?;
            if let Some(read) = found {
                self.given += 1;
                if self.given <= self.skip {
                    continue;
                }
                let length = usize::try_from(self.records.consumed() - before).unwrap_or(usize::MAX);
                return Ok(read.map_or(Read::Other, |row| Read::Row(row, length)));
            }
            if self.is_end {
                return Ok(Read::End);
            }
            self.is_end = !self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<bool, PortError> {
        let Some(unpacker) = &mut self.unpacker else { return self.source.fill(self.records.buffer()).await };
        let broken = |what| Broken { line: self.records.line(), what }.of_object(self.ordinal);
        if unpacker.is_hungry() && !self.source.fill(unpacker.packed()).await? {
            let mut rest = Vec::new();
            unpacker.finish(&mut rest).map_err(broken)?;
            self.records.buffer().append(&mut rest);
            return Ok(false);
        }
        let mut unpacked = Vec::new();
        unpacker.step(&mut unpacked).map_err(broken)?;
        self.records.buffer().append(&mut unpacked);
        Ok(true)
    }

    /// A record: some row, or none if it is not wanted; nothing where more bytes are needed.
    fn parse(&mut self, scope: &Scope<'_>, wanted: &Wanted) -> Result<Option<Option<Datum>>, Broken> {
        let field = scope.lookup.field.as_str();
        match &mut self.records {
            Records::NdJson(lines) => {
                let row = lines.next_row(self.is_end)?;
                Ok(row.map(|row| {
                    Some(row).filter(|row| (wanted.is_everything() || wanted.is_in(row, field)) && scope.is_owned(row))
                }))
            }
            Records::Csv(records) => {
                let row = csv_row(records, self.is_end, (&mut self.column, &mut self.types), scope, wanted)?;
                Ok(row.map(|row| row.filter(|row| scope.is_owned(row))))
            }
        }
    }
}

fn csv_row(
    records: &mut CsvRecords,
    is_end: bool,
    (column, types): (&mut Option<usize>, &mut Vec<Option<DataType>>),
    scope: &Scope<'_>,
    wanted: &Wanted,
) -> Result<Option<Option<Datum>>, Broken> {
    if !records.next_record(is_end)? {
        return Ok(None);
    }
    let header = records.header().expect("a record comes after its header");
    if types.is_empty() {
        *types = header.iter().map(|name| declared(scope.collection, name)).collect();
    }
    if column.is_none() && !wanted.is_everything() {
        let position = header.iter().position(|name| *name == scope.lookup.field);
        *column = Some(position.ok_or(Broken { line: 1, what: What::MissingColumn })?);
    }
    let fields = records.current()?;
    let asked = column.and_then(|column| fields.get(column)).is_some_and(|text| wanted.has_text(text));
    let is_wanted = asked || wanted.is_everything();
    if !is_wanted {
        return Ok(Some(None));
    }
    let named = header.iter().zip(fields).zip(types.iter());
    Ok(Some(Some(Datum::Map(named.map(|((name, text), kind)| (name.clone(), typed(text, *kind))).collect()))))
}

pub(super) fn declared(collection: &Collection, name: &str) -> Option<DataType> {
    collection.field(name).and_then(|position| collection.fields[position].data_type)
}

/// A cell as its declared type, with the digits it came with; one that doesn't fit stays a text.
pub(super) fn typed(text: &str, kind: Option<DataType>) -> Datum {
    match kind {
        Some(DataType::Integer | DataType::Float) if is_json_number(text) => Datum::Number(text.to_owned()),
        Some(DataType::Boolean) if text.eq_ignore_ascii_case("true") => Datum::Bool(true),
        Some(DataType::Boolean) if text.eq_ignore_ascii_case("false") => Datum::Bool(false),
        Some(_) | None => Datum::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
