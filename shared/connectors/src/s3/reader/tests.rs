//! Objects cut into chunks at every size, read whole and resumed at every row.

use std::io::Write as _;
use std::sync::Arc;

use datamap::DataMap;
use futures::executor::block_on;
use workflow::ports::SourceLookup;

use super::*;

const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: rows
        fields:
          - {name: id, fides_meta: {primary_key: true, identity: user_id}}
          - {name: n, fides_meta: {data_type: integer}}
          - {name: note}
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: eu-central-1
    collections:
      rows: {bucket: b, prefix: rows/, format: ndjson}
";

struct Pieces(Vec<Vec<u8>>);

impl Chunks for Pieces {
    async fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, PortError> {
        if self.0.is_empty() {
            return Ok(false);
        }
        out.extend(self.0.remove(0));
        Ok(true)
    }
}

fn pieces(bytes: &[u8], size: usize) -> Pieces {
    Pieces(bytes.chunks(size).map(<[u8]>::to_vec).collect())
}

fn lookup(field: &str, values: &[&str], tenant_field: Option<&str>) -> SourceLookup {
    let checked = datamap::read_strs(&[("map.yml", MAP)]);
    let mut map: DataMap = checked.map.expect("the map is sound");
    map.connections[0].tenant_field = tenant_field.map(str::to_owned);
    let values = values.iter().map(|value| Datum::parse_json(value.as_bytes()).unwrap()).collect();
    let tenant = "acme".parse().unwrap();
    SourceLookup { tenant, map: Arc::new(map), collection: 0, field: field.to_owned(), values }
}

/// The rows as JSON, and where to go on after each.
fn read_from(
    bytes: &[u8],
    format: RowFormat,
    lookup: &SourceLookup,
    inside: &Inside,
    size: usize,
) -> Result<Vec<(String, Inside)>, PortError> {
    let scope = Scope::of(lookup)?;
    let wanted = Wanted::new(scope.values());
    let from = if inside.packing().is_packed() { 0 } else { usize::try_from(inside.at).unwrap() };
    let mut reader = Reader::new(pieces(&bytes[from..], size), format, inside, 3);
    let mut rows = Vec::new();
    loop {
        match block_on(reader.next(&scope, &wanted))? {
            Read::End => return Ok(rows),
            Read::Other => {}
            Read::Row(row, _) => rows.push((String::from_utf8(row.to_json()).unwrap(), reader.position(inside))),
        }
    }
}

fn start(is_gzip: bool) -> Inside {
    Inside { line: 1, key: if is_gzip { "a.gz" } else { "a" }.to_owned(), ..Inside::default() }
}

/// Reads in chunks of many sizes, and again from behind each row.
fn check(bytes: &[u8], is_gzip: bool, format: RowFormat, lookup: &SourceLookup, expected: &[&str]) {
    for size in [1, 2, 3, 7, 64, 100_000] {
        let rows = read_from(bytes, format, lookup, &start(is_gzip), size).unwrap();
        let texts: Vec<&str> = rows.iter().map(|(row, _)| row.as_str()).collect();
        assert_eq!(texts, expected, "in chunks of {size}");
        for (position, (_, inside)) in rows.iter().enumerate() {
            let rest = read_from(bytes, format, lookup, inside, size).unwrap();
            let rest: Vec<&str> = rest.iter().map(|(row, _)| row.as_str()).collect();
            assert_eq!(rest, expected[position + 1..], "resumed in chunks of {size}");
        }
    }
}

