//! Erasing in buckets of a local stack, where `HABEAS_TEST_ENDPOINT` names one; else this says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a test that fails to set up fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use connectors::Connectors;
use datamap::{FieldRewrite, Masker, Masking, Strategy, Treatment};
use domain::datum::Datum;
use workflow::ports::{Erased, Eraser as _, ErasureOrder, SourceLookup, Target};

#[expect(dead_code, reason = "the tests of the wire use more of it")]
#[path = "lake/objects.rs"]
mod objects;

use self::objects::Kind;

const MAP: &str = r#"
dataset:
  - fides_key: erased
    collections:
      - name: events
        fields:
          - {name: user_id, fides_meta: {primary_key: true, identity: user_id, data_type: integer}}
          - {name: note}
      - name: sheets
        fields:
          - {name: user_id, fides_meta: {primary_key: true, identity: user_id, data_type: integer}}
          - {name: note}
      - name: tables
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}, {name: note}]
  - fides_key: pictures
    collections:
      - name: avatars
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}]
connection:
  - fides_key: objects
    datasets: [erased]
    connector: s3
    region: us-east-1
    max_requests_per_second: 10000
    collections:
      events: {bucket: BUCKET, prefix: events/, format: ndjson}
      sheets: {bucket: BUCKET, prefix: sheets/, format: csv}
      tables: {bucket: BUCKET, prefix: tables/, format: parquet}
  - fides_key: media
    datasets: [pictures]
    connector: s3
    region: us-east-1
    max_requests_per_second: 10000
    collections:
      avatars: {bucket: BUCKET, format: media, key_template: "avatars/{user_id}/"}
"#;

struct Plain;

impl Masker for Plain {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.len())
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

/// A bucket of its own, emptied.
struct Bucket {
    config: SdkConfig,
    client: Client,
    name: &'static str,
}

#[expect(clippy::disallowed_methods, reason = "which stack is used is said from outside")]
#[expect(clippy::print_stdout, reason = "a skipped test is told")]
fn endpoint() -> Option<String> {
    let endpoint = std::env::var("HABEAS_TEST_ENDPOINT").ok();
    if endpoint.is_none() {
        println!("skipped: HABEAS_TEST_ENDPOINT is not set");
    }
    endpoint
}

impl Bucket {
    async fn make(endpoint: String, name: &'static str, is_versioned: bool) -> Self {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let defaults = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
        let config = defaults.credentials_provider(credentials).endpoint_url(endpoint).load().await;
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let client = Client::from_conf(s3);
        drop(client.create_bucket().bucket(name).send().await);
        if is_versioned {
            let status = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            client.put_bucket_versioning().bucket(name).versioning_configuration(status).send().await.unwrap();
        }
        let it = Self { config, client, name };
        for (key, id) in it.versions("").await {
            it.client.delete_object().bucket(name).key(key).version_id(id).send().await.unwrap();
        }
        it
    }

    /// Every version and mark under a prefix.
    async fn versions(&self, prefix: &str) -> Vec<(String, String)> {
        let answer = self.client.list_object_versions().bucket(self.name).prefix(prefix).send().await.unwrap();
        let versions = answer.versions().iter().map(|it| (it.key().unwrap(), it.version_id().unwrap_or("null")));
        let marks = answer.delete_markers().iter().map(|it| (it.key().unwrap(), it.version_id().unwrap_or("null")));
        versions.chain(marks).map(|(key, id)| (key.to_owned(), id.to_owned())).collect()
    }

