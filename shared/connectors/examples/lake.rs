//! A generated lake erased: speed beside the codec and pyarrow, calls and cost, memory, and the result after dying often.
//!
//! `lake OBJECTS MEGABYTES DIR PYTHON`, where PYTHON has pyarrow; without one that part is skipped, and said so.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a measurement that fails stops, and tells what it found"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connectors::{Connectors, rewrite_object};
use datamap::{Masker, RowFormat, Treatment};
use domain::datum::Datum;
use workflow::ports::{Erased, Eraser as _, ErasureOrder, SourceLookup, Target};

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/lake/bucket.rs"]
mod bucket;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/lake/objects.rs"]
mod objects;

use self::bucket::Bucket;
use self::objects::{Kind, SUBJECTS, content, object, rows, user};

const KINDS: [Kind; 3] = [Kind::NdJsonGz, Kind::Csv, Kind::Parquet];
/// Bytes of a row in each of them, about.
const ROW_BYTES: [f64; 3] = [22.0, 83.0, 19.0];
const FOLDERS: [&str; 3] = ["events", "sheets", "tables"];
/// Dollars a call: writes and listings, and reads (us-east-1); deletions are free.
const WRITE: f64 = 0.005 / 1000.0;
const READ: f64 = 0.0004 / 1000.0;

struct Plain;

impl Masker for Plain {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.len())
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

fn order(folder: &str) -> ErasureOrder {
    let map = datamap::read_strs(&[("map.yml", objects::MAP)]).map.unwrap();
    let collection = map.collection(&format!("lake.{folder}")).unwrap();
    let values = (0..SUBJECTS).map(|number| Datum::Text(user(number))).collect();
    let tenant = "acme".parse().unwrap();
    let lookup = SourceLookup { tenant, map: Arc::new(map), collection, field: "user_id".to_owned(), values };
    ErasureOrder { lookup, treatment: Treatment::Delete, masker: Arc::new(Plain), owner: None }
}

/// The lake: three in ten objects hold rows of subjects.
struct Lake {
    count: u64,
    rows: [usize; 3],
}

impl Lake {
    fn objects(&self) -> impl Iterator<Item = (u64, Kind, usize, bool)> {
        (0..self.count).map(|number| {
            let place = usize::try_from(number % 3).unwrap();
            (number, KINDS[place], self.rows[place], number / 3 % 10 < 3)
        })
    }

    fn key(number: u64, kind: Kind) -> String {
        format!("{}/{number:06}.{}", kind.folder(), kind.extension())
    }

