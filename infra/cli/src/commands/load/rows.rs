//! Rows out of NDJSON, CSV and Parquet files, exact; a mistake names file and line, never the value.

mod parquet;

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use datamap::{Collection, DataType, RowFormat, Source};
use domain::datum::{Datum, is_json_number};
use thiserror::Error;

use super::shape::{Row, Shape, Unfit};
use crate::parquet_rows::is_parquet;

/// The largest row a table takes.
const LIMIT_BYTES: usize = 400 * 1024;

/// The first mistake of a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {message}")]
pub(in crate::commands) struct Mistake {
    place: String,
    message: String,
}

impl Mistake {
    fn at(path: &Path, line: u64, message: impl Display) -> Self {
        Self { place: format!("{}:{line}", path.display()), message: message.to_string() }
    }

    fn of(path: &Path, message: impl Display) -> Self {
        Self { place: path.display().to_string(), message: message.to_string() }
    }
}

/// Calls `each` with every row and its line, and stops at the first mistake.
pub(super) fn each_row(
    path: &Path,
    collection: &Collection,
    each: &mut dyn FnMut(Row) -> Result<(), Unfit>,
) -> Result<(), Mistake> {
    numbered(path, collection, &mut |_, row| each(row))
}

/// Reads a whole file of a table; gives back the table's shape and the number of rows.
pub(super) fn check_table(path: &Path, collection: &Collection) -> Result<(Option<Shape>, u64), Mistake> {
    let mut shape: Option<Shape> = None;
    let mut lines: HashMap<String, u64> = HashMap::new();
    let mut count = 0;
    numbered(path, collection, &mut |line, mut row| {
        let known = match shape.take() {
            Some(known) => known,
            None => Shape::of(collection, &row)?,
        };
        let shape = shape.insert(known);
        shape.fit(&mut row)?;
        count += 1;
        match lines.insert(shape.key_text(&row), line) {
            Some(first) => Err(Unfit(format!("has the same primary key as line {first}"))),
            None => Ok(()),
        }
    })?;
    Ok((shape, count))
}

/// Reads a whole object of rows.
pub(super) fn check_object(path: &Path, collection: &Collection) -> Result<(), Mistake> {
    each_row(path, collection, &mut |_| Ok(()))
}

/// The first rows of a file that are wanted; a file is read no further than that.
pub(in crate::commands) fn first_rows(
    path: &Path,
    collection: &Collection,
    most: usize,
    is_wanted: &dyn Fn(&Datum) -> bool,
) -> Result<Vec<Datum>, Mistake> {
    let mut rows = Vec::with_capacity(most.min(1024));
    let read = numbered(path, collection, &mut |_, row| {
        let row = Datum::Map(row);
        if is_wanted(&row) {
            rows.push(row);
        }
        if rows.len() < most { Ok(()) } else { Err(Unfit("enough".to_owned())) }
    });
    if rows.len() < most { read.map(|()| rows) } else { Ok(rows) }
}

type Numbered<'a> = &'a mut dyn FnMut(u64, Row) -> Result<(), Unfit>;

fn numbered(path: &Path, collection: &Collection, each: Numbered<'_>) -> Result<(), Mistake> {
    if is_parquet(path) {
        return parquet::each(path, each);
    }
    let file = File::open(path).map_err(|error| Mistake::of(path, error))?;
    if is_csv(path, collection) { csv(path, file, collection, each) } else { ndjson(path, file, each) }
}

fn is_csv(path: &Path, collection: &Collection) -> bool {
    match &collection.source {
        Source::S3Objects { format, .. } => *format == RowFormat::Csv,
        Source::DynamoDb { .. } | Source::S3Media { .. } => {
            path.extension().is_some_and(|extension| extension == "csv")
        }
    }
}

fn ndjson(path: &Path, file: File, each: Numbered<'_>) -> Result<(), Mistake> {
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        line += 1;
        if reader.read_until(b'\n', &mut bytes).map_err(|error| Mistake::at(path, line, error))? == 0 {
            return Ok(());
        }
        // A byte order mark may begin a file that an editor has saved.
        let text = if line == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) } else { &bytes };
        if text.trim_ascii().is_empty() {
            continue;
        }
        if text.len() > LIMIT_BYTES {
            return Err(Mistake::at(path, line, "the row is larger than 400 KiB"));
        }
        match Datum::parse_json(text).map_err(|error| Mistake::at(path, line, error))? {
            Datum::Map(row) => each(line, row).map_err(|unfit| Mistake::at(path, line, unfit))?,
            Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) => {
                return Err(Mistake::at(path, line, "a row must be a JSON object"));
            }
        }
    }
}

fn csv(path: &Path, file: File, collection: &Collection, each: Numbered<'_>) -> Result<(), Mistake> {
    let mut reader = csv::ReaderBuilder::new().from_reader(BufReader::new(file));
    let columns = reader.headers().map_err(|error| broken_csv(path, &error))?.clone();
    for (place, name) in columns.iter().enumerate() {
        if name.is_empty() || columns.iter().take(place).any(|earlier| earlier == name) {
            return Err(Mistake::at(path, 1, format_args!("column {} has no name of its own", place + 1)));
        }
    }
    for record in reader.records() {
        let record = record.map_err(|error| broken_csv(path, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Row::new();
        for (name, cell) in columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            let value = typed(collection, name, cell).map_err(|unfit| Mistake::at(path, line, unfit))?;
            put(&mut row, name, value);
        }
        each(line, row).map_err(|unfit| Mistake::at(path, line, unfit))?;
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the csv crate is open")]
fn broken_csv(path: &Path, error: &csv::Error) -> Mistake {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Mistake::at(path, line, format_args!("{len} cells where the header has {expected_len}"))
        }
        csv::ErrorKind::Utf8 { .. } => Mistake::at(path, line, "not UTF-8"),
        other => Mistake::at(path, line, format_args!("not readable as CSV ({})", kind_name(other))),
    }
}

fn kind_name(kind: &csv::ErrorKind) -> &'static str {
    if matches!(kind, csv::ErrorKind::Io(_)) { "the file cannot be read" } else { "broken quoting" }
}