fn check_broken(bytes: &[u8], is_gzip: bool, format: RowFormat, expected: &str) {
    for size in [1, 5, 100_000] {
        let error = read_from(bytes, format, &lookup("id", &["7"], None), &start(is_gzip), size).unwrap_err();
        let told = error.source.as_ref().unwrap().to_string();
        assert_eq!(told, expected);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const NDJSON: &str = concat!(
    "\u{feff}{\"id\":7,\"n\":1.10}\n",
    "{\"id\":70}\r\n\n  \n",
    "{\"id\":7.0,\"note\":\"a\\nb\"}\n",
    "{\"x\":{\"id\":7}}\n",
    "{\"id\":[1,7],\"n\":123456789012345678901234567890123456789}",
);
const NDJSON_ROWS: [&str; 3] = [
    r#"{"id":7,"n":1.10}"#,
    r#"{"id":7.0,"note":"a\nb"}"#,
    r#"{"id":[1,7],"n":123456789012345678901234567890123456789}"#,
];

const CSV: &str = "id,n,note\r\n7,1.50,\"a, \"\"b\"\"\r\nc\"\r\n70,2,x\n\n7.0,,5\" disk\n8,1,y\n7,007,\"\"";
const CSV_ROWS: [&str; 3] = [
    r#"{"id":"7","n":1.50,"note":"a, \"b\"\r\nc"}"#,
    r#"{"id":"7.0","n":"","note":"5\" disk"}"#,
    r#"{"id":"7","n":"007","note":""}"#,
];

#[test]
fn rows_of_ndjson_are_found_and_exact() {
    check(NDJSON.as_bytes(), false, RowFormat::NdJson, &lookup("id", &["7"], None), &NDJSON_ROWS);
    check(b"", false, RowFormat::NdJson, &lookup("id", &["7"], None), &[]);
    check(NDJSON.as_bytes(), false, RowFormat::NdJson, &lookup("id", &["\"\"", "null"], None), &[]);
}

#[test]
fn rows_of_csv_are_found_by_number_or_text() {
    check(CSV.as_bytes(), false, RowFormat::Csv, &lookup("id", &["7"], None), &CSV_ROWS);
    let by_text = lookup("id", &["\"7\""], None);
    check(CSV.as_bytes(), false, RowFormat::Csv, &by_text, &[CSV_ROWS[0], CSV_ROWS[2]]);
    check(b"", false, RowFormat::Csv, &by_text, &[]);
    check(b"id,n\n\n", false, RowFormat::Csv, &by_text, &[]);
}

#[test]
fn gzip_is_read_whole_and_resumed_by_count() {
    check(&gzip(NDJSON.as_bytes()), true, RowFormat::NdJson, &lookup("id", &["7"], None), &NDJSON_ROWS);
    let (one, other) = CSV.split_at(20);
    let members = [gzip(one.as_bytes()), gzip(other.as_bytes())].concat();
    check(&members, true, RowFormat::Csv, &lookup("id", &["7"], None), &CSV_ROWS);
}

#[test]
fn rows_of_another_tenant_never_leave() {
    let rows = b"{\"id\":7,\"org\":\"other\"}\n{\"id\":7,\"org\":\"acme\"}\n{\"id\":7}\n{\"id\":7,\"org\":[\"acme\",\"other\"]}\n";
    let lookup = lookup("id", &["7"], Some("org"));
    check(rows, false, RowFormat::NdJson, &lookup, &[r#"{"id":7,"org":"acme"}"#]);
    check(b"id,org\n7,other\n7,acme\n7,\n", false, RowFormat::Csv, &lookup, &[r#"{"id":"7","org":"acme"}"#]);
}

#[test]
fn broken_objects_are_told_by_position_only() {
    let place = |line: u64, what: &str| format!("object 3 in listing order, line {line}: {what}");
    let not_an_object = "not a JSON object";
    check_broken(b"{\"id\":1}\n{\"secret\":\"se", false, RowFormat::NdJson, &place(2, not_an_object));
    check_broken(b"\n[\"secret\"]\n", false, RowFormat::NdJson, &place(2, not_an_object));
    check_broken(b"id,n\n7,1\n8,\"secret", false, RowFormat::Csv, &place(3, "a quote is not closed"));
    check_broken(b"id,n\n\"7\n7\",1\n8\n", false, RowFormat::Csv, &place(4, "not as many fields as the header"));
    check_broken(b"id,id\n", false, RowFormat::Csv, &place(1, "the header names a column twice"));
    check_broken(b"x\nsecret\n", false, RowFormat::Csv, &place(1, "the header lacks the field that is looked up"));
    check_broken(b"id\n\xff\n", false, RowFormat::Csv, &place(2, "not text in UTF-8"));
    let mut cut = gzip(NDJSON.as_bytes());
    cut.truncate(cut.len() - 6);
    let scope = lookup("id", &["7"], None);
    let error = read_from(&cut, RowFormat::NdJson, &scope, &start(true), 10).unwrap_err();
    assert!(error.source.unwrap().to_string().ends_with("not in gzip form, or cut off"));
}

#[test]
fn a_sample_takes_every_row_of_the_tenant_whatever_it_holds() {
    let lookup = lookup("", &[], Some("note"));
    let scope = Scope::of(&lookup).unwrap();
    for (format, text) in [
        (
            RowFormat::NdJson,
            "{\"id\":1,\"note\":\"acme\"}\n{\"id\":2,\"note\":\"globex\"}\n{\"id\":3,\"note\":\"acme\"}\n",
        ),
        (RowFormat::Csv, "id,note\n1,acme\n2,globex\n3,acme\n"),
    ] {
        let mut reader = Reader::new(pieces(text.as_bytes(), 7), format, &start(false), 1);
        let mut count = 0;
        loop {
            match block_on(reader.next(&scope, &Wanted::everything())).unwrap() {
                Read::End => break,
                Read::Other => {}
                Read::Row(..) => count += 1,
            }
        }
        assert_eq!(count, 2, "{format:?}");
    }
}