    async fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let request = self.client.put_object().bucket(self.name).key(key).body(bytes.into().into());
        let request = request.content_type("application/x-test").metadata("made", "by hand").tagging("kind=a%20b");
        request.send().await.unwrap();
    }

    async fn text(&self, key: &str) -> Option<String> {
        let answer = self.client.get_object().bucket(self.name).key(key).send().await.ok()?;
        let bytes = answer.body.collect().await.unwrap().to_vec();
        let mut text = String::new();
        if key.ends_with(".gz") {
            flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            return Some(text);
        }
        Some(String::from_utf8(bytes).unwrap())
    }

    fn order(&self, collection: &str, treatment: Treatment) -> ErasureOrder {
        let text = MAP.replace("BUCKET", self.name);
        let checked = datamap::read_strs(&[("map.yml", text.as_str())]);
        let map = checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings));
        let collection = map.collection(collection).unwrap();
        let values = vec![Datum::Number("7".to_owned())];
        let tenant = "acme".parse().unwrap();
        let lookup = SourceLookup { tenant, map: Arc::new(map), collection, field: "user_id".to_owned(), values };
        ErasureOrder { lookup, treatment, masker: Arc::new(Plain), owner: None }
    }

    async fn plan(&self, order: &ErasureOrder) -> Vec<Target> {
        let (mut targets, mut after) = (Vec::new(), None);
        loop {
            let page = Connectors::new(&self.config).plan(order, after.as_ref()).await.unwrap();
            targets.extend(page.targets);
            after = page.next;
            if after.is_none() {
                return targets;
            }
        }
    }

    async fn erase(&self, order: &ErasureOrder, targets: &[Target]) -> Vec<Erased> {
        Connectors::new(&self.config).erase(order, targets).await.unwrap()
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// Rows of many people; every `nth` is of user 7.
fn rows(count: usize, nth: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let user = if number % nth == 0 { 7 } else { 1000 + number };
        writeln!(text, "{{\"user_id\":{user}, \"note\":\"{number} {}\"}}", "x".repeat(100)).unwrap();
    }
    text
}

fn without(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("{\"user_id\":7,")).fold(String::new(), |all, line| all + line + "\n")
}

async fn objects_are_rewritten(bucket: &Bucket) {
    let (small, large, other) = (rows(500, 5), rows(100_000, 50), rows(50, 60));
    bucket.put("events/a.ndjson.gz", gzip(&small)).await;
    bucket.put("events/b.ndjson", large.clone()).await;
    bucket.put("events/c.ndjson", other.replace("\"user_id\":7,", "\"user_id\":8,")).await;
    bucket.put("events/d.ndjson", "{\"user_id\":7}\n").await;
    let untouched = bucket.versions("events/c").await;
    let order = bucket.order("erased.events", Treatment::Delete);
    let planned = bucket.plan(&order).await;
    let counts: Vec<(u64, u64)> = planned.iter().map(|it| (it.rows, it.other_rows)).collect();
    assert_eq!(counts, [(100, 400), (2000, 98_000), (1, 0)]);
    for _ in 0..2 {
        let answers = bucket.erase(&order, &planned).await;
        assert!(answers.iter().all(|it| matches!(it, Erased::Done | Erased::Gone)), "{answers:?}");
        assert_eq!(bucket.text("events/a.ndjson.gz").await.unwrap(), without(&small));
        assert!(bucket.text("events/b.ndjson").await.unwrap() == without(&large), "rows of others changed");
        assert_eq!(bucket.text("events/d.ndjson").await, None);
    }
    assert_eq!(bucket.versions("events/c").await, untouched);
    assert_eq!(bucket.versions("events/").await.len(), 3, "previous versions and marks are gone");
    assert_eq!(bucket.plan(&order).await, []);
    for key in ["events/a.ndjson.gz", "events/b.ndjson"] {
        let head = bucket.client.head_object().bucket(bucket.name).key(key).send().await.unwrap();
        assert_eq!(head.content_type(), Some("application/x-test"));
        assert_eq!(head.metadata().unwrap()["made"], "by hand");
        // The emulator does not take the tags of an object that is put in parts (docs/limits.md).
        if key == "events/b.ndjson" {
            continue;
        }
        let tags = bucket.client.get_object_tagging().bucket(bucket.name).key(key).send().await.unwrap();
        assert_eq!((tags.tag_set()[0].key(), tags.tag_set()[0].value()), ("kind", "a b"));
    }
    let uploads = bucket.client.list_multipart_uploads().bucket(bucket.name).send().await.unwrap();
    assert_eq!(uploads.uploads().len(), 0, "no upload is left behind");
}