    fn fill(&self, bucket: &Bucket) -> u64 {
        let mut bytes = 0;
        for (number, kind, count, has_subjects) in self.objects() {
            let object = object(kind, &rows(number, count, has_subjects));
            bytes += object.len() as u64;
            bucket.put(&Self::key(number, kind), &object);
        }
        bytes
    }
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// Each kind by itself, one thread, from disk to disk.
fn measure(lake: &Lake, dir: &Path) {
    let list = dir.join("list");
    let (mut lines, mut files) = (String::new(), Vec::new());
    for (number, kind, count, _) in lake.objects().filter(|it| it.3) {
        let path = dir.join(format!("{number}.{}", kind.extension()));
        std::fs::write(&path, object(kind, &rows(number, count, true))).unwrap();
        lines.push_str(&format!("{} {}\n", kind.extension(), path.display()));
        files.push((kind, count, path));
    }
    std::fs::write(&list, lines).unwrap();
    let peers = pyarrow(&list, dir);
    for (kind, folder) in KINDS.into_iter().zip(FOLDERS) {
        let order = order(folder);
        let (mut ours, mut codec, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        for (_, rows, path) in files.iter().filter(|it| it.0 == kind) {
            count += rows;
            let start = Instant::now();
            let before = std::fs::read(path).unwrap();
            let after = rewrite_object(&order, format(kind), path.to_str().unwrap(), &before).unwrap();
            std::fs::write(path.with_extension("ours"), after).unwrap();
            ours += start.elapsed();
            let start = Instant::now();
            let before = std::fs::read(path).unwrap();
            std::fs::write(path.with_extension("codec"), limit(kind, before)).unwrap();
            codec += start.elapsed();
        }
        let a_second = |time: Duration| count as f64 / time.as_secs_f64();
        println!("{}: {:.0} rows/s", kind.extension(), a_second(ours));
        match kind {
            Kind::Parquet => println!("  the codec alone: not measured"),
            Kind::NdJson | Kind::NdJsonGz | Kind::NdJsonZst | Kind::Csv => {
                let share = 100.0 * codec.as_secs_f64() / ours.as_secs_f64();
                println!("  the codec alone: {:.0} rows/s; ours is {share:.0} % of it", a_second(codec));
            }
        }
        match peers.get(kind.extension()) {
            None => println!("  pyarrow: skipped"),
            Some(peer) => println!("  pyarrow: {peer:.0} rows/s; ours is {:.1} times that", a_second(ours) / peer),
        }
    }
}

fn format(kind: Kind) -> RowFormat {
    match kind {
        Kind::NdJson | Kind::NdJsonGz | Kind::NdJsonZst => RowFormat::NdJson,
        Kind::Csv => RowFormat::Csv,
        Kind::Parquet => RowFormat::Parquet,
    }
}

/// Unpacking and packing alone.
fn limit(kind: Kind, object: Vec<u8>) -> Vec<u8> {
    use std::io::{Read as _, Write as _};
    if kind != Kind::NdJsonGz {
        return object;
    }
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(&object[..]).read_to_end(&mut bytes).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&bytes).unwrap();
    encoder.finish().unwrap()
}

fn pyarrow(list: &Path, dir: &Path) -> BTreeMap<String, f64> {
    let users: Vec<String> = (0..SUBJECTS).map(user).collect();
    let file = dir.join("users");
    std::fs::write(&file, users.join("\n")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lake.py");
    let python = std::env::args().nth(4).unwrap_or_else(|| "python3".to_owned());
    let Ok(answer) = Command::new(python).arg(script).arg(list).arg(file).output() else { return BTreeMap::new() };
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let kind = words.next()?.to_owned();
        let (seconds, rows): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((kind, rows / seconds))
    };
    text.lines().filter_map(line).collect()
}

async fn plan(connectors: &Connectors, order: &ErasureOrder) -> Vec<Target> {
    let (mut targets, mut after) = (Vec::new(), None);
    loop {
        let page = connectors.plan(order, after.as_ref()).await.unwrap();
        targets.extend(page.targets);
        after = page.next;
        if after.is_none() {
            return targets;
        }
    }
}

/// Erases everything, five objects at a time, dying up to `deaths` times; gives the objects rewritten and the deaths.
async fn erase(bucket: &Bucket, deaths: u32) -> (usize, u32) {
    let connectors = Connectors::new(&bucket.config().await);
    let (mut state, mut done, mut died) = (7_u64, 0, 0);
    for folder in FOLDERS {
        let order = order(folder);
        for targets in plan(&connectors, &order).await.chunks(5) {
            while died < deaths {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bucket.live_for(Some((state >> 33) % 30));
                let erased = connectors.erase(&order, targets).await;
                bucket.live_for(None);
                if erased.is_ok() {
                    break;
                }
                died += 1;
            }
            let erased = connectors.erase(&order, targets).await.unwrap();
            assert!(erased.iter().all(|it| *it == Erased::Done), "{erased:?}");
            done += erased.len();
        }
        assert!(plan(&connectors, &order).await.is_empty(), "rows are left");
    }
    (done, died)
}

/// Every object is what it must be: those of subjects without their rows, all others the version that was put.
fn check(lake: &Lake, bucket: &Bucket, before: &BTreeMap<String, String>) {
    for (number, kind, count, has_subjects) in lake.objects() {
        let key = Lake::key(number, kind);
        let stored = bucket.get(&key).unwrap();
        assert_eq!(stored.etag == before[&key], !has_subjects, "{key}");
        if has_subjects {
            let mut expected = rows(number, count, true);
            expected.retain(|row| row.user >= SUBJECTS);
            let expected = content(kind, &object(kind, &expected));
            assert!(content(kind, &stored.bytes()) == expected, "{key}");
        }
    }
    assert_eq!((bucket.all().len() as u64, bucket.uploads()), (lake.count, 0));
}

fn etags(bucket: &Bucket) -> BTreeMap<String, String> {
    bucket.all().into_iter().map(|(key, stored)| (key, stored.etag)).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |place: usize, default: u64| arguments.get(place).map_or(default, |it| it.parse().unwrap());
    let (count, megabytes) = (number(1, 30), number(2, 10));
    let dir = arguments.get(3).map_or_else(|| std::env::temp_dir().join("habeas-lake"), PathBuf::from);
    let bytes = megabytes as f64 * 1e6 / count as f64;
    let lake = Lake { count, rows: ROW_BYTES.map(|row| (bytes / row) as usize) };
    let bucket = Bucket::new(&dir.join("bucket"), true);
    std::fs::create_dir_all(dir.join("files")).unwrap();
    let size = lake.fill(&bucket);
    println!("lake: {count} objects, {:.0} MB, rows an object {:?}", size as f64 / 1e6, lake.rows);
    measure(&lake, &dir.join("files"));
    let before = etags(&bucket);
    drop(bucket.calls());
    forget_peak();
    let start = Instant::now();
    let (done, _) = erase(&bucket, 0).await;
    let seconds = start.elapsed().as_secs_f64();
    println!("plan, erase and look again: {done} of {count} objects rewritten in {seconds:.1} s");
    println!(
        "  {:.1} objects/s rewritten, {:.1} MB/s looked at, peak {:.0} MiB",
        done as f64 / seconds,
        size as f64 / 1e6 / seconds,
        peak_mib()
    );
    let (mut dollars, calls) = (0.0, bucket.calls());
    for (name, calls) in &calls {
        dollars += *calls as f64
            * if name.starts_with("Get") {
                READ
            } else if name.starts_with("Delete") {
                0.0
            } else {
                WRITE
            };
        println!("  {name}: {:.2} a rewritten object", *calls as f64 / done as f64);
    }
    println!("  calls cost ${:.7} a rewritten object, those of the whole lake included", dollars / done as f64);
    check(&lake, &bucket, &before);
    println!("  only the right objects changed, and no other row");
    let again = Bucket::new(&dir.join("again"), true);
    assert_eq!(lake.fill(&again), size);
    let before = etags(&again);
    let deaths = if count >= 100 { 50 } else { 5 };
    let (redone, died) = erase(&again, deaths).await;
    assert_eq!(redone, done);
    check(&lake, &again, &before);
    println!("killed {died} times on the way: the same result");
}
