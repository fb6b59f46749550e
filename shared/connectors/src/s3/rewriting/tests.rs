//! Objects rewritten in pieces of every size: what is not the order's stays byte for byte.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use datamap::{DataMap, FieldRewrite, Masker, Masking, Strategy};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use workflow::ports::SourceLookup;

use super::super::broken::What;
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

struct Plain;

impl Masker for Plain {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.len())
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

fn order(values: &[&str], treatment: Treatment) -> ErasureOrder {
    let map: DataMap = datamap::read_strs(&[("map.yml", MAP)]).map.expect("the map is sound");
    let values = values.iter().map(|value| Datum::parse_json(value.as_bytes()).unwrap()).collect();
    let tenant = "acme".parse().unwrap();
    let lookup = SourceLookup { tenant, map: Arc::new(map), collection: 0, field: "id".to_owned(), values };
    ErasureOrder { lookup, treatment, masker: Arc::new(Plain), owner: None }
}

fn rewrites(fields: &[(&str, Strategy)]) -> Treatment {
    let one = |(path, strategy): &(&str, Strategy)| FieldRewrite {
        path: (*path).to_owned(),
        masking: Masking { strategy: *strategy, configuration: BTreeMap::new() },
    };
    Treatment::Rewrite { fields: fields.iter().map(one).collect(), kept: None }
}

/// The object after the order, and what was counted, by pieces of one size.
fn run(
    bytes: &[u8],
    format: RowFormat,
    order: &ErasureOrder,
    packing: Packing,
    size: usize,
) -> Result<(Vec<u8>, Tally), Broken> {
    let scope = Scope::of(&order.lookup).unwrap();
    let wanted = Wanted::new(scope.values());
    let work = Work { scope: &scope, order, wanted: &wanted, format, chosen: None };
    let mut rewriting = Rewriting::write(Works::of(&work), packing);
    let mut pieces = bytes.chunks(size);
    let mut out = Vec::new();
    loop {
        match rewriting.next()? {
            Next::End => break,
            Next::Record => out.extend(rewriting.take()),
            Next::Bytes => match pieces.next() {
                Some(piece) => rewriting.input().extend_from_slice(piece),
                None => rewriting.end()?,
            },
        }
    }
    out.extend(rewriting.take());
    Ok((out, rewriting.tallies().of(0)))
}

fn check(format: RowFormat, order: &ErasureOrder, before: &str, after: &str, counts: (u64, u64)) {
    let mut seen = None;
    for size in 1..=before.len() {
        let (out, tally) = run(before.as_bytes(), format, order, Packing::Plain, size).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), after, "in pieces of {size}");
        assert_eq!((tally.rows, tally.others), counts);
        assert_eq!(*seen.get_or_insert(tally.seen()), tally.seen());
        let packed = packed(before.as_bytes());
        let (out, of_packed) = run(&packed, format, order, Packing::Gzip, size).unwrap();
        let mut unpacked = String::new();
        MultiGzDecoder::new(&out[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!((unpacked.as_str(), &of_packed), (after, &tally));
        let (out, of_packed) = run(&zstd(before.as_bytes()), format, order, Packing::Zstd, size).unwrap();
        let unpacked = zstd::stream::decode_all(&out[..]).unwrap();
        assert_eq!((unpacked.as_slice(), of_packed), (after.as_bytes(), tally));
    }
    let (again, tally) = run(after.as_bytes(), format, order, Packing::Plain, 7).unwrap();
    assert_eq!((again, tally.rows), (after.as_bytes().to_vec(), 0), "erasing again changes nothing");
}

/// Two members, as appending writers make them.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut packed = Vec::new();
    for part in [first, second] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        packed.extend(encoder.finish().unwrap());
    }
    packed
}

/// Two frames.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    [first, second].into_iter().flat_map(|part| zstd::stream::encode_all(part, 1).unwrap()).collect()
}

