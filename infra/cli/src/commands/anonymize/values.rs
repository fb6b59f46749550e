//! Rewrites text, NDJSON, JSON, CSV and rows of Parquet record by record; memory holds one record at a time, but for one JSON document.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context as _, ensure};
use indicatif::ProgressBar;
use pii::detect::Scanner;
use pii::differential_privacy::RandomBytes;
use pii::mask::{Anonymizer, HashKey, Method, Replacements};
use serde_json::{Map, Value};

use crate::args::AnonymizeArguments;
use crate::commands::scan::reader::{Format, refuse_parquet};
use crate::parquet_rows;

/// Random bytes of the operating system.
struct System;

impl RandomBytes for System {
    fn fill(&mut self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).expect("the system gives random bytes, as it did for the key");
    }
}

/// Replaces values by one method and counts.
pub(super) struct Values<'a> {
    // Configuration.
    scanner: Scanner,
    method: Method,
    fields: Option<&'a [String]>,
    key: HashKey,
    replacements: Replacements<System>,
    // What was counted.
    records: u64,
    found: u64,
    unchanged: u64,
    /// Records that are no JSON where JSON was expected; they were taken as text.
    as_text: u64,
    /// Sources that could not be read to their end.
    broken: u64,
}

impl<'a> Values<'a> {
    pub(super) fn new(arguments: &'a AnonymizeArguments, method: Method) -> anyhow::Result<Self> {
        let key = key(arguments)?;
        Ok(Self {
            scanner: if arguments.people { Scanner::new().with_people() } else { Scanner::new() },
            method,
            fields: arguments.fields.as_deref(),
            key: HashKey::new(&key),
            replacements: Replacements::new(&key, System),
            records: 0,
            found: 0,
            unchanged: 0,
            as_text: 0,
            broken: 0,
        })
    }

    /// Rewrites one source.
    pub(super) fn rewrite(
        &mut self,
        mut input: impl BufRead,
        format: Option<Format>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        refuse_parquet(&mut input)?;
        match format {
            Some(Format::Csv) => self.csv(input, out),
            Some(Format::Document) => self.document(input, out),
            Some(Format::Text | Format::Lines) | None => self.lines(input, format, out),
        }
    }

    /// Rewrites a Parquet file; each row becomes a line of JSON.
    pub(super) fn rows(&mut self, file: &Path, bar: &ProgressBar, out: &mut dyn Write) -> anyhow::Result<()> {
        let read = parquet_rows::each_row(file, bar, &mut |_, row| {
            let document = serde_json::from_slice(&row.to_json())?;
            serde_json::to_writer(&mut *out, &self.replaced(document))?;
            Ok(out.write_all(b"\n")?)
        })?;
        self.broken += u64::from(read.broken);
        Ok(())
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.broken == 0
    }

    pub(super) fn summary(&self) -> String {
        let mut text = format!("{} records, {} found and replaced", self.records, self.found - self.unchanged);
        for (count, what) in [
            (self.unchanged, "stayed, as the method has nothing to say on their type"),
            (self.as_text, "were no JSON and were taken as text"),
            (self.broken, "sources could not be read to their end; what was read is written"),
        ] {
            if count > 0 {
                text = format!("{text}; {count} {what}");
            }
        }
        text
    }

