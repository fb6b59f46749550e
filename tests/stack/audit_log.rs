//! The audit log of the deployed stack: queried, proven, verified, taken away and checked offline.

use std::path::Path;

use http::Method;
use serde_json::json;

use crate::api::{Api, job_id, request};
use crate::aws;
use crate::company::ADA;
use crate::harness::{Stack, habeas, pause, scratch};
use crate::tokens::Bearer;

fn exit_code(arguments: &[&str]) -> Option<i32> {
    habeas(&arguments.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()).status.code()
}

/// The newest event of a job, once the index shows it.
pub(crate) async fn newest_event(auditor: &Api, job: &str) -> String {
    for _ in 0..40 {
        let found = auditor.get(&format!("/audit/events?resource_id={job}&resource_type=job")).await.expect(200).json();
        if let Some(id) = found["items"][0]["id"].as_str() {
            return id.to_owned();
        }
        pause(250).await;
    }
    panic!("the index never showed an event of {job}")
}

/// The sealer runs each minute; here it is asked until the event is in the log. That it reports a failure is not
/// looked at: the contract suite leaves heads of logs that never were, and one bad log stops no other.
pub(crate) async fn proof_of(stack: &Stack, auditor: &Api, event: &str) -> String {
    for _ in 0..30 {
        aws::invoke(stack, "AuditSealer", &json!({})).await;
        let answer = auditor.get(&format!("/audit/events/{event}/proof")).await;
        if answer.status.is_success() {
            return answer.text();
        }
        assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (409, &json!("not_sealed")));
        pause(500).await;
    }
    panic!("the event was never sealed")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_found_proven_and_verified_offline() {
    let Some(stack) = Stack::plain().await else { return };
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    let auditor = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    let refused = operator.get("/audit/events").await.expect(403).json();
    assert_eq!(refused["permissions"], json!(["admin:audit_log"]));
    let job = job_id(&operator.post("/privacy/requests", &request("access", ADA)).await.expect(202));
    let event = newest_event(&auditor, &job).await;
    let proof = proof_of(&stack, &auditor, &event).await;

    let out = scratch("audit-log");
    let dir = out.join("log");
    assert_eq!(exit_code(&["export", "log", "--tenant", "sample", "--out", text(&dir)]), Some(0));
    let key = dir.join("log.pem");
    assert_eq!(exit_code(&["verify", "log", "--dir", text(&dir), "--key", text(&key)]), Some(0));
    let file = out.join("event.tlog-proof");
    std::fs::write(&file, &proof).unwrap();
    assert_eq!(exit_code(&["verify", "proof", text(&file), "--key", text(&key)]), Some(0));
    std::fs::write(&file, proof.replacen("index ", "index 1", 1)).unwrap();
    assert_eq!(exit_code(&["verify", "proof", text(&file), "--key", text(&key)]), Some(1));

    let verified = auditor.call(Method::POST, "/audit/verify", Some(&json!({})), &[]).await.expect(200).json();
    assert_eq!((&verified["ok"], verified.get("broken_at")), (&json!(true), None), "{verified}");
    assert_eq!(aws::invoke(&stack, "AuditVerifier", &json!({ "tenant": "sample" })).await, None);
    let period = "start=2020-01-01T00:00:00Z&end=2020-06-01T00:00:00Z";
    let exported = auditor.get(&format!("/audit/events/export?{period}")).await.expect(200);
    assert!(exported.text().starts_with("at,event_id,"), "{}", exported.text());
    operator.post(&format!("/privacy/jobs/{job}/cancel"), &json!({ "reason": "a test" })).await;
    std::fs::remove_dir_all(out).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_kept_under_lock_and_checked() {
    let Some(stack) = Stack::plain().await else { return };
    let developer = Api::of(&stack, &Bearer::staff("sample", "developer"));
    let auditor = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    let body = json!({
        "type": "scan_result", "title": "Nothing was found", "content": {"found": 0}, "source_system": "scanner",
    });
    let kept = developer.post("/compliance/evidence", &body).await.expect(201).json();
    let id = kept["id"].as_str().unwrap();
    let path = format!("/compliance/evidence/{id}");
    assert_eq!(auditor.get(&path).await.expect(200).json(), kept);
    let verified =
        auditor.call(Method::POST, &format!("{path}/verify"), Some(&json!({})), &[]).await.expect(200).json();
    assert_eq!(verified["ok"], json!(true), "{verified}");
    let chain = auditor.get(&format!("{path}/custody")).await.expect(200).json();
    assert_eq!((&chain[0]["act"], &chain[1]["act"]), (&json!("collected"), &json!("verified")));
    let client = aws::s3(&aws::config(&stack).await);
    let name = format!("evidence/sample/items/{id}");
    let head = client.head_object().bucket(stack.resource("EvidenceBucket")).key(name).send().await.unwrap();
    assert!(head.object_lock_retain_until_date().is_some(), "it is not locked");
}
