//! Reads text, NDJSON, JSON and CSV line by line and hands over what is found; memory holds one record at a time.

use std::io::{self, BufRead};

use pii::detect::{DocumentScanner, Hit, PiiType, Scanner, type_of_field};

use super::finding::Finding;
use crate::parquet_rows::MAGIC;

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Format {
    /// Lines of text.
    Text,
    /// A JSON document on each line.
    Lines,
    /// One JSON document.
    Document,
    /// Records with a header.
    Csv,
}

impl Format {
    /// What the name says; nothing where the first line has to say it.
    pub(in crate::commands) fn of_name(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
        match ending.as_str() {
            "ndjson" | "jsonl" => Some(Self::Lines),
            "json" => Some(Self::Document),
            "csv" => Some(Self::Csv),
            "txt" | "log" | "md" => Some(Self::Text),
            _ => None,
        }
    }

    pub(in crate::commands) fn of_line(line: &[u8]) -> Self {
        if line.trim_ascii_start().starts_with(b"{") { Self::Lines } else { Self::Text }
    }
}

/// How the reading went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) lines: u64,
    /// Lines that are no JSON where JSON was expected; they were scanned as text.
    pub(super) unreadable: u64,
    /// Whether the rest could not be read.
    pub(super) broken: bool,
}

type Sink<'s> = &'s mut dyn FnMut(u64, Finding<'_>) -> io::Result<()>;

/// Reads to the end and hands over each find with the number of its line, from 1.
pub(super) fn read(
    mut input: impl BufRead,
    format: Option<Format>,
    scanner: &Scanner,
    sink: Sink<'_>,
) -> anyhow::Result<Read> {
    refuse_parquet(&mut input)?;
    match format {
        Some(Format::Csv) => csv_records(input, scanner, sink),
        Some(Format::Document) => document(input, scanner, sink),
        Some(Format::Text | Format::Lines) | None => lines(input, format, scanner, sink),
    }
}

/// Parquet is read from its end: it can't come through a pipe, and is no text either.
pub(in crate::commands) fn refuse_parquet(input: &mut impl BufRead) -> anyhow::Result<()> {
    anyhow::ensure!(!input.fill_buf()?.starts_with(MAGIC), "Parquet can't be read from a stream: name the file");
    Ok(())
}

fn lines(mut input: impl BufRead, format: Option<Format>, scanner: &Scanner, sink: Sink<'_>) -> anyhow::Result<Read> {
    let (mut format, mut read, mut line, mut hits) = (format, Read::default(), Vec::new(), Vec::new());
    let mut documents = scanner.documents();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(read);
        }
        read.lines += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let as_json = *format.get_or_insert_with(|| Format::of_line(text)) == Format::Lines && !text.is_empty();
        if as_json && json_line(text, read.lines, &mut documents, sink)? {
            continue;
        }
        read.unreadable += u64::from(as_json);
        hits.clear();
        scanner.find(text, &mut hits);
        for hit in &hits {
            sink(read.lines, Finding::of_hit(hit, None))?;
        }
    }
}

/// Whether the line was a JSON document.
fn json_line(text: &[u8], line: u64, documents: &mut DocumentScanner<'_>, sink: Sink<'_>) -> anyhow::Result<bool> {
    let Ok(matches) = documents.scan(text) else { return Ok(false) };
    for found in &matches {
        sink(line, Finding::of_match(found))?;
    }
    Ok(true)
}

/// One document; where it is none, its lines are read one by one.
fn document(mut input: impl BufRead, scanner: &Scanner, sink: Sink<'_>) -> anyhow::Result<Read> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let lines_read = u64::try_from(bytes.split(|byte| *byte == b'\n').count())?;
    if json_line(&bytes, 1, &mut scanner.documents(), sink)? {
        return Ok(Read { lines: lines_read, ..Read::default() });
    }
    lines(&bytes[..], Some(Format::Lines), scanner, sink)
}

fn csv_records(input: impl BufRead, scanner: &Scanner, sink: Sink<'_>) -> anyhow::Result<Read> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let header = reader.byte_headers()?.clone();
    let columns: Vec<(String, Option<PiiType>)> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .map(|name| (name.clone(), type_of_field(&name)))
        .collect();
    let (mut read, mut record) = (Read { lines: 1, ..Read::default() }, csv::ByteRecord::new());
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(read),
            Err(_) => return Ok(Read { broken: true, ..read }),
        }
        read.lines = record.position().map_or(read.lines + 1, csv::Position::line);
        for (at, value) in record.iter().enumerate() {
            let column = columns.get(at);
            let mut hits = Vec::new();
            find_cell(scanner, value, column.and_then(|column| column.1), &mut hits);
            for hit in &hits {
                sink(read.lines, Finding::of_hit(hit, column.map(|column| column.0.as_str())))?;
            }
        }
    }
}

/// A cell that is no text is still looked at by its shape.
fn find_cell(scanner: &Scanner, value: &[u8], field: Option<PiiType>, hits: &mut Vec<Hit>) {
    match std::str::from_utf8(value) {
        Ok(text) => scanner.find_value(text, field, hits),
        Err(_) => scanner.find_in_field(value, field, hits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, format: Option<Format>) -> Vec<(u64, Option<String>, PiiType)> {
        let mut seen = Vec::new();
        let mut sink = |line, found: Finding<'_>| {
            seen.push((line, found.field.map(ToOwned::to_owned), found.kind));
            Ok(())
        };
        read(text.as_bytes(), format, &Scanner::new(), &mut sink).unwrap();
        seen
    }

    #[test]
    fn each_format_names_line_and_field() {
        let field = |name: &str| Some(name.to_owned());
        assert_eq!(found("x\nmail a@b.example\r\n", None), [(2, None, PiiType::Email)]);
        let by_both = [(1, field("a.note"), PiiType::Email), (2, None, PiiType::Email)];
        assert_eq!(found("{\"a\":{\"note\":\"x a@b.example\"}}\n{ a@b.example\n", None), by_both);
        let table = "id,phone\n1,\"+49 30\n901820\"\n2,020 7946 0018\n";
        let lines: Vec<u64> = found(table, Some(Format::Csv)).iter().map(|found| found.0).collect();
        assert_eq!(lines, [2, 2, 4, 4]);
        assert_eq!(
            found("{\n \"note\": \"a@b.example\"\n}\n", Some(Format::Document)),
            [(1, field("note"), PiiType::Email)]
        );
    }
}