    fn lines(&mut self, mut input: impl BufRead, format: Option<Format>, out: &mut dyn Write) -> anyhow::Result<()> {
        let (mut format, mut line) = (format, Vec::new());
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let is_json = *format.get_or_insert_with(|| Format::of_line(text)) == Format::Lines && !text.is_empty();
            match is_json.then(|| serde_json::from_slice(text).ok()).flatten() {
                Some(document) => serde_json::to_writer(&mut *out, &self.replaced(document))?,
                None => {
                    self.as_text += u64::from(is_json);
                    self.text(text, out)?;
                }
            }
            out.write_all(&line[text.len()..])?;
        }
    }

    /// A line whose bytes are no UTF-8 loses those bytes: what can't be read can't be shown to be harmless.
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> anyhow::Result<()> {
        let text = String::from_utf8_lossy(text).into_owned();
        // Fields are a matter of documents; in plain text everything counts.
        let fields = self.fields.take();
        let replaced = self.replaced(Value::String(text));
        self.fields = fields;
        Ok(out.write_all(replaced.as_str().unwrap_or_default().as_bytes())?)
    }

    fn document(&mut self, mut input: impl BufRead, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        let Ok(document) = serde_json::from_slice(&bytes) else {
            return self.lines(&bytes[..], Some(Format::Lines), out);
        };
        serde_json::to_writer(&mut *out, &self.replaced(document))?;
        Ok(out.write_all(b"\n")?)
    }

    fn csv(&mut self, input: impl BufRead, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
        let header = reader.byte_headers()?.clone();
        writer.write_byte_record(&header)?;
        let names: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let mut record = csv::ByteRecord::new();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    self.broken += 1;
                    break;
                }
            }
            self.records += 1;
            for (at, cell) in record.iter().enumerate() {
                let name = names.get(at).map_or("", String::as_str);
                writer.write_field(self.cell(name, String::from_utf8_lossy(cell).into_owned()))?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(writer.flush()?)
    }

    fn cell(&mut self, name: &str, cell: String) -> String {
        // Noise is for numbers, and a cell does not say whether it is one.
        let number = (self.method == Method::NoiseAddition).then(|| serde_json::from_str(&cell).ok()).flatten();
        let value = Value::Number(match number {
            Some(number) => number,
            None => return self.text_cell(name, cell),
        });
        let replaced = self.document_of(name, value);
        self.records -= 1;
        replaced.map_or_else(String::new, |value| value.to_string())
    }

    fn text_cell(&mut self, name: &str, cell: String) -> String {
        let replaced = self.document_of(name, Value::String(cell));
        self.records -= 1;
        match replaced {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    fn document_of(&mut self, name: &str, value: Value) -> Option<Value> {
        let document = Value::Object(Map::from_iter([(name.to_owned(), value)]));
        match self.replaced(document) {
            Value::Object(fields) => fields.into_iter().next().map(|(_, value)| value),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        }
    }

    fn replaced(&mut self, document: Value) -> Value {
        let anonymizer = Anonymizer::new(&self.scanner, self.method, &self.key, &mut self.replacements);
        let anonymizer = match self.fields {
            Some(fields) => anonymizer.only(fields),
            None => anonymizer,
        };
        let done = anonymizer.anonymize(document);
        self.records += 1;
        self.found += u64::try_from(done.found).unwrap_or(u64::MAX);
        self.unchanged += u64::try_from(done.unchanged).unwrap_or(u64::MAX);
        done.document
    }
}

/// The key of the file, or one for this run alone.
fn key(arguments: &AnonymizeArguments) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    let Some(path) = &arguments.key_file else {
        aws_lc_rs::rand::fill(&mut key).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
        return Ok(key);
    };
    let bytes = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    ensure!(bytes.len() == key.len(), "{} has {} bytes, a key has 32", path.display(), bytes.len());
    key.copy_from_slice(&bytes);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

    fn rewritten(more: &[&str], format: Option<Format>, text: &str) -> String {
        let words = ["habeas", "anonymize", "-"].iter().chain(more).copied();
        let Command::Anonymize(arguments) = Arguments::parse_from(words).command else { unreachable!() };
        let method = arguments.method.parse().unwrap();
        let mut values = Values::new(&arguments, method).unwrap();
        let mut out = Vec::new();
        values.rewrite(text.as_bytes(), format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_format_keeps_its_shape() {
        assert_eq!(rewritten(&[], None, "mail ada@example.com\r\n\nend"), "mail a*a@example.com\r\n\nend");
        let lines = "{\"email\":\"ada@example.com\",\"n\":7}\n{ada@example.com\n";
        assert_eq!(rewritten(&[], None, lines), "{\"email\":\"a*a@example.com\",\"n\":7}\n{a*a@example.com\n");
        let document = rewritten(&["--method", "redaction"], Some(Format::Document), "{\n\"phone\": \"x\"\n}");
        assert_eq!(document, "{\"phone\":\"[REDACTED]\"}\n");
        let table = "id,email\n1,\"ada@example.com\"\n2,\n";
        assert_eq!(rewritten(&[], Some(Format::Csv), table), "id,email\n1,a*a@example.com\n2,\n");
    }

    #[test]
    fn only_named_fields_are_replaced() {
        let line = "{\"a\":\"ada@example.com\",\"b\":\"bob@example.com\"}\n";
        assert_eq!(rewritten(&["--fields", "a"], None, line), line.replace("ada", "a*a"));
        assert_eq!(
            rewritten(&["--fields", "email"], Some(Format::Csv), "email,b\nada@example.com,bob@example.com\n"),
            "email,b\na*a@example.com,bob@example.com\n"
        );
    }

    #[test]
    fn noise_moves_numbers_of_tables_and_leaves_texts() {
        let table =
            rewritten(&["--method", "noise_addition", "--fields", "age"], Some(Format::Csv), "age,b\n1000000,5\nx,6\n");
        let rows: Vec<&str> = table.lines().collect();
        assert!(rows[1] != "1000000,5" && rows[1].ends_with(",5") && rows[2] == "x,6", "{table}");
    }

    #[test]
    fn rows_of_parquet_become_lines_and_a_damaged_file_is_told() {
        use crate::parquet_rows::tests::written;
        let path = written("values", &[(1, "ada@example.com"), (2, "x")]);
        let Command::Anonymize(arguments) = Arguments::parse_from(["habeas", "anonymize", "-"]).command else {
            unreachable!()
        };
        let mut values = Values::new(&arguments, Method::Masking).unwrap();
        let (mut out, bar) = (Vec::new(), ProgressBar::hidden());
        values.rows(&path, &bar, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"id\":1,\"note\":\"a*a@example.com\"}\n{\"id\":2,\"note\":\"x\"}\n"
        );
        assert!(values.is_whole());
        let whole = fs::read(&path).unwrap();
        assert!(values.rewrite(&whole[..], None, &mut Vec::new()).is_err(), "Parquet is no text");
        fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        values.rows(&path, &bar, &mut Vec::new()).unwrap();
        assert!(!values.is_whole() && values.summary().contains("could not be read to their end"));
        fs::remove_file(path).unwrap();
    }
}
