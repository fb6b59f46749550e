//! Two erasures on the deployed stack whose rows lie in the same objects: one pass, one rewrite of each, two receipts.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::Message;
use futures::FutureExt as _;
use serde_json::{Value, json};

use crate::api::{Api, job_id};
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::logs;
use crate::people_map::people_and;
use crate::receipts;
use crate::tokens::Bearer;

const OBJECTS: usize = 3;
/// Rows of each person in each object.
const ROWS: usize = 2;
/// Those who go, and one who stays.
const PEOPLE: usize = 3;
const GONE: usize = 2;

const CONNECTIONS: &str = r"
connection:
  - fides_key: shared_tables
    datasets: [shared]
    connector: dynamodb
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
  - fides_key: shared_lake
    datasets: [shared]
    connector: s3
    collections:
      visits: { bucket: BUCKET, prefix: visits/, format: ndjson }
";

/// The rows of a person in an object.
fn visits(object: usize, person: usize) -> String {
    let row = |at: usize| json!({ "id": format!("v-{object}-{person}-{at}"), "person": format!("p-{person}"), "page": "canary" });
    (0..ROWS).map(|at| format!("{}\n", row(at))).collect()
}

fn email(person: usize) -> String {
    format!("canary-shared{person}@example.com")
}

/// People in a table and their visits in objects, everybody in each.
fn prepare(stack: &Stack, tenant: &str, bucket: &str) {
    let dir = scratch("passes");
    let connections = CONNECTIONS.replace("PEOPLE", &format!("{tenant}-people")).replace("BUCKET", bucket);
    std::fs::write(dir.join("datamap.yml"), people_and("shared", "visits", "page") + &connections).unwrap();
    let person = |at: usize| format!("{}\n", json!({ "id": format!("p-{at}"), "email": email(at) }));
    std::fs::write(dir.join("people.ndjson"), (0..PEOPLE).map(person).collect::<String>()).unwrap();
    std::fs::create_dir_all(dir.join("visits")).unwrap();
    for object in 0..OBJECTS {
        let rows: String = (0..PEOPLE).map(|person| visits(object, person)).collect();
        std::fs::write(dir.join(format!("visits/{object}.ndjson")), rows).unwrap();
    }
    stack.load_and_publish(&dir, tenant);
}

/// The messages of the erasure worker, handed over one by one by the test.
///
/// The stack hands ten over at once: then it would be chance whether two erasures meet.
struct Deliveries<'a> {
    stack: &'a Stack,
    lambda: aws_sdk_lambda::Client,
    queue: aws_sdk_sqs::Client,
    /// Nudges to erase that wait until each of the jobs has some.
    erasing: Vec<Message>,
}

impl<'a> Deliveries<'a> {
    async fn of(stack: &'a Stack) -> Self {
        let config = aws::config(stack).await;
        let (lambda, queue) = (aws_sdk_lambda::Client::new(&config), aws_sdk_sqs::Client::new(&config));
        Self { stack, lambda, queue, erasing: Vec::new() }
    }

    /// Lets the stack hand the messages over, or not.
    async fn by_the_stack(&self, enabled: bool) {
        let worker = self.stack.resource("ErasureWorker");
        let found = self.lambda.list_event_source_mappings().function_name(worker).send().await.unwrap();
        let mappings = found.event_source_mappings.unwrap_or_default();
        assert_eq!(mappings.len(), 1, "{mappings:?}");
        for mapping in mappings {
            let update = self.lambda.update_event_source_mapping().enabled(enabled);
            update.uuid(mapping.uuid.unwrap()).send().await.unwrap();
        }
        // What was received before is still handed over.
        pause(1_000).await;
    }

    async fn receive(&self) -> Vec<Message> {
        let url = self.stack.resource("ErasureWorkerQueue");
        let received = self.queue.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
        received.messages.unwrap_or_default()
    }

    async fn hand_over(&self, message: &Message) {
        let record = json!({
            "messageId": message.message_id, "receiptHandle": message.receipt_handle, "body": message.body,
            "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs",
        });
        let payload = json!({ "Records": [record] }).to_string().into_bytes();
        let worker = self.stack.resource("ErasureWorker");
        let answer = self.lambda.invoke().function_name(worker).payload(payload.into()).send().await.unwrap();
        let said = String::from_utf8_lossy(answer.payload().unwrap().as_ref()).into_owned();
        assert_eq!(answer.function_error(), None, "{said}");
        let told: Value = serde_json::from_str(&said).unwrap();
        // What failed comes again by itself.
        if told["batchItemFailures"].as_array().is_none_or(Vec::is_empty) {
            let url = self.stack.resource("ErasureWorkerQueue");
            let handle = message.receipt_handle.as_deref().unwrap_or_default();
            self.queue.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
        }
    }

