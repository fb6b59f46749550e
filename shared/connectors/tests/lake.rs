//! A lake of every format erased over the wire of the AWS client: who else writes, dies or looks meanwhile.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails to set up fails")]
#![expect(clippy::cast_precision_loss, reason = "amounts are small")]

use std::collections::BTreeMap;
use std::sync::Arc;

use connectors::Connectors;
use datamap::{DataMap, Masker, Treatment};
use domain::datum::Datum;
use workflow::ports::{Connector as _, Erased, Eraser as _, ErasureOrder, PortError, SourceLookup, Target};

#[expect(dead_code, reason = "the measurement uses more of it")]
#[path = "lake/bucket.rs"]
mod bucket;
#[path = "lake/correcting.rs"]
mod correcting;
#[path = "lake/expiring.rs"]
mod expiring;
#[path = "lake/objects.rs"]
mod objects;
#[path = "lake/together.rs"]
mod together;

use self::bucket::Bucket;
use self::objects::{Kind, Row, SUBJECTS, content, object, rows, user};

const KINDS: [Kind; 5] = [Kind::NdJson, Kind::NdJsonGz, Kind::NdJsonZst, Kind::Csv, Kind::Parquet];

struct Plain;

impl Masker for Plain {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.len())
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

fn order(collection: &str) -> ErasureOrder {
    let map = datamap::read_strs(&[("map.yml", objects::MAP)]).map.unwrap();
    let collection = map.collection(&format!("lake.{collection}")).unwrap();
    order_for(map, collection, (0..SUBJECTS).map(|number| Datum::Text(user(number))).collect())
}

/// The order that rows of these users go.
fn order_for(map: DataMap, collection: usize, values: Vec<Datum>) -> ErasureOrder {
    let tenant = "acme".parse().unwrap();
    let lookup = SourceLookup { tenant, map: Arc::new(map), collection, field: "user_id".to_owned(), values };
    ErasureOrder { lookup, treatment: Treatment::Delete, masker: Arc::new(Plain), owner: None }
}

fn key(kind: Kind, number: u64) -> String {
    format!("{}/{number}.{}", kind.folder(), kind.extension())
}

fn others(rows: &[Row]) -> Vec<Row> {
    rows.iter().filter(|row| row.user >= SUBJECTS).cloned().collect()
}

struct Lake {
    bucket: Bucket,
    connectors: Connectors,
}

impl Lake {
    async fn new(name: &str, is_versioned: bool) -> Self {
        let bucket = Bucket::new(&std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), is_versioned);
        let connectors = Connectors::new(&bucket.config().await);
        Self { bucket, connectors }
    }

    /// Two objects of each kind, the second without a subject.
    fn fill(&self, count: usize) {
        for kind in KINDS {
            for number in 0..2 {
                let rows = rows(number, count, number == 0);
                self.bucket.put(&key(kind, number), b"an older version");
                self.bucket.put(&key(kind, number), &object(kind, &rows));
            }
        }
    }

    async fn plan(&self, order: &ErasureOrder) -> Vec<Target> {
        let (mut targets, mut after) = (Vec::new(), None);
        loop {
            let page = self.connectors.plan(order, after.as_ref()).await.unwrap();
            targets.extend(page.targets);
            after = page.next;
            if after.is_none() {
                return targets;
            }
        }
    }

    async fn erase(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Erased>, PortError> {
        self.connectors.erase(order, targets).await
    }
}

/// A thread with room for the futures of a test build.
fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

const FOLDERS: [&str; 3] = ["events", "sheets", "tables"];

#[test]
fn objects_of_the_people_change_and_keep_everything_else() {
    for (is_versioned, name) in [(false, "keeps"), (true, "keeps-versions")] {
        run(async {
            let lake = Lake::new(name, is_versioned).await;
            lake.fill(300);
            let before: BTreeMap<String, String> =
                lake.bucket.all().into_iter().map(|(key, it)| (key, it.etag)).collect();
            for folder in FOLDERS {
                let order = order(folder);
                let planned = lake.plan(&order).await;
                assert!(planned.iter().all(|it| (it.rows, it.other_rows) == (3, 297)), "{planned:?}");
                let answers = lake.erase(&order, &planned).await.unwrap();
                assert!(answers.iter().all(|it| *it == Erased::Done), "{answers:?}");
                assert_eq!(lake.erase(&order, &planned).await.unwrap(), answers, "erasing again is harmless");
                assert_eq!(lake.plan(&order).await, []);
            }
            for kind in KINDS {
                let (changed, same) =
                    (lake.bucket.get(&key(kind, 0)).unwrap(), lake.bucket.get(&key(kind, 1)).unwrap());
                let expected = object(kind, &others(&rows(0, 300, true)));
                assert!(content(kind, &changed.bytes()) == content(kind, &expected), "{kind:?}");
                assert_eq!(same.etag, before[&key(kind, 1)]);
                assert_eq!(changed.headers, same.headers, "metadata and storage class");
                assert_eq!((changed.headers.len(), changed.tags.as_str()), (3, "kind=a%20b"));
                let versions = lake.bucket.all().into_iter().filter(|(it, _)| *it == key(kind, 0)).count();
                assert_eq!(versions, 1, "previous versions are gone");
            }
        });
    }
}

