//! Inclusion proofs of the deployed function beside calls that the same function answers without touching anything, in turns.
//! `HABEAS_PROOF_CALLS` says how many of each; only from 200 on they are so many that the rates are compared (80 %).

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::iter;

use crate::api::{Api, job_id, request};
use crate::audit_log::{newest_event, proof_of};
use crate::company::ADA;
use crate::harness::Stack;
use crate::tokens::Bearer;

/// Calls of one turn.
const TURN: usize = 20;
/// Calls under way at once.
const AT_ONCE: usize = 4;
/// So many say something about rates.
const ENOUGH: usize = 200;
const BAR: f64 = 0.8;

fn calls() -> usize {
    std::env::var("HABEAS_PROOF_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
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
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    let auditor = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    let job = job_id(&operator.post("/privacy/requests", &request("access", ADA)).await.expect(202));
    let event = newest_event(&auditor, &job).await;
    proof_of(&stack, &auditor, &event).await;
    // No such route: the function is started, reads the call and answers.
    let kinds = [("/audit/nothing".to_owned(), 404), (format!("/audit/events/{event}/proof"), 200)];
    let mut took = [Duration::ZERO; 2];
    let turns = calls().div_ceil(TURN);
    for _ in 0..turns {
        for ((path, status), took) in kinds.iter().zip(&mut took) {
            *took += turn(&auditor, path, *status).await;
        }
    }
    let [bare, proofs] = took.map(|took| (turns * TURN) as f64 / took.as_secs_f64());
    println!(
        "{proofs:.0} proofs a second over the stack, {bare:.0} answers without work: {:.0} %",
        100.0 * proofs / bare
    );
    assert!(turns * TURN < ENOUGH || proofs >= BAR * bare, "{proofs:.0} of {bare:.0}");
    operator.post(&format!("/privacy/jobs/{job}/cancel"), &serde_json::json!({ "reason": "a test" })).await;
}
