//! The connectors against a local stack, where `HABEAS_TEST_ENDPOINT` names one; else this says so and passes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails to set up fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use connectors::Connectors;
use datamap::DataMap;
use domain::datum::Datum;
use workflow::ports::{ByteRange, Connector, Cursor, PortErrorKind, SourceLookup};

mod stack {
    pub(crate) mod load;
}
use stack::load;

const MAP: &str = include_str!("stack/map.yml");

/// The way to the stack, or a printed line that there is none.
#[expect(clippy::disallowed_methods, reason = "which stack is used is said from outside")]
fn endpoint() -> Option<String> {
    let endpoint = std::env::var("HABEAS_TEST_ENDPOINT").ok();
    if endpoint.is_none() {
        say("skipped: HABEAS_TEST_ENDPOINT is not set");
    }
    endpoint
}

#[expect(clippy::print_stdout, reason = "a skipped test and what a test read are told")]
fn say(line: &str) {
    println!("{line}");
}

async fn config(endpoint: String) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let defaults = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    defaults.credentials_provider(credentials).endpoint_url(endpoint).load().await
}

fn lookup(collection: &str, field: &str, values: &[String]) -> SourceLookup {
    let checked = datamap::read_strs(&[("map.yml", MAP)]);
    let map: DataMap = checked.map.unwrap_or_else(|| {
        panic!("{:?}", checked.findings.iter().filter(|it| it.severity == datamap::Severity::Error).collect::<Vec<_>>())
    });
    let position = map.collection(collection).unwrap();
    let values = values.iter().map(|value| Datum::parse_json(value.as_bytes()).unwrap()).collect();
    SourceLookup {
        tenant: "acme".parse().unwrap(),
        map: Arc::new(map),
        collection: position,
        field: field.to_owned(),
        values,
    }
}

/// All pages by a fresh connector each, so that nothing but the cursor carries over; rows as JSON, and the pages.
async fn all(config: &SdkConfig, lookup: &SourceLookup, projection: Option<&[String]>) -> (Vec<String>, usize) {
    let (mut rows, mut pages, mut after): (Vec<String>, usize, Option<Cursor>) = (Vec::new(), 0, None);
    loop {
        let connectors = Connectors::new(config);
        let page = match projection {
            Some(projection) => connectors.locate(lookup, projection, after.as_ref()).await.unwrap(),
            None => connectors.export(lookup, after.as_ref()).await.unwrap(),
        };
        pages += 1;
        rows.extend(page.rows.iter().map(|row| String::from_utf8(row.to_json()).unwrap()));
        match page.next {
            Some(next) => after = Some(next),
            None => return (rows, pages),
        }
    }
}

async fn check(config: &SdkConfig, collection: &str, field: &str, values: &[String], expected: usize) -> Vec<String> {
    let lookup = lookup(collection, field, values);
    let (rows, pages) = all(config, &lookup, None).await;
    let distinct: BTreeSet<&String> = rows.iter().collect();
    assert_eq!((rows.len(), distinct.len()), (expected, expected), "{collection} by {field}");
    assert!(!rows.iter().any(|row| row.contains("\"org\":\"other\"")), "a row of another tenant left");
    let names = [field.to_owned()];
    let (located, _) = all(config, &lookup, Some(&names)).await;
    assert_eq!(located.len(), expected, "{collection} located by {field}");
    say(&format!("{collection} by {field}: {expected} rows in {pages} pages"));
    rows
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| format!("\"{value}\"")).collect()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn tables_are_read_by_key_index_and_scan() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let config = config(endpoint).await;
        load::tables(&config).await;
        let exact = check(&config, "app.users", "user_id", &texts(&["u7"]), 1).await;
        let digits = load::DIGITS;
        assert_eq!(
            exact[0],
            format!(
                "{{\"user_id\":\"u7\",\"email\":\"u7@example.org\",\"note\":{{\"b\":1,\"a\":[{digits}]}},\"org\":\"acme\",\"tags\":[\"x\"]}}"
            )
        );
        let many: Vec<String> = (0..250).map(|n| format!("\"u{n}\"")).collect();
        check(&config, "app.users", "user_id", &many, 200).await;
        check(&config, "app.users", "email", &texts(&["u7@example.org", "nobody@example.org"]), 1).await;
        check(&config, "app.users", "user_id", &texts(&["foreign"]), 0).await;
        check(&config, "app.users", "user_id", &["null".to_owned(), "\"\"".to_owned()], 0).await;
        check(&config, "app.messages", "author", &["1".to_owned()], 1500).await;
        check(&config, "app.messages", "author", &["\"1\"".to_owned(), "1.0".to_owned(), "2".to_owned()], 3000).await;
        let partial = check(&config, "app.messages", "thread", &texts(&["t3"]), 300).await;
        assert!(partial.iter().all(|row| row.contains("\"text\"")), "items are whole");
        check(&config, "app.messages", "to.id", &["5".to_owned()], 300).await;
    });
}

#[test]
fn a_scan_that_is_not_allowed_is_refused() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let config = config(endpoint).await;
        load::tables(&config).await;
        let lookup = lookup("app.users", "tags", &texts(&["x"]));
        let error = Connectors::new(&config).export(&lookup, None).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Corrupt);
    });
}

#[test]
fn objects_and_media_are_read_whole() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let config = config(endpoint).await;
        load::objects(&config).await;
        check(&config, "lake.metrics", "user_id", &["7".to_owned()], 3000).await;
        check(&config, "lake.signins", "user_id", &["7".to_owned()], 7).await;
        check(&config, "lake.partitions", "user_id", &["7".to_owned()], 1).await;
        let lookup = lookup("media.avatars", "user_id", &["7".to_owned(), "8".to_owned()]);
        let connectors = Connectors::new(&config);
        let page = connectors.export(&lookup, None).await.unwrap();
        let keys: Vec<&str> = page.media.iter().map(|media| media.key.as_str()).collect();
        assert_eq!(keys, ["avatars/7/a.png", "avatars/7/b.png"]);
        assert_eq!(page.media[0].content_type.as_deref(), Some("image/png"));
        let read = |start, end| connectors.read_media(&lookup, &page.media[0], ByteRange { start, end });
        assert_eq!(read(2, 5).await.unwrap(), b"234");
        assert_eq!(read(8, 99).await.unwrap(), b"89");
        load::put(&config, "media", "avatars/7/a.png", b"changed".to_vec()).await;
        assert_eq!(read(0, 1).await.unwrap_err().kind, PortErrorKind::Conflict);
        let mut foreign = page.media[0].clone();
        foreign.key = "avatars/70/a.png".to_owned();
        let range = ByteRange { start: 0, end: 1 };
        assert_eq!(connectors.read_media(&lookup, &foreign, range).await.unwrap_err().kind, PortErrorKind::Corrupt);
    });
}
