//! Rows in either format, with one way to feed them and to say how far they are.

use datamap::RowFormat;

use super::csv_records::CsvRecords;
use super::lines::Lines;

/// Records of an object.
#[derive(Debug)]
pub(super) enum Records {
    NdJson(Lines),
    Csv(Box<CsvRecords>),
}

impl Records {
    pub(super) fn new(format: RowFormat, consumed: u64, line: u64, header: Option<Vec<String>>) -> Self {
        match format {
            // Parquet is not read as text; were it ever, its first line is told to be no JSON object.
            RowFormat::NdJson | RowFormat::Parquet => Self::NdJson(Lines::new(consumed, line)),
            RowFormat::Csv => Self::Csv(Box::new(CsvRecords::new(consumed, line, header))),
        }
    }

    /// Where the next bytes are put.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        match self {
            Self::NdJson(lines) => lines.buffer(),
            Self::Csv(records) => records.buffer(),
        }
    }

    /// The bytes before the record given last, which belong to none, and its own, as they came.
    pub(super) fn raw(&self) -> (&[u8], &[u8]) {
        match self {
            Self::NdJson(lines) => lines.raw(),
            Self::Csv(records) => records.raw(),
        }
    }

    /// Bytes up to the end of the last record given.
    pub(super) const fn consumed(&self) -> u64 {
        match self {
            Self::NdJson(lines) => lines.consumed(),
            Self::Csv(records) => records.consumed(),
        }
    }

    /// The line that comes next, from 1.
    pub(super) const fn line(&self) -> u64 {
        match self {
            Self::NdJson(lines) => lines.line(),
            Self::Csv(records) => records.line(),
        }
    }

    /// The names of the columns, where there are any.
    pub(super) const fn header(&self) -> Option<&Vec<String>> {
        match self {
            Self::NdJson(_) => None,
            Self::Csv(records) => records.header(),
        }
    }
}
