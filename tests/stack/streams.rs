//! Change events of a Kinesis stream through the deployed masking stream while its processes are killed: none lost, order kept,
//! nobody readable. `HABEAS_STREAM_EVENTS` says how many events; 5,000 unless said otherwise.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, Record, ShardIteratorType};
use aws_sdk_lambda::types::Environment;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::aws;
use crate::harness::{Parameters, Stack, epoch_seconds, pause};
use crate::kills::processes;

const PEOPLE: usize = 211;
const BATCH: usize = 250;
/// Events of one run that the emulator's queues can bear.
const MANY: usize = 10_000;
const INTO_STREAMS: Parameters = &["StreamTargetArn=arn:aws:kinesis:*:*:stream/masked-*"];
pub(crate) const FUNCTION: &str = "MaskingStream";

fn events() -> usize {
    std::env::var("HABEAS_STREAM_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000)
}

async fn make_stream(kinesis: &aws_sdk_kinesis::Client, name: &str) {
    kinesis.create_stream().stream_name(name).shard_count(2).send().await.unwrap();
    for _ in 0..50 {
        let found = kinesis.describe_stream_summary().stream_name(name).send().await.unwrap();
        if found.stream_description_summary().unwrap().stream_status().as_str() == "ACTIVE" {
            return;
        }
        pause(100).await;
    }
}

/// A Kinesis stream of our own with the events in it; its records by shard.
async fn filled(kinesis: &aws_sdk_kinesis::Client, name: &str, count: usize) -> Vec<(String, Vec<Record>)> {
    make_stream(kinesis, name).await;
    let all: Vec<usize> = (0..count).collect();
    for chunk in all.chunks(500) {
        let entries = chunk.iter().map(|at| entry(*at)).collect();
        let answer = kinesis.put_records().stream_name(name).set_records(Some(entries)).send().await.unwrap();
        assert_eq!(answer.failed_record_count().unwrap_or(0), 0);
    }
    let shards = all_records(kinesis, name).await;
    assert_eq!(shards.iter().map(|(_, records)| records.len()).sum::<usize>(), count);
    shards
}

async fn all_records(kinesis: &aws_sdk_kinesis::Client, name: &str) -> Vec<(String, Vec<Record>)> {
    let mut shards = Vec::new();
    for shard in kinesis.list_shards().stream_name(name).send().await.unwrap().shards() {
        shards.push((shard.shard_id().to_owned(), records(kinesis, name, shard.shard_id()).await));
    }
    shards
}

fn entry(at: usize) -> PutRecordsRequestEntry {
    let person = at * 31 % PEOPLE;
    let row = json!({ "id": at, "name": format!("Canary Person{person}"), "email": format!("canary{person}@example.com"),
        "comment": format!("call +1 415 555 {:04} or canary{person}@example.org", person), "n": at });
    let event = json!({ "before": null, "after": row, "source": { "table": "people" }, "op": "u" });
    let entry = PutRecordsRequestEntry::builder().partition_key(format!("canary{person}"));
    entry.data(Blob::new(event.to_string())).build().unwrap()
}

async fn records(kinesis: &aws_sdk_kinesis::Client, stream: &str, shard: &str) -> Vec<Record> {
    let from = kinesis.get_shard_iterator().stream_name(stream).shard_id(shard);
    let from = from.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
    let mut iterator = from.shard_iterator;
    let mut records = Vec::new();
    while let Some(at) = iterator {
        let page = kinesis.get_records().shard_iterator(at).limit(1_000).send().await.unwrap();
        if page.records.is_empty() {
            break;
        }
        records.extend(page.records);
        iterator = page.next_shard_iterator;
    }
    records
}

/// A batch as Lambda hands it over.
fn batch(stream: &str, shard: &str, records: &[Record]) -> Value {
    let record = |record: &Record| {
        json!({
            "eventSource": "aws:kinesis",
            "eventID": format!("{shard}:{}", record.sequence_number()),
            "eventSourceARN": format!("arn:aws:kinesis:us-east-1:000000000000:stream/{stream}"),
            "kinesis": { "partitionKey": record.partition_key(), "sequenceNumber": record.sequence_number(),
                "data": BASE64.encode(record.data().as_ref()) },
        })
    };
    json!({ "Records": records.iter().map(record).collect::<Vec<Value>>() })
}

/// Points the function at a queue, or back at what it was.
pub(crate) async fn point(lambda: &aws_sdk_lambda::Client, function: &str, variables: HashMap<String, String>) {
    let environment = Environment::builder().set_variables(Some(variables)).build();
    lambda.update_function_configuration().function_name(function).environment(environment).send().await.unwrap();
}

/// Feeds a shard until every record is through; says how many batches had to come again.
pub(crate) async fn feed(
    lambda: &aws_sdk_lambda::Client,
    function: &str,
    stream: &str,
    (shard, all): &(String, Vec<Record>),
) -> usize {
    let (mut at, mut again, mut stuck) = (0, 0, 0);
    while at < all.len() {
        let records = &all[at..all.len().min(at + BATCH)];
        let payload = serde_json::to_vec(&batch(stream, shard, records)).unwrap();
        let answer = lambda.invoke().function_name(function).payload(payload.into()).send().await;
        let said = answer.ok().filter(|answer| answer.function_error().is_none()).and_then(|answer| answer.payload);
        let said: Option<Value> = said.and_then(|payload| serde_json::from_slice(payload.as_ref()).ok());
        let before = at;
        match said.as_ref().and_then(|said| said["batchItemFailures"].as_array()).map(|failures| failures.first()) {
            Some(None) => at += records.len(),
            Some(Some(failed)) => {
                again += 1;
                let failed = failed["itemIdentifier"].as_str().unwrap();
                at += records.iter().position(|record| record.sequence_number() == failed).unwrap();
            }
            None => again += 1,
        }
        stuck = if at == before { stuck + 1 } else { 0 };
        assert!(stuck < 100, "the function does not come through: {said:?}");
    }
    again
}

pub(crate) async fn drained(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let request = sqs.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(1);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return lines;
        }
        let entries = messages.iter().enumerate().map(|(at, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(message.receipt_handle().unwrap()).build().unwrap()
        });
        sqs.delete_message_batch().queue_url(url).set_entries(Some(entries.collect())).send().await.unwrap();
        lines.extend(messages.iter().map(|message| serde_json::from_str::<Value>(message.body().unwrap()).unwrap()));
    }
}

