//! What the deployed sealer writes for a SIEM: an object of OCSF lines once the event is in the log, without personal data.
//!
//! It stands here because the stack of these tests is the one that delivers: another would have to be brought up for it.

use serde_json::{Value, json};

use super::PARAMETERS;
use crate::api::{Api, job_id, request};
use crate::audit_log::{newest_event, proof_of};
use crate::aws;
use crate::company::ADA;
use crate::harness::{Stack, pause};
use crate::tokens::Bearer;

/// The bucket the sealer was given.
async fn bucket(stack: &Stack) -> String {
    let client = aws_sdk_lambda::Client::new(&aws::config(stack).await);
    let request = client.get_function_configuration().function_name(stack.resource("AuditSealer"));
    let variables = request.send().await.unwrap().environment.unwrap().variables.unwrap();
    variables["HABEAS_SIEM_BUCKET"].clone()
}

/// The line of an event, once it is delivered.
async fn line_of(client: &aws_sdk_s3::Client, bucket: &str, event: &str) -> Value {
    for _ in 0..40 {
        let names = aws::keys(client, bucket).await;
        for name in names.iter().filter(|name| name.starts_with("ocsf/sample/") && name.ends_with(".ndjson")) {
            let bytes = aws::object(client, bucket, name).await;
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let mut lines = lines.map(|line| serde_json::from_slice::<Value>(line).expect("each line is one event"));
            if let Some(found) = lines.find(|line| line["metadata"]["uid"] == event) {
                return found;
            }
        }
        pause(250).await;
    }
    panic!("the event was never delivered")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_is_delivered_to_the_siem_as_ocsf() {
    let Some(stack) = Stack::with(PARAMETERS).await else { return };
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    let auditor = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    let job = job_id(&operator.post("/privacy/requests", &request("access", ADA)).await.expect(202));
    let event = newest_event(&auditor, &job).await;
    proof_of(&stack, &auditor, &event).await;
    let client = aws::s3(&aws::config(&stack).await);
    let line = line_of(&client, &bucket(&stack).await, &event).await;
    let shown = auditor.get(&format!("/audit/events/{event}")).await.expect(200).json();
    assert_eq!((&line["class_uid"], &line["metadata"]["sequence"]), (&json!(3_004), &shown["leaf_index"]), "{line}");
    assert!(line["metadata"]["version"].as_str().unwrap().starts_with("1."), "{line}");
    let at: jiff::Timestamp = shown["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(line["time"], json!(at.as_millisecond()));
    assert!(!line.to_string().contains(ADA), "an address left for the SIEM: {line}");
    operator.post(&format!("/privacy/jobs/{job}/cancel"), &json!({ "reason": "a test" })).await;
}