#[test]
fn lines_of_others_stay_byte_for_byte() {
    let order = order(&["7"], Treatment::Delete);
    let before =
        "\u{FEFF}{\"id\":7}\n\n { \"id\" : 70 , \"x\":\"\\u0041\"}\r\n{\"id\":7.0,\"note\":\"a\"}\r\n\n{\"n\":1.00}";
    let after = "\u{FEFF}\n { \"id\" : 70 , \"x\":\"\\u0041\"}\r\n\n{\"n\":1.00}";
    check(RowFormat::NdJson, &order, before, after, (2, 2));
}

#[test]
fn a_last_line_without_a_break_goes_as_well() {
    let order = order(&["7"], Treatment::Delete);
    check(RowFormat::NdJson, &order, "{\"id\":8}\n{\"id\":7}", "{\"id\":8}\n", (1, 1));
    check(RowFormat::NdJson, &order, "{\"id\":7}", "", (1, 0));
    check(RowFormat::NdJson, &order, "{\"id\":8}\n{\"id\":7}\n\n", "{\"id\":8}\n\n", (1, 1));
}

#[test]
fn rewritten_lines_keep_their_other_fields_and_their_break() {
    let order = order(&["7"], rewrites(&[("note", Strategy::StringRewrite), ("n", Strategy::Delete)]));
    let before = "{\"id\":7,\"n\":1.50,\"x\":12345678901234567890.10,\"note\":\"a\"}  \r\n{\"id\":8, \"note\":\"b\"}\n{\"id\":7}";
    let after =
        "{\"id\":7,\"x\":12345678901234567890.10,\"note\":\"[REDACTED]\"}  \r\n{\"id\":8, \"note\":\"b\"}\n{\"id\":7}";
    check(RowFormat::NdJson, &order, before, after, (1, 2));
}

#[test]
fn records_of_others_stay_byte_for_byte() {
    let order = order(&["7"], Treatment::Delete);
    let before = "\u{FEFF}id,\"note\",n\r\n7,a,1\r\n8,\"x\ny \"\"q\"\"\r\n7\",2\r\n\"7\",\"q\n\",3\n\n9,  z ,\"4\"";
    let after = "\u{FEFF}id,\"note\",n\r\n8,\"x\ny \"\"q\"\"\r\n7\",2\r\n\n9,  z ,\"4\"";
    check(RowFormat::Csv, &order, before, after, (2, 2));
    let before = "id,note\n8,b\n7,a\n9,c\n";
    check(RowFormat::Csv, &order, before, "id,note\n8,b\n9,c\n", (1, 2));
    check(RowFormat::Csv, &order, "id,note\r\n8,b\r\n7,a", "id,note\r\n8,b\r\n", (1, 1));
    check(RowFormat::Csv, &order, "id,note\r\n7,a\r\n7.0,b\r\n", "id,note\r\n", (2, 0));
}

#[test]
fn rewritten_records_keep_their_other_cells() {
    let order = order(&["7"], rewrites(&[("note", Strategy::StringRewrite), ("n", Strategy::NullRewrite)]));
    let before = "id,note,n,x\r\n7,a,1,\"c, \"\"d\"\"\"\r\n8,\"b\",2,\r\n7,,,e\r\n";
    let after = "id,note,n,x\r\n7,[REDACTED],,\"c, \"\"d\"\"\"\r\n8,\"b\",2,\r\n7,,,e\r\n";
    check(RowFormat::Csv, &order, before, after, (1, 2));
}

