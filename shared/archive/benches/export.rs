//! Export speed on one thread: NDJSON in, a ZIP with NDJSON, CSV and SHA-256 manifest out.
//!
//! Beside our own figure, from the same run: the limit (deflate alone) and a plain program made of well-known crates.
//! `cargo bench -p archive -- [FILE.ndjson]`; without a file, seeded records are made in memory.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop at the first mistake")]

#[path = "export/records.rs"]
mod records;

use std::io::{Cursor, Read as _, Write};
use std::time::Instant;

use archive::{
    ArchiveInfo, CollectionWriter, Controller, CsvColumns, DosTime, Format, FrozenPart, PartWriter, Position, Source,
    archive_tail, verify,
};
use domain::datum::Datum;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

const ROUNDS: usize = 3;
const COLUMNS: &str = "id,uuid,name.first,name.last,email,phone,dob,address.street,address.city,address.zip,\
    address.geo.lat,address.geo.lon,prefs.newsletter,prefs.lang,prefs.tags,balance,created_at,last_login,note";

fn main() {
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let input = path.map_or_else(records::generate, |path| std::fs::read(path).unwrap());
    let fields: Vec<String> = COLUMNS.split(',').map(str::to_owned).collect();
    let (json, csv) = raw_outputs(&input, &fields);
    println!("input {:.1} MB, raw outputs {:.1} MB JSON, {:.1} MB CSV", mb(input.len()), mb(json.len()), mb(csv.len()));

    let megabytes = mb(input.len());
    let report = |name: &str, work: &mut dyn FnMut() -> usize| {
        let (seconds, size) = fastest(work);
        println!("{name:<34} {:>8.1} MB/s of input {:>9.3} CPU s {:>12} bytes", megabytes / seconds, seconds, size);
        (seconds, size)
    };
    report("parse alone", &mut || parse_all(&input));
    report("parse, write JSON and CSV", &mut || {
        let (json, csv) = raw_outputs(&input, &fields);
        json.len() + csv.len()
    });
    let limit = report("limit: libdeflate 5 of the outputs", &mut || deflate_alone(&[&json, &csv], 5));
    report("libdeflate 6, for comparison", &mut || deflate_alone(&[&json, &csv], 6));
    let naive = report("plain: serde_json, csv, zlib-rs 6", &mut || plain(&input));
    let exact = report("ours, rows as JSON", &mut || ours(&input, &fields, true).len());
    let value = report("ours, rows as values", &mut || ours(&input, &fields, false).len());
    for (name, one) in [("JSON", exact), ("values", value)] {
        let ratio = |other: f64| other / one.0;
        println!(
            "ours ({name}): {:.0} % of the limit, {:.2} x plain, size {:.3} of zlib 6",
            100.0 * ratio(limit.0),
            ratio(naive.0),
            one.1 as f64 / naive.1 as f64
        );
    }
    let verified = verify(Cursor::new(ours(&input, &fields, true))).unwrap();
    assert!(verified.is_whole(), "the archive is not as its manifest says");
    println!("verified {} files, rows {:?}", verified.files.len(), verified.rows);
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// CPU time of this thread where the system tells it, wall time elsewhere.
fn cpu_seconds(start: Instant) -> f64 {
    let mut text = String::new();
    let told = std::fs::File::open("/proc/thread-self/schedstat").and_then(|mut file| file.read_to_string(&mut text));
    let nanoseconds = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
    match (told, nanoseconds) {
        (Ok(_), Some(nanoseconds)) => nanoseconds as f64 / 1e9,
        _ => start.elapsed().as_secs_f64(),
    }
}

fn fastest(work: &mut dyn FnMut() -> usize) -> (f64, usize) {
    let start = Instant::now();
    let mut best = (f64::MAX, 0);
    for _ in 0..ROUNDS {
        let before = cpu_seconds(start);
        let size = work();
        best = (best.0.min(cpu_seconds(start) - before), size);
    }
    best
}

fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

fn parse_all(input: &[u8]) -> usize {
    lines(input).filter(|line| Datum::parse_json(line).is_ok()).count()
}

fn raw_outputs(input: &[u8], fields: &[String]) -> (Vec<u8>, Vec<u8>) {
    let columns = CsvColumns::new(fields);
    let mut json = Vec::with_capacity(input.len());
    let mut csv = columns.header().to_vec();
    for line in lines(input) {
        let row = Datum::parse_json(line).unwrap();
        row.write_json(&mut json);
        json.push(b'\n');
        columns.put_row(&row, &mut csv);
    }
    (json, csv)
}

fn deflate_alone(outputs: &[&[u8]], level: i32) -> usize {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::new(level).unwrap());
    let mut room = Vec::new();
    let mut size = 0;
    for segment in outputs.iter().flat_map(|output| output.chunks(4 << 20)) {
        room.resize(compressor.deflate_compress_bound(segment.len()), 0);
        size += compressor.deflate_compress(segment, &mut room).unwrap();
    }
    size
}

