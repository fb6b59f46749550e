//! Counts again what a storm has left: from the items as they are stored and the objects in the bucket, never through the product.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::Value;

use crate::aws::{self, Item, record, text};
use crate::chinook::Chinook;
use crate::harness::Stack;
use crate::zip_file::{ZipFile, assert_same_rows};

/// The items of one job by sort key.
type Items = BTreeMap<String, Item>;

async fn jobs_of(config: &SdkConfig, table: &str, tenant: &str) -> BTreeMap<String, Items> {
    let partition = format!("t#{tenant}#job#");
    let mut jobs: BTreeMap<String, Items> = BTreeMap::new();
    for item in aws::scan(config, table, &partition).await {
        let id = text(&item, "pk").unwrap()[partition.len()..].to_owned();
        jobs.entry(id).or_default().insert(text(&item, "sk").unwrap().to_owned(), item);
    }
    jobs
}

fn kind(item: &Item) -> &str {
    text(item, "kind").unwrap_or_default()
}

/// What is not at rest yet: jobs that are not completed, and steps that still have something to do now.
pub(crate) async fn open(config: &SdkConfig, table: &str, tenant: &str) -> Vec<String> {
    let mut open = Vec::new();
    for (id, items) in jobs_of(config, table, tenant).await {
        for (sort, item) in &items {
            let told = record(item);
            let (status, state) = (told["status"].as_str(), told["state"].as_str());
            match kind(item) {
                "job" if status != Some("completed") => {
                    open.push(format!("{id}: {status:?} {}", told["parked_because"]));
                }
                "step" if !matches!(state, Some("done" | "waiting")) => open.push(format!("{id}/{sort}: {state:?}")),
                _ => {}
            }
        }
    }
    open
}

/// Makes due now what open jobs wait for, as if the time had come; each must wait at most 15 minutes (INV-L2).
pub(crate) async fn look_early(config: &SdkConfig, table: &str, tenant: &str) -> usize {
    let now = Timestamp::now().as_millisecond();
    let client = aws_sdk_dynamodb::Client::new(config);
    let mut moved = 0;
    for (id, items) in jobs_of(config, table, tenant).await {
        if items.get("job").is_some_and(|job| record(job)["status"] == "completed") {
            continue;
        }
        let due = |item: &Item| text(item, "next_check_at").and_then(|millis| millis.parse::<i64>().ok());
        let next = items.values().filter_map(due).min();
        assert!(next.is_some_and(|at| at <= now + 15 * 60_000), "{id} is open and nothing will look at it: {next:?}");
        for item in items.values().filter(|item| due(item).is_some_and(|at| at > now)) {
            let request =
                client.update_item().table_name(table).key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            let request = request.update_expression("SET next_check_at = :now").condition_expression("version = :seen");
            let request = request.expression_attribute_values(":now", AttributeValue::S(format!("{now:013}")));
            let request = request.expression_attribute_values(":seen", item["version"].clone());
            // A step that has moved on by itself is left alone.
            moved += usize::from(request.send().await.is_ok());
        }
    }
    moved
}

/// Asserts the whole: each job completed once, one event for each version, archives whole and of the right person.
pub(crate) async fn assert_each_done_once(
    stack: &Stack,
    tenant: &str,
    submitted: &BTreeMap<String, Value>,
    chinook: &Chinook,
) -> String {
    let config = aws::config(stack).await;
    let jobs = jobs_of(&config, stack.resource("JobsTable"), tenant).await;
    assert!(jobs.keys().eq(submitted.keys()), "the stored jobs are those accepted");
    let s3 = aws::s3(&config);
    let bucket = stack.resource("ExportsBucket");
    let (mut events, mut redone) = (0, 0);
    for (id, items) in &jobs {
        events += assert_events_match_versions(id, items);
        redone +=
            items.values().filter(|item| kind(item) == "step" && record(item)["fence"].as_u64() > Some(1)).count();
        let job = record(&items["job"]);
        assert_eq!(job["status"], "completed", "{id}");
        assert_eq!(completions(items), 1, "{id} was completed once");
        let archive = &job["archive"];
        let bytes = aws::object(&s3, bucket, archive["key"].as_str().unwrap()).await;
        let mut rows = ZipFile::checked(bytes, archive).json_rows();
        // What we tell of the person's requests grows with the storm; that the data set is exact does not.
        rows.retain(|source, _| !source.starts_with("habeas."));
        for (source, expected) in chinook.rows_of(&submitted[id]) {
            assert_same_rows(rows.get(&source).map(Vec::as_slice).unwrap_or_default(), &expected, &source);
        }
        let total: usize = rows.values().map(Vec::len).sum();
        let expected: usize = chinook.rows_of(&submitted[id]).values().map(Vec::len).sum();
        assert_eq!(total, expected, "{id} holds nothing else");
    }
    assert!(redone >= 5, "only {redone} steps were claimed again: the storm hit nothing");
    assert_no_open_jobs_are_counted(&config, stack, tenant).await;
    let archives =
        aws::keys(&s3, bucket).await.into_iter().filter(|key| key.starts_with(&format!("exports/{tenant}/"))).count();
    assert_eq!(archives, jobs.len(), "one archive for each job");
    let uploads = s3.list_multipart_uploads().bucket(bucket).prefix(format!("exports/{tenant}/")).send().await.unwrap();
    let uploads = uploads.uploads().len();
    format!(
        "{events} events for as many versions, {redone} steps claimed again, {archives} archives whole, {uploads} uploads left open"
    )
}

/// INV-A1: versions of an item are those of its events, each once. Gives back the number of events.
fn assert_events_match_versions(id: &str, items: &Items) -> usize {
    let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for event in items.values().filter(|item| kind(item) == "event").map(record) {
        if let (Some(item), Some(version)) = (event["item"]["item"].as_str(), event["item"]["version"].as_u64()) {
            told.entry(item.to_owned()).or_default().push(version);
        }
    }
    let mut count = 0;
    for (sort, item) in items.iter().filter(|(_, item)| matches!(kind(item), "job" | "step")) {
        let version = record(item)["version"].as_u64().unwrap();
        let mut versions = told.remove(sort).unwrap_or_default();
        versions.sort_unstable();
        assert!(
            versions.iter().copied().eq(1..=version),
            "{id}/{sort} has version {version} and events of {versions:?}"
        );
        count += versions.len();
    }
    count
}

fn completions(items: &Items) -> usize {
    let events = items.values().filter(|item| kind(item) == "event").map(record);
    events.filter(|event| event["item"]["item"] == "job" && event["to"] == "completed").count()
}

/// INV-Q1: the counter of open jobs is back at nothing.
async fn assert_no_open_jobs_are_counted(config: &SdkConfig, stack: &Stack, tenant: &str) {
    let items = aws::scan(config, stack.resource("JobsTable"), &format!("t#{tenant}#tenant")).await;
    let counter = items.iter().find(|item| text(item, "sk") == Some("counter#open_jobs")).unwrap();
    assert_eq!(counter["value"].as_n().unwrap(), "0", "open jobs");
}