#[test]
fn free_text_loses_what_is_found_in_it_and_nothing_else() {
    let order = order(&["7"], rewrites(&[("note", Strategy::PiiRewrite)]));
    let before =
        "{\"id\":7,\"note\":\"Late. Write to ada@example.com!\",\"n\":1.50}\n{\"id\":8,\"note\":\"bob@example.com\"}\n";
    let after =
        "{\"id\":7,\"note\":\"Late. Write to [REDACTED]!\",\"n\":1.50}\n{\"id\":8,\"note\":\"bob@example.com\"}\n";
    check(RowFormat::NdJson, &order, before, after, (1, 1));
    let before = "id,note\n7,\"Late, \"\"or so\"\": ada@example.com\"\n8,bob@example.com\n7,Late.\n";
    let after = "id,note\n7,\"Late, \"\"or so\"\": [REDACTED]\"\n8,bob@example.com\n7,Late.\n";
    check(RowFormat::Csv, &order, before, after, (1, 2));
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_rows() {
    let order = order(&["7", "8"], Treatment::Delete);
    let seen = |text: &str| run(text.as_bytes(), RowFormat::NdJson, &order, Packing::Plain, 9).unwrap().1.seen();
    assert_eq!(seen("{\"id\":7}\n{\"id\":8}\n"), seen("{\"id\":8}\n{\"id\":1}\n{\"id\":7}\n"));
    assert_ne!(seen("{\"id\":7}\n{\"id\":8}\n"), seen("{\"id\":7}\n{\"id\":7}\n"));
    assert_ne!(seen("{\"id\":7}\n"), seen("{\"id\":7}\n{\"id\":7}\n"));
}

#[test]
fn what_can_not_be_read_is_refused() {
    let order = order(&["7"], Treatment::Delete);
    let refused = |text: &[u8], format, packing| run(text, format, &order, packing, 4).map(|_| ()).unwrap_err().what;
    assert_eq!(refused(b"{\"id\":7}\n{\"id\":", RowFormat::NdJson, Packing::Plain), What::NotAnObject);
    assert_eq!(refused(b"id,n\n7,\"a", RowFormat::Csv, Packing::Plain), What::OpenQuote);
    assert_eq!(refused(b"n\n7\n", RowFormat::Csv, Packing::Plain), What::MissingColumn);
    let packed = packed(b"{\"id\":7}\n{\"id\":8}\n");
    assert_eq!(refused(&packed[..packed.len() - 3], RowFormat::NdJson, Packing::Gzip), What::NotGzip);
    let packed = zstd(b"{\"id\":7}\n{\"id\":8}\n");
    assert_eq!(refused(&packed[..packed.len() - 3], RowFormat::NdJson, Packing::Zstd), What::NotZstd);
    assert_eq!(refused(b"{\"id\":7}\n", RowFormat::NdJson, Packing::Zstd), What::NotZstd);
}

/// What a generator says that is no more than a row of numbers: always the same.
fn drawn(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % below
}

#[test]
fn records_passed_over_at_a_glance_are_those_that_reading_finds_to_be_of_others() {
    const SIGNS: [&str; 9] = ["7", "8", "a", ",", ",", "\"", "\n", "\r\n", "\r"];
    let order = order(&["7"], Treatment::Delete);
    let scope = Scope::of(&order.lookup).unwrap();
    let wanted = Wanted::new(scope.values());
    let work = Work { scope: &scope, order: &order, wanted: &wanted, format: RowFormat::Csv, chosen: None };
    let (mut state, mut read, mut gone) = (1, 0, 0);
    for _ in 0..4_000 {
        let length = drawn(&mut state, 24);
        let text: String = std::iter::repeat_with(|| SIGNS[drawn(&mut state, SIGNS.len())]).take(length).collect();
        let text = format!("note,id\n{text}");
        let mut counting = Rewriting::count(Works::of(&work), Packing::Plain);
        counting.input().extend_from_slice(text.as_bytes());
        counting.end().unwrap();
        // What can't be read as a whole is refused by the plan.
        let Ok(()) = (loop {
            match counting.next() {
                Ok(Next::End) => break Ok(()),
                Ok(Next::Record | Next::Bytes) => {}
                Err(broken) => break Err(broken),
            }
        }) else {
            continue;
        };
        let size = 1 + drawn(&mut state, text.len());
        let (out, tally) = run(text.as_bytes(), RowFormat::Csv, &order, Packing::Plain, size).unwrap();
        assert_eq!(tally, counting.tallies().of(0), "{text:?} in pieces of {size}");
        assert!(tally.rows > 0 || out == text.as_bytes(), "{text:?} in pieces of {size}");
        (read, gone) = (read + 1, gone + u64::from(tally.rows > 0));
    }
    assert!(read > 200 && gone > 10, "{read} texts were read, rows went from {gone}");
}