fn ours(input: &[u8], fields: &[String], is_json: bool) -> Vec<u8> {
    let made_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut parts = PartWriter::new(DosTime::at(made_at));
    let source = Source::new("bench", "records").unwrap();
    let mut writer = CollectionWriter::new(source, 0, Format::Both, fields, Position::default());
    let mut done = Vec::new();
    for line in lines(input) {
        if is_json {
            writer.push_json(line, &mut parts).unwrap();
        } else {
            writer.push(&Datum::parse_json(line).unwrap(), &mut parts);
        }
        done.extend(parts.take_full());
    }
    writer.cut(&mut parts);
    done.extend(parts.take());
    let mut zip = Vec::new();
    let mut frozen = Vec::new();
    for part in done {
        zip.extend_from_slice(&part.bytes[..usize::try_from(part.zip_bytes).unwrap()]);
        frozen.push(FrozenPart { zip_bytes: part.zip_bytes, entries: part.entries });
    }
    let info = ArchiveInfo {
        subject: archive::Subject::Person,
        job_id: "bench".to_owned(),
        request_type: "access".to_owned(),
        made_at,
        format: Format::Both,
        region: "local".to_owned(),
        controller: Controller::default(),
        automated_decisions: None,
        notice: None,
        sources: Vec::new(),
    };
    zip.extend_from_slice(&archive_tail(&info, &frozen).unwrap().bytes);
    zip
}

/// What one would write first: whole values, one zlib stream per file.
fn plain(input: &[u8]) -> usize {
    let mut json = std::io::BufWriter::with_capacity(64 << 10, Hashed::new());
    let mut csv = csv::WriterBuilder::new().buffer_capacity(64 << 10).from_writer(Hashed::new());
    let columns: Vec<&str> = COLUMNS.split(',').collect();
    csv.write_record(&columns).unwrap();
    for line in lines(input) {
        let row: Value = serde_json::from_slice(line).unwrap();
        serde_json::to_writer(&mut json, &row).unwrap();
        json.write_all(b"\n").unwrap();
        let cell = |column: &&str| {
            column.split('.').try_fold(&row, |value, name| value.get(name)).map_or_else(String::new, text)
        };
        csv.write_record(columns.iter().map(cell)).unwrap();
    }
    let json = json.into_inner().map_err(|error| error.to_string()).unwrap();
    let csv = csv.into_inner().map_err(|error| error.to_string()).unwrap();
    json.finish() + csv.finish()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

struct Hashed {
    sha256: Sha256,
    deflate: DeflateEncoder<Vec<u8>>,
}

impl Hashed {
    fn new() -> Self {
        Self { sha256: Sha256::new(), deflate: DeflateEncoder::new(Vec::new(), Compression::new(6)) }
    }

    fn finish(self) -> usize {
        assert_ne!(self.sha256.finalize()[..], [0; 32]);
        self.deflate.finish().unwrap().len()
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let length = self.deflate.write(bytes)?;
        self.sha256.update(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
