//! How fast objects are rewritten in memory, against unpacking and packing the same bytes. Prints one line per case.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that fails stops, and tells what it found"
)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connectors::rewrite_object;
use datamap::{Masker, RowFormat, Treatment};
use domain::datum::Datum;
use workflow::ports::{ErasureOrder, SourceLookup};

const ROWS: usize = 200_000;
const ROUNDS: usize = 3;

const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: rows
        fields:
          - {name: user_id, fides_meta: {primary_key: true, identity: user_id}}
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: us-east-1
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

/// Fifty people of ten thousand.
fn order() -> ErasureOrder {
    let map = datamap::read_strs(&[("map.yml", MAP)]).map.unwrap();
    let values = (0..50).map(|number| Datum::Text(format!("user-{:05}", number * 199))).collect();
    let tenant = "acme".parse().unwrap();
    let lookup = SourceLookup { tenant, map: Arc::new(map), collection: 0, field: "user_id".to_owned(), values };
    ErasureOrder { lookup, treatment: Treatment::Delete, masker: Arc::new(Plain), owner: None }
}

fn rows(format: RowFormat) -> Vec<u8> {
    let mut text = String::new();
    if format == RowFormat::Csv {
        text.push_str("id,user_id,at,amount,page,note\n");
    }
    let mut state = 7_u64;
    for id in 0..ROWS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (user, amount, page) = (state >> 33, (state >> 20) % 100_000, (state >> 12) % 5000);
        let user = user % 10_000;
        match format {
            RowFormat::NdJson => writeln!(
                text,
                "{{\"id\":{id},\"user_id\":\"user-{user:05}\",\"at\":\"2026-03-01T09:00:00Z\",\"amount\":{amount}.25,\"page\":\"/shop/{page}\",\"note\":\"viewed {amount} items\"}}"
            ),
            // Parquet is measured with the lake.
            RowFormat::Csv | RowFormat::Parquet => {
                writeln!(text, "{id},user-{user:05},2026-03-01T09:00:00Z,{amount}.25,/shop/{page},\"viewed, {amount} items\"")
            }
        }
        .unwrap();
    }
    text.into_bytes()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The shortest of a few runs.
fn time(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(|_| once(&mut run)).min().unwrap_or_default()
}

fn check(name: &str, format: RowFormat, is_gzip: bool) {
    let order = order();
    let plain = rows(format);
    let object = if is_gzip { packed(&plain) } else { plain.clone() };
    let rewritten =
        time(|| drop(rewrite_object(&order, format, if is_gzip { "rows.gz" } else { "rows" }, &object).unwrap()));
    let limit = time(|| {
        let mut bytes = Vec::new();
        if is_gzip {
            flate2::read::MultiGzDecoder::new(&object[..]).read_to_end(&mut bytes).unwrap();
            drop(packed(&bytes));
        } else {
            bytes.extend_from_slice(&object);
            assert_eq!(bytes.len(), object.len());
        }
    });
    let per_second = |time: Duration| plain.len() as f64 / time.as_secs_f64() / 1e6;
    println!(
        "{name}: {:.0} MB/s of rows, {:.0} rows/s; the codec alone {:.0} MB/s ({:.0} %)",
        per_second(rewritten),
        ROWS as f64 / rewritten.as_secs_f64(),
        per_second(limit),
        100.0 * limit.as_secs_f64() / rewritten.as_secs_f64(),
    );
}

fn main() {
    check("ndjson.gz", RowFormat::NdJson, true);
    check("ndjson", RowFormat::NdJson, false);
    check("csv.gz", RowFormat::Csv, true);
    check("csv", RowFormat::Csv, false);
}