async fn sheets_are_rewritten_unless_they_drifted(bucket: &Bucket) {
    let masking = Masking { strategy: Strategy::StringRewrite, configuration: BTreeMap::new() };
    let fields = vec![FieldRewrite { path: "note".to_owned(), masking }];
    let order = bucket.order("erased.sheets", Treatment::Rewrite { fields, kept: None });
    let sheet = "user_id,note,n\r\n7,a,1\r\n8,\"b\nc\",2\r\n";
    for key in ["sheets/1.csv", "sheets/2.csv", "sheets/3.csv"] {
        bucket.put(key, sheet).await;
    }
    let planned = bucket.plan(&order).await;
    bucket.put("sheets/2.csv", sheet.replace("7,a,1", "7,changed,1")).await;
    bucket.put("sheets/3.csv", sheet.replace("b\nc", "d")).await;
    assert_eq!(bucket.erase(&order, &planned).await, [Erased::Done, Erased::Drifted, Erased::Done]);
    let after = "user_id,note,n\r\n7,[REDACTED],1\r\n8,\"b\nc\",2\r\n";
    assert_eq!(bucket.text("sheets/1.csv").await.unwrap(), after);
    assert!(bucket.text("sheets/2.csv").await.unwrap().contains("7,changed,1"));
    assert_eq!(bucket.text("sheets/3.csv").await.unwrap(), after.replace("b\nc", "d"));
    assert_eq!(bucket.plan(&order).await.len(), 1, "only what drifted is left");
}

/// Row groups of a few thousand rows, so that the object is read by several ranges.
async fn tables_are_rewritten(bucket: &Bucket) {
    let before = objects::rows(0, 60_000, true);
    bucket.put("tables/1.parquet", objects::object(Kind::Parquet, &before)).await;
    let values = (0..objects::SUBJECTS).map(|number| Datum::Text(objects::user(number))).collect();
    let mut order = bucket.order("erased.tables", Treatment::Delete);
    order.lookup.values = values;
    let planned = bucket.plan(&order).await;
    assert_eq!((planned[0].rows, planned[0].other_rows), (600, 59_400));
    assert_eq!(bucket.erase(&order, &planned).await, [Erased::Done]);
    let answer = bucket.client.get_object().bucket(bucket.name).key("tables/1.parquet").send().await.unwrap();
    assert_eq!(answer.metadata().unwrap()["made"], "by hand");
    let after = answer.body.collect().await.unwrap().to_vec();
    let expected: Vec<_> = before.into_iter().filter(|row| row.user >= objects::SUBJECTS).collect();
    let expected = objects::object(Kind::Parquet, &expected);
    assert!(objects::content(Kind::Parquet, &after) == objects::content(Kind::Parquet, &expected));
    assert_eq!(bucket.versions("tables/").await.len(), 1);
    assert_eq!(bucket.plan(&order).await, []);
}

async fn media_go_with_every_version(bucket: &Bucket) {
    for key in ["avatars/7/a.png", "avatars/7/b.png", "avatars/7/c.png", "avatars/70/a.png"] {
        bucket.put(key, "old").await;
        bucket.put(key, "new").await;
    }
    let order = bucket.order("pictures.avatars", Treatment::Delete);
    let planned = bucket.plan(&order).await;
    assert_eq!(planned.len(), 3);
    bucket.put("avatars/7/b.png", "changed since").await;
    bucket.client.delete_object().bucket(bucket.name).key("avatars/7/c.png").send().await.unwrap();
    let answers = bucket.erase(&order, &planned).await;
    assert_eq!(answers[..2], [Erased::Done, Erased::Drifted]);
    assert!(matches!(answers[2], Erased::Done | Erased::Gone));
    assert_eq!(bucket.versions("avatars/7/a").await, []);
    assert_eq!(bucket.versions("avatars/7/c").await, []);
    assert_eq!(bucket.text("avatars/7/b.png").await.unwrap(), "changed since");
    assert_eq!(bucket.text("avatars/70/a.png").await.unwrap(), "new");
    assert_eq!(bucket.erase(&order, &planned).await[0], Erased::Gone);
}

#[test]
fn plain_buckets_are_erased() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let bucket = Bucket::make(endpoint, "erase-plain", false).await;
        objects_are_rewritten(&bucket).await;
        sheets_are_rewritten_unless_they_drifted(&bucket).await;
        tables_are_rewritten(&bucket).await;
        media_go_with_every_version(&bucket).await;
    });
}

#[test]
fn versioned_buckets_are_erased_with_their_history() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let bucket = Bucket::make(endpoint, "erase-versions", true).await;
        objects_are_rewritten(&bucket).await;
        sheets_are_rewritten_unless_they_drifted(&bucket).await;
        tables_are_rewritten(&bucket).await;
        media_go_with_every_version(&bucket).await;
    });
}
