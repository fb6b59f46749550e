//! What an accepted request costs: the calls that the deployed function itself counts.

use serde_json::{Value, json};

use crate::api::{Api, job_id, request};
use crate::company::ADA;
use crate::harness::{Stack, epoch_seconds, pause};
use crate::logs;
use crate::tokens::Bearer;

#[tokio::test(flavor = "multi_thread")]
async fn accepted_request_makes_three_calls_on_the_warm_path() {
    let Some(stack) = Stack::plain().await else { return };
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    operator.get("/privacy/jobs?limit=1").await.expect(200);
    let since = epoch_seconds() * 1000;
    let mut jobs = Vec::new();
    for at in 0..8 {
        let key = format!("intake-{}-{at}", std::process::id());
        let more = [("idempotency-key", key.as_str())];
        let body = request("access", ADA);
        let accepted = operator.call(http::Method::POST, "/privacy/requests", Some(&body), &more).await.expect(202);
        jobs.push(job_id(&accepted));
    }
    let intakes = intakes(&stack, since, jobs.len()).await;
    let totals: Vec<u64> = intakes.iter().map(|line| line["aws_calls_total"].as_u64().unwrap()).collect();
    println!("AWS calls of each accepted request: {totals:?}; the last: {}", intakes.last().unwrap()["aws_calls"]);
    // The first calls of a sandbox learn the tenant's key and data map, and are kept for minutes.
    let warm = &totals[2..];
    assert!(warm.iter().all(|total| *total <= 3), "{totals:?}");
    for job in &jobs {
        operator.post(&format!("/privacy/jobs/{job}/cancel"), &json!({ "reason": "a test" })).await;
    }
}

/// Call counts of invocations that made a data key: of intakes, in order.
async fn intakes(stack: &Stack, since: u64, wanted: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..40 {
        found = logs::aws_calls(stack, "RequestApi", since).await;
        found.retain(|line| line["aws_calls"]["KMS.GenerateDataKey.calls"].is_u64());
        if found.len() >= wanted {
            return found;
        }
        pause(250).await;
    }
    panic!("{} of {wanted} intakes have told their calls: {found:?}", found.len())
}