#[test]
fn a_worker_that_dies_at_any_call_changes_nothing_of_the_result() {
    run(async {
        for dies_after in 0..20 {
            let lake = Lake::new("dies", true).await;
            lake.fill(120);
            for folder in FOLDERS {
                let order = order(folder);
                let planned = lake.plan(&order).await;
                lake.bucket.live_for(Some(dies_after));
                let first = lake.erase(&order, &planned).await;
                lake.bucket.live_for(None);
                let again = lake.erase(&order, &planned).await.unwrap();
                assert!(again.iter().all(|it| *it == Erased::Done), "{first:?} {again:?}");
                assert_eq!(lake.plan(&order).await, []);
            }
            for kind in KINDS {
                let expected = object(kind, &others(&rows(0, 120, true)));
                let changed = lake.bucket.get(&key(kind, 0)).unwrap();
                assert!(content(kind, &changed.bytes()) == content(kind, &expected), "{kind:?} {dies_after}");
                let versions = lake.bucket.all().into_iter().filter(|(it, _)| *it == key(kind, 0)).count();
                assert_eq!(versions, 1, "{kind:?} {dies_after}");
            }
        }
    });
}

#[test]
fn what_somebody_writes_meanwhile_is_redone_or_left() {
    run(async {
        for kind in KINDS {
            let lake = Lake::new("races", false).await;
            let key = key(kind, 0);
            let before = rows(0, 300, true);
            lake.bucket.put(&key, &object(kind, &before));
            let order = order(kind.folder());
            let planned = lake.plan(&order).await;
            let more: Vec<Row> = before.iter().cloned().chain(rows(9, 50, false)).collect();
            lake.bucket.put_meanwhile(&key, &object(kind, &more));
            assert_eq!(lake.erase(&order, &planned).await.unwrap(), [Erased::Done]);
            let after = lake.bucket.get(&key).unwrap().bytes();
            assert!(content(kind, &after) == content(kind, &object(kind, &others(&more))), "{kind:?}");

            lake.bucket.put(&key, &object(kind, &before));
            let other = object(kind, &rows(3, 300, true));
            lake.bucket.put_meanwhile(&key, &other);
            assert_eq!(lake.erase(&order, &planned).await.unwrap(), [Erased::Drifted]);
            assert!(lake.bucket.get(&key).unwrap().bytes() == other, "what drifted is left alone");
        }
    });
}

#[test]
fn uploads_of_dead_workers_are_given_up() {
    run(async {
        let lake = Lake::new("uploads", false).await;
        let before = rows(0, 90_000, true);
        lake.bucket.put("events/0.ndjson", &object(Kind::NdJson, &before));
        let order = order("events");
        let planned = lake.plan(&order).await;
        for dies_after in [3, 5] {
            lake.bucket.live_for(Some(dies_after));
            assert!(lake.erase(&order, &planned).await.is_err());
            assert_eq!(lake.bucket.uploads(), 1, "after {dies_after} calls");
            lake.bucket.live_for(None);
        }
        assert_eq!(lake.erase(&order, &planned).await.unwrap(), [Erased::Done]);
        assert_eq!(lake.bucket.uploads(), 0);
        let after = lake.bucket.get("events/0.ndjson").unwrap();
        assert!(after.bytes() == object(Kind::NdJson, &others(&before)));
        assert_eq!((after.headers.len(), after.tags.as_str()), (3, "kind=a%20b"));
        assert!(lake.bucket.calls()["UploadPart"] >= 2);
    });
}

#[test]
fn only_what_the_manifest_names_is_looked_at() {
    run(async {
        let lake = Lake::new("manifest", false).await;
        let rows = rows(0, 300, true);
        for number in 0..250 {
            lake.bucket.put(&format!("named/{number:03}.parquet"), &object(Kind::Parquet, &rows[..60]));
        }
        let named: String = (0..250).step_by(2).map(|number| format!("s3://b/named/{number:03}.parquet\n")).collect();
        lake.bucket.put("named/all.txt", format!("{named}named/gone.parquet\n").as_bytes());
        let order = order("named");
        let planned = lake.plan(&order).await;
        assert_eq!(planned.len(), 125);
        assert_eq!(planned[1].locator, "named/002.parquet");
        assert_eq!(lake.erase(&order, &planned[..1]).await.unwrap(), [Erased::Done]);
        let left = lake.connectors.export(&order.lookup, None).await.unwrap();
        assert_eq!(left.rows.len(), 124);
        lake.bucket.put("named/all.txt", b"events/0.ndjson\n");
        assert!(lake.connectors.plan(&order, None).await.is_err());
    });
}

#[test]
fn rows_of_every_kind_are_exported() {
    run(async {
        let lake = Lake::new("exports", false).await;
        lake.fill(300);
        for (folder, expected) in [("events", 9), ("sheets", 3), ("tables", 3)] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = lake.connectors.export(&order(folder).lookup, after.as_ref()).await.unwrap();
                found.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found.len(), expected, "{folder}");
            let first = String::from_utf8(found[0].to_json()).unwrap();
            assert!(first.contains("\"user_id\":\"user-000") && first.contains(" items\""), "{first}");
        }
    });
}