/// A cell as the type that the map declares for its column; without one it is a text.
fn typed(collection: &Collection, name: &str, cell: &str) -> Result<Datum, Unfit> {
    let field = collection.field(name).and_then(|field| collection.fields.get(field));
    let json =
        |cell: &str| Datum::parse_json(cell.as_bytes()).map_err(|error| Unfit(format!("column `{name}`: {error}")));
    if name == "_other" || field.is_some_and(|field| field.array) {
        return json(cell);
    }
    match field.and_then(|field| field.data_type) {
        Some(DataType::Integer | DataType::Float) if is_json_number(cell) => Ok(Datum::Number(cell.to_owned())),
        Some(DataType::Integer | DataType::Float) => Err(Unfit(format!("column `{name}` must hold a number"))),
        Some(DataType::Boolean) => match cell {
            "true" => Ok(Datum::Bool(true)),
            "false" => Ok(Datum::Bool(false)),
            _other_text => Err(Unfit(format!("column `{name}` must hold true or false"))),
        },
        Some(DataType::Object) => json(cell),
        Some(DataType::String | DataType::ObjectId) | None => Ok(Datum::Text(cell.to_owned())),
    }
}

/// Puts `name.given` into an object `name`; the column `_other` gives its own fields.
fn put(row: &mut Row, path: &str, value: Datum) {
    match (path.split_once('.'), value) {
        (None, Datum::Map(others)) if path == "_other" => row.extend(others),
        (None, value) => row.push((path.to_owned(), value)),
        (Some((head, rest)), value) => {
            let place = row.iter().position(|(name, inner)| name == head && matches!(inner, Datum::Map(_)));
            let place = place.unwrap_or_else(|| {
                row.push((head.to_owned(), Datum::Map(Vec::new())));
                row.len() - 1
            });
            if let Some((_, Datum::Map(inner))) = row.get_mut(place) {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    const MAP: &str = "dataset:
  - fides_key: shop
    collections:
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, fides_meta: {identity: email}}
          - {name: paid, fides_meta: {data_type: boolean}}
          - {name: tags, fides_meta: {data_type: 'string[]'}}
          - {name: to, fides_meta: {data_type: object}, fields: [{name: city}]}
";

    fn orders() -> Collection {
        let checked = datamap::read_strs(&[("map.yml", MAP)]);
        checked.map.unwrap().collections[0].clone()
    }

    fn file(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("habeas-rows-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    fn mistake(name: &str, text: &str) -> String {
        let path = file(name, text);
        let told = check_table(&path, &orders()).unwrap_err().to_string();
        fs::remove_file(&path).unwrap();
        told.replace(&path.display().to_string(), "F")
    }

    fn rows(name: &str, text: &str) -> Vec<Row> {
        let path = file(name, text);
        let mut rows = Vec::new();
        each_row(&path, &orders(), &mut |row| {
            rows.push(row);
            Ok(())
        })
        .unwrap();
        fs::remove_file(&path).unwrap();
        rows
    }

    #[test]
    fn a_broken_line_is_named() {
        assert!(mistake("a.ndjson", "{\"id\":1}\n\n{\"id\":").starts_with("F:3: invalid JSON at byte"));
        assert_eq!(mistake("b.ndjson", "{\"id\":1}\n[2]\n"), "F:2: a row must be a JSON object");
        assert_eq!(mistake("c.ndjson", "{\"id\":1}\n{\"email\":\"x\"}\n"), "F:2: the key field `id` is missing");
        assert_eq!(mistake("d.ndjson", "{\"id\":\"1\"}\n"), "F:1: the key field `id` must hold a number");
        assert_eq!(
            mistake("e.ndjson", "{\"id\":1}\n{\"id\":2}\n{\"id\":1}\n"),
            "F:3: has the same primary key as line 1"
        );
        assert_eq!(mistake("f.csv", "id,paid\n1,true\n2,true,3\n"), "F:3: 3 cells where the header has 2");
        assert_eq!(mistake("g.csv", "id,paid\n1,yes\n"), "F:2: column `paid` must hold true or false");
        assert_eq!(mistake("h.csv", "id,id\n1,2\n"), "F:1: column 2 has no name of its own");
    }

    #[test]
    fn csv_cells_take_the_types_of_the_map() {
        let text = "id,email,paid,tags,to.city,_other\n1.50,,false,\"[\"\"a\"\"]\",Gent,\"{\"\"x\"\":1e2}\"\n";
        let row = rows("typed.csv", text).remove(0);
        let written = Datum::Map(row).to_json();
        let wanted = r#"{"id":1.50,"paid":false,"tags":["a"],"to":{"city":"Gent"},"x":1e2}"#;
        assert_eq!(String::from_utf8(written).unwrap(), wanted);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let row = rows("digits.ndjson", "\u{feff}{\"id\":1,\"n\":12345678901234567890.120}\n").remove(0);
        assert_eq!(row[1].1, Datum::Number("12345678901234567890.120".to_owned()));
    }
}
