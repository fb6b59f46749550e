//! The deployed sweep over many rows while its process is killed: what left and what is archived is counted again without it.
//!
//! `HABEAS_STACK_RETENTION=50000` asks for that many rows; the suite has a few hundred. Linux only, as other kills.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::StreamExt as _;
use habeas_tests::retention_maps;
use serde_json::{Value, json};

use super::archives;
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::kills::processes;

const USUAL: usize = 500;
/// Rows of which each kill can strike some.
const MANY: usize = 20_000;
const DEATHS: usize = 30;
const PEOPLE: usize = 7;
/// Slices after which the sweep must have come to its end.
const SLICES: usize = 200;

fn rows() -> usize {
    std::env::var("HABEAS_STACK_RETENTION").ok().and_then(|text| text.parse().ok()).unwrap_or(USUAL)
}

const fn has_expired(number: usize) -> bool {
    number % 10 < 6
}

/// A table of its own, and what is told to the sweep of it.
struct Scene<'a> {
    stack: &'a Stack,
    tenant: String,
    table: String,
    rows: usize,
    lambda: aws_sdk_lambda::Client,
    dynamodb: aws_sdk_dynamodb::Client,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_killed_takes_the_same_rows() {
    if !cfg!(target_os = "linux") {
        println!("left out: processes are found in /proc");
        return;
    }
    let Some(stack) = Stack::plain().await else { return };
    let scene = Scene::plant(&stack).await;
    let first = scene.until("reported").await;
    assert_eq!(first["expired"], json!(scene.expired().len()), "{first}");
    let (is_over, deaths) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let sweeping = async {
        let told = scene.until("ended").await;
        is_over.store(true, Ordering::SeqCst);
        told
    };
    let killing = async {
        while !is_over.load(Ordering::SeqCst) && deaths.load(Ordering::SeqCst) < DEATHS {
            // From the first look to the middle of a chunk.
            pause(250 + 137 * (deaths.load(Ordering::SeqCst) as u64 % 11)).await;
            deaths.fetch_add(processes::kill(&stack, &["RetentionSweep"]), Ordering::SeqCst);
        }
    };
    let (told, ()) = futures::join!(sweeping, killing);
    let (seconds, deaths) = (began.elapsed().as_secs_f64(), deaths.into_inner());
    println!("retention: {} rows, {deaths} processes killed, {seconds:.1} s", scene.rows);
    assert!(deaths >= 5 || scene.rows < MANY, "{deaths} deaths prove nothing");
    let counts = ["expired", "archived", "deleted", "failed"].map(|name| told[name].clone());
    assert_eq!(counts, [scene.expired().len(), scene.expired().len(), scene.expired().len(), 0].map(|it| json!(it)));
    scene.assert_the_right_rows_left().await;
    scene.assert_each_is_archived_once().await;
}

impl<'a> Scene<'a> {
    async fn plant(stack: &'a Stack) -> Self {
        let now = epoch_seconds();
        let (tenant, table) = (format!("killed-sweep-{now}"), format!("killed-sweep-messages-{now}"));
        let dir = scratch("retention-killed");
        let people = format!("killed-sweep-people-{now}");
        std::fs::write(dir.join("datamap.yml"), retention_maps::tables(&people, &table)).unwrap();
        let person = |at: usize| json!({ "id": format!("p-{at}"), "email": format!("canary{at}@example.com") });
        let lines: String = (0..PEOPLE).map(|at| format!("{}\n", person(at))).collect();
        std::fs::write(dir.join("people.ndjson"), lines).unwrap();
        // One row makes the table; the others come in batches.
        let first = json!({ "id": "m-0", "person": "p-0", "sent_at": "2020-01-01T00:00:00Z", "text": "canary" });
        std::fs::write(dir.join("messages.ndjson"), format!("{first}\n")).unwrap();
        stack.load_and_publish(&dir, &tenant);
        let config = aws::config(stack).await;
        let scene = Self {
            stack,
            tenant,
            table,
            rows: rows(),
            lambda: aws_sdk_lambda::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
        };
        let numbers: Vec<usize> = (1..scene.rows).collect();
        let batches: Vec<_> = numbers.chunks(25).map(|numbers| scene.write(numbers)).collect();
        futures::stream::iter(batches).buffer_unordered(8).collect::<Vec<()>>().await;
        scene
    }

    fn expired(&self) -> BTreeSet<usize> {
        (0..self.rows).filter(|number| has_expired(*number)).collect()
    }

    async fn write(&self, numbers: &[usize]) {
        let text = |text: String| AttributeValue::S(text);
        let request = |number: &usize| {
            let sent_at = if has_expired(*number) { "2020-01-01T00:00:00Z" } else { "2999-01-01T00:00:00Z" };
            let put = PutRequest::builder()
                .item("id", text(format!("m-{number}")))
                .item("person", text(format!("p-{}", number % PEOPLE)))
                .item("sent_at", text(sent_at.to_owned()))
                .item("text", text(format!("canary {number:0200}")));
            WriteRequest::builder().put_request(put.build().unwrap()).build()
        };
        let mut left: Vec<WriteRequest> = numbers.iter().map(request).collect();
        while !left.is_empty() {
            let written = self.dynamodb.batch_write_item().request_items(&self.table, left).send().await.unwrap();
            left = written.unprocessed_items.and_then(|mut items| items.remove(&self.table)).unwrap_or_default();
        }
    }

    /// Asks for slices until the run stands there. A slice that dies answers with an error, and counts for nothing.
    async fn until(&self, phase: &str) -> Value {
        let asked = json!({ "tenant": self.tenant, "collection": "chat.messages", "beyond_cap": true });
        for _ in 0..SLICES {
            let payload = asked.to_string().into_bytes();
            let call =
                self.lambda.invoke().function_name(self.stack.resource("RetentionSweep")).payload(payload.into());
            let Ok(answer) = call.send().await else { continue };
            if answer.function_error().is_some() {
                continue;
            }
            let told: Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap_or_default();
            if told["swept"][0]["phase"] == phase {
                return told["swept"][0].clone();
            }
        }
        panic!("the sweep is not {phase} after {SLICES} slices")
    }

    async fn assert_the_right_rows_left(&self) {
        let (mut left, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.dynamodb.scan().table_name(&self.table).consistent_read(true);
            let page = page.set_exclusive_start_key(after).send().await.unwrap();
            let id =
                |item: &aws::Item| aws::text(item, "id").unwrap().strip_prefix("m-").unwrap().parse::<usize>().unwrap();
            left.extend(page.items().iter().map(id));
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        let expected: BTreeSet<usize> = (0..self.rows).filter(|number| !has_expired(*number)).collect();
        assert!(left == expected, "{} rows are left, {} must be", left.len(), expected.len());
    }

    /// Each line of an archive whose checksum holds is a row; which one, only its person's key could say.
    async fn assert_each_is_archived_once(&self) {
        let (mut lines, mut digests) = (0, BTreeSet::new());
        for archive in archives(self.stack, &format!("retention/{}/", self.tenant)).await {
            lines += archive.lines().count();
            let rows = archive.manifest["rows"].as_array().unwrap();
            digests.extend(rows.iter().map(|row| row.as_str().unwrap().to_owned()));
        }
        let expired = self.expired().len();
        assert_eq!((lines, digests.len()), (expired, expired), "each row that left is in one archive");
    }
}