fn check(lines: &[Value], count: usize) -> usize {
    let mut seen = BTreeSet::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| seen.insert(line["id"].as_str().unwrap())) {
        let text = line.to_string();
        assert!(!text.contains("canary") && !text.contains("Canary") && !text.contains("415 555"), "{text}");
        let number = line["event"]["after"]["n"].as_u64().unwrap();
        let before = last.insert(line["key"].as_str().unwrap(), number);
        assert!(before.is_none_or(|before| before < number), "{number} came after {before:?}");
    }
    assert_eq!((seen.len(), last.len()), (count, PEOPLE.min(count)));
    lines.len() - seen.len()
}

/// Where masked events go.
enum Sink {
    Queue(aws_sdk_sqs::Client, String),
    Stream(aws_sdk_kinesis::Client, String),
}

impl Sink {
    /// A FIFO queue; for very many a stream, since the emulator looks at five minutes of messages for each that it queues.
    async fn make(config: &aws_config::SdkConfig, count: usize) -> Self {
        let name = format!("masked-{}", epoch_seconds());
        if count > MANY {
            let kinesis = aws_sdk_kinesis::Client::new(config);
            make_stream(&kinesis, &name).await;
            return Self::Stream(kinesis, name);
        }
        let sqs = aws_sdk_sqs::Client::new(config);
        let queue = sqs.create_queue().queue_name(format!("{name}.fifo"));
        let url = queue.attributes(QueueAttributeName::FifoQueue, "true").send().await.unwrap().queue_url.unwrap();
        Self::Queue(sqs, url)
    }

    fn target(&self) -> String {
        match self {
            Self::Queue(_, url) => format!("sqs:{url}"),
            Self::Stream(_, name) => format!("kinesis:{name}"),
        }
    }

    async fn lines(&self) -> Vec<Value> {
        match self {
            Self::Queue(sqs, url) => drained(sqs, url).await,
            Self::Stream(kinesis, name) => {
                let all = all_records(kinesis, name).await.into_iter().flat_map(|(_, records)| records);
                all.map(|record| serde_json::from_slice(record.data().as_ref()).unwrap()).collect()
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masked_events_survive_the_death_of_their_function() {
    let (count, name) = (events(), format!("changes-{}", epoch_seconds()));
    let stack = if count > MANY { Stack::with(INTO_STREAMS).await } else { Stack::plain().await };
    let Some(stack) = stack else { return };
    let config = aws::config(&stack).await;
    let (kinesis, lambda) = (aws_sdk_kinesis::Client::new(&config), aws_sdk_lambda::Client::new(&config));
    let shards = filled(&kinesis, &name, count).await;
    let sink = Sink::make(&config, count).await;
    let function = stack.resource(FUNCTION);
    let before = lambda.get_function_configuration().function_name(function).send().await.unwrap();
    let before = before.environment.and_then(|environment| environment.variables).unwrap_or_default();
    let mut variables = before.clone();
    variables.insert("HABEAS_STREAM_TENANT".to_owned(), format!("streams-{}", epoch_seconds()));
    variables.insert("HABEAS_STREAM_TARGET".to_owned(), sink.target());
    point(&lambda, function, variables).await;

    let (started, is_over, kills) = (Instant::now(), AtomicBool::new(false), AtomicUsize::new(0));
    let feeding = async {
        let mut again = 0;
        for shard in &shards {
            again += feed(&lambda, function, &name, shard).await;
        }
        is_over.store(true, Ordering::SeqCst);
        again
    };
    let killing = async {
        // At uneven times, so that on a slow machine some batches come to their end too.
        let mut at = 0;
        while cfg!(target_os = "linux") && !is_over.load(Ordering::SeqCst) {
            at += 1;
            pause(500 + at * 631 % 3_000).await;
            kills.fetch_add(processes::kill(&stack, &[FUNCTION]), Ordering::SeqCst);
        }
    };
    let (again, ()) = futures::join!(feeding, killing);
    let seconds = started.elapsed().as_secs_f64();
    let lines = sink.lines().await;
    point(&lambda, function, before).await;
    kinesis.delete_stream().stream_name(&name).send().await.unwrap();
    let doubled = check(&lines, count);
    let kills = kills.into_inner();
    println!("{count} events in {seconds:.1} s, {kills} kills, {again} batches again, {doubled} raw doubles");
}
