//! Inclusion proofs of the deployed function beside calls that the same function answers without touching anything, and beside the calls
//! to AWS that a proof can't do without (find the event, read its position, tell of the look), made by the test itself; all in turns.
//! `HABEAS_PROOF_CALLS` says how many of each; only from 200 on they are so many that the rates are compared (80 %).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use futures::StreamExt as _;
use futures::stream::iter;
use serde_json::Value;

use crate::api::{Api, job_id, request};
use crate::audit_log::{newest_event, proof_of};
use crate::aws::{self, Item};
use crate::company::ADA;
use crate::harness::{Stack, epoch_seconds, pause};
use crate::logs;
use crate::tokens::Bearer;

/// Calls of one turn.
const TURN: usize = 20;
/// Calls under way at once.
const AT_ONCE: usize = 4;
/// So many say something about rates.
const ENOUGH: usize = 200;
const BAR: f64 = 0.8;
/// Proofs whose calls are counted.
const COUNTED: usize = 10;

fn calls() -> usize {
    std::env::var("HABEAS_PROOF_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

/// The calls of one proof, to the same table: a query, a read of several keys, a transaction.
struct Bare {
    client: Client,
    table: String,
    item: Item,
}

impl Bare {
    async fn of(stack: &Stack, job: &str) -> Self {
        let (config, table) = (aws::config(stack).await, stack.resource("JobsTable").to_owned());
        let found = aws::scan(&config, &table, "t#sample").await.into_iter();
        let item = found
            .filter(|item| aws::text(item, "kind") == Some("event"))
            .find(|item| aws::text(item, "pk").is_some_and(|pk| pk.contains(job)));
        Self { client: Client::new(&config), table, item: item.expect("a job has events") }
    }

    async fn calls(&self) {
        let key = |name: &str| (name.to_owned(), self.item[name].clone());
        // By the index that the function asks: the emulator looks through all of it, so that it takes longer with each event.
        let query = self.client.query().table_name(&self.table).index_name("events");
        let query = query.key_condition_expression("events_pk = :tenant AND event_id = :id");
        let query = query.expression_attribute_values(":tenant", self.item["events_pk"].clone());
        let found = query.expression_attribute_values(":id", self.item["event_id"].clone()).send().await.unwrap();
        assert_eq!(found.count, 1);
        let keys = KeysAndAttributes::builder().keys(HashMap::from([key("pk"), key("sk")])).consistent_read(true);
        self.client.batch_get_item().request_items(&self.table, keys.build().unwrap()).send().await.unwrap();
        let mut copy = self.item.clone();
        copy.retain(|name, _| matches!(name.as_str(), "pk" | "sk" | "body"));
        copy.insert("pk".to_owned(), AttributeValue::S("measured".to_owned()));
        let put = Put::builder().table_name(&self.table).set_item(Some(copy)).build().unwrap();
        let write = TransactWriteItem::builder().put(put).build();
        self.client.transact_write_items().transact_items(write).send().await.unwrap();
    }

    async fn turn(&self) -> Duration {
        let begun = Instant::now();
        iter(0..TURN).map(|_| self.calls()).buffer_unordered(AT_ONCE).collect::<()>().await;
        begun.elapsed()
    }

    async fn forget(&self) {
        let delete =
            self.client.delete_item().table_name(&self.table).key("pk", AttributeValue::S("measured".to_owned()));
        delete.key("sk", self.item["sk"].clone()).send().await.unwrap();
    }
}

/// A request whose newest event is in the log, and who asks.
struct Sealed {
    operator: Api,
    auditor: Api,
    job: String,
    event: String,
}

impl Sealed {
    async fn of(stack: &Stack) -> Self {
        let operator = Api::of(stack, &Bearer::staff("sample", "operator"));
        let auditor = Api::of(stack, &Bearer::staff("sample", "auditor"));
        let job = job_id(&operator.post("/privacy/requests", &request("access", ADA)).await.expect(202));
        let event = newest_event(&auditor, &job).await;
        proof_of(stack, &auditor, &event).await;
        Self { operator, auditor, job, event }
    }
}

/// How long a turn of calls takes; each must be answered with this status.
async fn turn(api: &Api, path: &str, status: u16) -> Duration {
    let begun = Instant::now();
    let asked = iter(0..TURN).map(|_| async { assert_eq!(api.get(path).await.status.as_u16(), status, "{path}") });
    asked.buffer_unordered(AT_ONCE).collect::<()>().await;
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_come_nearly_as_fast_as_answers_without_work() {
    let Some(stack) = Stack::plain().await else { return };
    let Sealed { operator, auditor, job, event } = Sealed::of(&stack).await;
    let bare_calls = Bare::of(&stack, &job).await;
    // No such route: the function is started, reads the call and answers.
    let kinds = [("/audit/nothing".to_owned(), 404), (format!("/audit/events/{event}/proof"), 200)];
    let (mut took, mut took_calls) = ([Duration::ZERO; 2], Duration::ZERO);
    let turns = calls().div_ceil(TURN);
    for _ in 0..turns {
        for ((path, status), took) in kinds.iter().zip(&mut took) {
            *took += turn(&auditor, path, *status).await;
        }
        took_calls += bare_calls.turn().await;
    }
    bare_calls.forget().await;
    let rate = |took: Duration| (turns * TURN) as f64 / took.as_secs_f64();
    let (bare, proofs, with_calls) = (rate(took[0]), rate(took[1]), rate(took[0] + took_calls));
    println!(
        "{proofs:.0} proofs a second over the stack: {:.0} % of {bare:.0} answers without work, \
         {:.0} % of {with_calls:.0} such answers and the calls of a proof",
        100.0 * proofs / bare,
        100.0 * proofs / with_calls
    );
    assert!(turns * TURN < ENOUGH || proofs >= BAR * with_calls, "{proofs:.0} of {with_calls:.0}");
    operator.post(&format!("/privacy/jobs/{job}/cancel"), &serde_json::json!({ "reason": "a test" })).await;
}

/// What the deployed function itself has counted of so many proofs, in order.
async fn counted(stack: &Stack, since: u64) -> Vec<Value> {
    let mut told = Vec::new();
    for _ in 0..40 {
        told = logs::aws_calls(stack, "AuditApi", since).await;
        if told.len() >= COUNTED {
            return told;
        }
        pause(250).await;
    }
    panic!("{} of {COUNTED} proofs have told their calls: {told:?}", told.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_makes_three_calls_on_the_warm_path() {
    let Some(stack) = Stack::plain().await else { return };
    let Sealed { operator, auditor, job, event } = Sealed::of(&stack).await;
    // What told of the calls before may be written in the same second.
    pause(1_500).await;
    let since = epoch_seconds() * 1000;
    for _ in 0..COUNTED {
        auditor.get(&format!("/audit/events/{event}/proof")).await.expect(200);
    }
    let told = counted(&stack, since).await;
    println!("AWS calls of each proof: {:?}", told.iter().map(|line| &line["aws_calls_total"]).collect::<Vec<_>>());
    // A sandbox learns keys first, and reads the checkpoint anew after half a minute.
    let is_warm =
        |line: &&Value| line["aws_calls"].as_object().unwrap().keys().all(|name| name.starts_with("DynamoDB."));
    let warm: Vec<&Value> = told.iter().filter(is_warm).collect();
    assert!(warm.len() >= COUNTED / 2, "{told:?}");
    // The event by its id, its position in the log, and that somebody looked.
    let three = ["DynamoDB.Query.calls", "DynamoDB.BatchGetItem.calls", "DynamoDB.TransactWriteItems.calls"];
    for line in warm {
        let calls = three.map(|name| line["aws_calls"][name].as_u64());
        assert_eq!((calls, line["aws_calls_total"].as_u64()), ([Some(1); 3], Some(3)), "{line}");
    }
    operator.post(&format!("/privacy/jobs/{job}/cancel"), &serde_json::json!({ "reason": "a test" })).await;
}