    /// Hands over what waits; nobody erases before each of the jobs is about to.
    async fn round(&mut self, jobs: &[String]) {
        let (erasing, others): (Vec<Message>, Vec<Message>) =
            self.receive().await.into_iter().partition(|message| jobs.contains(&job_that_erases(message)));
        self.erasing.extend(erasing);
        let ready: BTreeSet<String> = self.erasing.iter().map(job_that_erases).collect();
        if others.is_empty() && ready.len() == jobs.len() {
            for message in std::mem::take(&mut self.erasing) {
                self.hand_over(&message).await;
            }
        }
        if others.is_empty() {
            pause(100).await;
        }
        for message in &others {
            self.hand_over(message).await;
        }
    }
}

/// The job that a message tells to erase; empty if it tells another step.
fn job_that_erases(message: &Message) -> String {
    let told: Value = serde_json::from_str(message.body.as_deref().unwrap_or_default()).unwrap_or_default();
    let is_meant = told["step"] == "erase";
    if is_meant { told["job"].as_str().unwrap_or_default().to_owned() } else { String::new() }
}

/// Asks to be forgotten at once; the job with the hash of its plan.
async fn planned(stack: &Stack, tenant: &str, officer: &Api, person: usize) -> (String, Value) {
    let own = Api::of(stack, &Bearer::subject(tenant, &email(person)));
    let job = job_id(&own.post("/privacy/me/delete", &json!({ "grace_period_days": 0 })).await.expect(202));
    officer.until(&job, "awaiting_approval", 20).await;
    let approval = officer.approval(&job).await;
    (job, approval)
}

/// Approves both, and hands messages over until both are completed.
async fn carried_out(deliveries: &mut Deliveries<'_>, officer: &Api, plans: &[(String, Value)]) {
    let jobs: Vec<String> = plans.iter().map(|(job, _)| job.clone()).collect();
    for (job, approval) in plans {
        officer.post(&format!("/privacy/jobs/{job}/approve"), approval).await.expect(200);
    }
    for _ in 0..150 {
        deliveries.round(&jobs).await;
        let mut ended = 0;
        for job in &jobs {
            ended += usize::from(officer.status(job).await == "completed");
        }
        if ended == jobs.len() {
            return;
        }
    }
    panic!("the erasures did not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_erasures_in_the_same_objects_are_one_rewrite_of_each_and_two_receipts() {
    let Some(stack) = Stack::plain().await else { return };
    let tenant = format!("passes-{}", epoch_seconds());
    let bucket = format!("{tenant}-lake");
    prepare(&stack, &tenant, &bucket);
    let officer = Api::of(&stack, &Bearer::staff(&tenant, "dpo"));
    let mut plans = Vec::new();
    for person in 0..GONE {
        plans.push(planned(&stack, &tenant, &officer, person).await);
    }
    let since = epoch_seconds() * 1000;
    let mut deliveries = Deliveries::of(&stack).await;
    deliveries.by_the_stack(false).await;
    let ended = std::panic::AssertUnwindSafe(carried_out(&mut deliveries, &officer, &plans)).catch_unwind().await;
    // Whatever came of it: the next test needs a stack that hands its messages over.
    deliveries.by_the_stack(true).await;
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));

    let s3 = aws::s3(&aws::config(&stack).await);
    for object in 0..OBJECTS {
        let left = aws::object(&s3, &bucket, &format!("visits/{object}.ndjson")).await;
        assert_eq!(String::from_utf8(left).unwrap(), visits(object, GONE), "object {object}");
    }
    assert_receipts(&stack, &officer, &plans).await;
    assert_eq!(rewrites(&stack, since).await, OBJECTS as u64, "without a pass each object is written {GONE} times");
}

/// Objects that were rewritten: nothing else that the worker does asks for tags.
async fn rewrites(stack: &Stack, since: u64) -> u64 {
    let mut counted = BTreeMap::new();
    for _ in 0..20 {
        let calls = logs::aws_calls(stack, "ErasureWorker", since).await;
        let tags = calls.iter().filter_map(|line| line["aws_calls"]["S3.GetObjectTagging.calls"].as_u64());
        let tags: Vec<u64> = tags.collect();
        let all: u64 = tags.iter().sum();
        // Lines come late: what is counted must have stood for a second.
        if all > 0 && counted.insert(all, tags.len()).is_some() {
            return all;
        }
        pause(1_000).await;
    }
    panic!("the worker has not told of any rewrite: {counted:?}")
}

/// Each receipt verifies and counts what went of its own person.
async fn assert_receipts(stack: &Stack, officer: &Api, plans: &[(String, Value)]) {
    let key = receipts::key(stack).await;
    for (job, _) in plans {
        let (_, receipt) = receipts::verified(officer, job, &key).await;
        let visits = receipt.sources.iter().find(|source| source.source == "shared.visits").unwrap();
        assert_eq!(visits.counts["deleted"], (OBJECTS * ROWS) as u64, "{receipt:?}");
    }
}
