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
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use connectors::Connectors;
use datamap::{Masker, Treatment};
use domain::datum::Datum;
use workflow::ports::{Erased, Eraser as _, ErasureOrder, SourceLookup, Target};

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/lake/bucket.rs"]
mod bucket;
#[path = "lake/measure.rs"]
mod measure;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/lake/objects.rs"]
mod objects;

use self::bucket::Bucket;
use self::measure::{forget_peak, is_same_table, measure, peak_mib};
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
            let (ten, rank) = (number / 30, number / 3 % 10);
            (number, KINDS[place], self.rows[place], rank < 3 && 3 * ten + rank < self.count / 10)
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

/// Erases everything, five objects at a time, every second time dying on the way until it died so often; gives the
/// objects rewritten and the deaths.
async fn erase(bucket: &Bucket, deaths: u32) -> (usize, u32) {
    let connectors = Connectors::new(&bucket.config().await);
    let (mut state, mut done, mut died) = (7_u64, 0, 0);
    for folder in FOLDERS {
        let order = order(folder);
        for (place, targets) in plan(&connectors, &order).await.chunks(5).enumerate() {
            if died < deaths && place % 2 == 0 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bucket.live_for(Some((state >> 33) % 22));
                died += u32::from(connectors.erase(&order, targets).await.is_err());
                bucket.live_for(None);
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
            let is_right = match kind {
                Kind::Parquet => is_same_table(&stored.bytes(), &object(kind, &expected)),
                Kind::NdJson | Kind::NdJsonGz | Kind::NdJsonZst => {
                    content(kind, &stored.bytes()) == object(Kind::NdJson, &expected)
                }
                Kind::Csv => stored.bytes() == object(kind, &expected),
            };
            assert!(is_right, "{key}");
        }
    }
    assert_eq!((bucket.all().len() as u64, bucket.uploads()), (lake.count, 0));
}

fn etags(bucket: &Bucket) -> BTreeMap<String, String> {
    bucket.all().into_iter().map(|(key, stored)| (key, stored.etag)).collect()
}

/// What the calls cost, by name and as a whole.
fn tell_cost(bucket: &Bucket, done: usize) {
    let (mut dollars, calls) = (0.0, bucket.calls());
    for (name, calls) in &calls {
        let price = match *name {
            name if name.starts_with("Get") => READ,
            name if name.starts_with("Delete") => 0.0,
            _ => WRITE,
        };
        dollars += *calls as f64 * price;
        println!("  {name}: {:.2} a rewritten object", *calls as f64 / done as f64);
    }
    println!("  calls cost ${:.7} a rewritten object, those of the whole lake included", dollars / done as f64);
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
    let size = lake.fill(&bucket);
    println!("lake: {count} objects, {:.0} MB, rows an object {:?}", size as f64 / 1e6, lake.rows);
    let again = bucket.copied(&dir.join("again"));
    std::fs::create_dir_all(dir.join("files")).unwrap();
    measure(&lake, &bucket, &dir.join("files"));
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
    tell_cost(&bucket, done);
    check(&lake, &bucket, &before);
    println!("  only the right objects changed, and no other row");
    std::fs::remove_dir_all(dir.join("bucket")).unwrap();
    let deaths = if count >= 100 { 50 } else { 5 };
    let (redone, died) = erase(&again, deaths).await;
    assert_eq!(redone, done);
    check(&lake, &again, &before);
    println!("killed {died} times on the way: the same result");
    std::fs::remove_dir_all(dir).unwrap();
}
