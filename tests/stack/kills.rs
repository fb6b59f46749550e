//! Hundreds of jobs while workers die by `kill -9` and queues are emptied: each job is done once, by an independent recount.
//!
//! Linux only: the workers are found in `/proc`, below the emulator of this stack and nowhere else.

pub(crate) mod processes;
mod recount;
mod siem;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::api::Api;
use crate::aws;
use crate::chinook::Chinook;
use crate::harness::{Parameters, Stack, epoch_seconds, pause};
use crate::tokens::Bearer;

/// `HABEAS_KILL_JOBS=300` plays more; fewer keep the whole suite below its minutes.
const JOBS: usize = 150;
/// Short leases, so that what a killed worker held is free again within seconds; and the log is delivered to a SIEM.
const PARAMETERS: Parameters =
    &["MaxOpenJobs=1000", "WorkerTimeoutSeconds=10", "LeaseSeconds=12", "VisibilitySeconds=60", "SiemDelivery=true"];
/// How long workers are killed once all jobs are submitted.
const STORM_SECONDS: u64 = 25;
/// How long everything is left to its own clock after the storm: longer than any lease and any nudge's grace.
const REAL_WAIT_SECONDS: u64 = 80;
/// How long everything may take to come to rest afterwards.
const PATIENCE_SECONDS: u64 = 240;

/// What was done to the stack.
#[derive(Default)]
struct Damage {
    kills: AtomicUsize,
    purges: AtomicUsize,
    purged_messages: AtomicUsize,
    is_over: AtomicBool,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_and_emptied_queues_cost_no_job_and_double_none() {
    if !cfg!(target_os = "linux") {
        println!("left out: workers are found in /proc");
        return;
    }
    let Some(stack) = Stack::with(PARAMETERS).await else { return };
    let chinook = Chinook::prepare("kills");
    let tenant = format!("kills-{}", epoch_seconds());
    stack.load_and_publish(&chinook.dir, &tenant);
    let damage = Damage::default();
    let started = Instant::now();

    let submit_all = async {
        let jobs = submit(&stack, &chinook, &tenant).await;
        for _ in 0..STORM_SECONDS {
            pause(1000).await;
            sweep(&stack).await;
        }
        damage.is_over.store(true, Ordering::SeqCst);
        jobs
    };
    let (jobs, (), ()) = futures::join!(submit_all, kill(&stack, &damage), purge(&stack, &damage));
    let (kills, purges) = (damage.kills.into_inner(), damage.purges.into_inner());
    let messages = damage.purged_messages.into_inner();
    println!("{} jobs, {kills} workers killed, {purges} purges of {messages} messages", jobs.len());
    assert!(kills >= 20, "only {kills} workers were killed");
    assert!(purges >= 4 && messages >= 20, "only {messages} messages were purged in {purges} purges");

    let (rest, ahead) = until_at_rest(&stack, &tenant).await;
    let told = recount::assert_each_done_once(&stack, &tenant, &jobs, &chinook).await;
    let seconds = started.elapsed().as_secs();
    println!("all done after {seconds} s, {rest} s after the last kill, {ahead} waiting steps looked at early; {told}");
}

/// The customer of each job.
async fn submit(stack: &Stack, chinook: &Chinook, tenant: &str) -> BTreeMap<String, Value> {
    let count = std::env::var("HABEAS_KILL_JOBS").map_or(JOBS, |text| text.parse().expect("a number of jobs"));
    let people = chinook.customers.iter().cycle().take(count).cloned();
    let one = |customer: Value| async move {
        let api = Api::of(stack, &Bearer::subject(tenant, customer["email"].as_str().unwrap()));
        (api.export_own(&json!({ "format": "json" })).await, customer)
    };
    let jobs: BTreeMap<String, Value> = futures::stream::iter(people.map(one)).buffer_unordered(8).collect().await;
    assert_eq!(jobs.len(), count, "each call made a job of its own");
    jobs
}

async fn kill(stack: &Stack, damage: &Damage) {
    while !damage.is_over.load(Ordering::SeqCst) {
        pause(600).await;
        damage.kills.fetch_add(processes::kill_workers(stack), Ordering::SeqCst);
    }
}

async fn purge(stack: &Stack, damage: &Damage) {
    let client = aws_sdk_sqs::Client::new(&aws::config(stack).await);
    while !damage.is_over.load(Ordering::SeqCst) {
        pause(4000).await;
        for queue in ["ExportWorkerQueue", "NotificationWorkerQueue"] {
            let url = stack.resource(queue);
            let lost = waiting_messages(&client, url).await;
            // The service refuses a second purge within a minute; then nothing was done and nothing counts.
            if client.purge_queue().queue_url(url).send().await.is_ok() {
                damage.purges.fetch_add(1, Ordering::SeqCst);
                damage.purged_messages.fetch_add(lost, Ordering::SeqCst);
            }
        }
    }
}

async fn waiting_messages(client: &aws_sdk_sqs::Client, url: &str) -> usize {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let names = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
    let request = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.into()));
    let attributes = request.send().await.unwrap().attributes.unwrap_or_default();
    attributes.values().filter_map(|count| count.parse::<usize>().ok()).sum()
}

async fn sweep(stack: &Stack) {
    assert_eq!(aws::invoke(stack, "JobSweep", &json!({})).await, None);
}

/// Sweeps until no job is open; the seconds it took, and how many steps did not wait their minutes out.
async fn until_at_rest(stack: &Stack, tenant: &str) -> (u64, usize) {
    let started = Instant::now();
    let config = aws::config(stack).await;
    let table = stack.resource("JobsTable");
    let mut ahead = 0;
    loop {
        sweep(stack).await;
        let open = recount::open(&config, table, tenant).await;
        let seconds = started.elapsed().as_secs();
        if open.is_empty() {
            return (seconds, ahead);
        }
        let some = open.iter().take(5).collect::<Vec<_>>();
        assert!(seconds < PATIENCE_SECONDS, "{} jobs or notices are not done after {seconds} s: {some:?}", open.len());
        // A job whose last collector died waits minutes for the sweep's look at its gate. What waits longest is looked at now.
        if seconds > REAL_WAIT_SECONDS {
            ahead += recount::look_early(&config, table, tenant).await;
        }
        pause(2000).await;
    }
}
