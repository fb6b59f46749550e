//! What DynamoDB answers, and what the workflow hears of it.

use std::sync::Arc;

use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::{Counter, KeyRecord, Record};
use domain::transition::Expect;
use workflow::ports::JobStore;

use super::*;
use crate::calls::CallCounter;
use crate::connect::Aws;
use crate::replay::{Replay, credentials};

const NONCE: [u8; 16] = [7; 16];

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// A key that must be absent, then a counter with a limit.
fn transition() -> Transition {
    let nonce = OpNonce::new(NONCE);
    let record = Record::Key(KeyRecord {
        v: 1,
        tenant: tenant(),
        owner: "tenant".to_owned(),
        wrapped: "AA==".to_owned(),
        op_nonce: nonce.clone(),
    });
    let changes = vec![
        Change::Put { record, expect: Expect::Absent },
        Change::Add { key: Counter::open_jobs(&tenant()), by: 1, limit: Some(10) },
    ];
    Transition { tenant: tenant(), op_nonce: nonce, changes }
}

fn cancelled(reasons: &str) -> (u16, String) {
    let error = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (400, format!(r#"{{"__type":"{error}","Message":"cancelled","CancellationReasons":{reasons}}}"#))
}

fn run(answers: &[(u16, String)], transition: &Transition) -> (Result<(), CommitError>, Replay, Arc<CallCounter>) {
    let answers: Vec<(u16, &str)> = answers.iter().map(|(status, body)| (*status, body.as_str())).collect();
    let replay = Replay::answering(&answers);
    let calls = Arc::new(CallCounter::default());
    let aws = Aws::new(replay.config(credentials(None)), Arc::clone(&calls));
    let store = aws.job_store("jobs", "keyring");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (runtime.block_on(store.commit(transition)), replay, calls)
}

#[test]
fn a_refused_expectation_is_a_conflict_at_its_position() {
    let reasons = r#"[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]"#;
    let mut transition = transition();
    transition.changes.swap(0, 1);
    let (result, _, _) = run(&[cancelled(reasons)], &transition);
    assert!(matches!(result, Err(CommitError::Conflict { at }) if at == [1]));
}

#[test]
fn an_own_mark_is_a_success() {
    let nonce = OpNonce::new(NONCE);
    let reasons = format!(
        r#"[{{"Code":"ConditionalCheckFailed","Item":{{"op_nonce":{{"S":"{}"}}}}}},{{"Code":"ConditionalCheckFailed"}}]"#,
        nonce.as_str()
    );
    assert!(run(&[cancelled(&reasons)], &transition()).0.is_ok());
}

#[test]
fn a_foreign_mark_is_a_conflict() {
    let reasons = r#"[{"Code":"ConditionalCheckFailed","Item":{"op_nonce":{"S":"00"}}},{"Code":"None"}]"#;
    let (result, _, _) = run(&[cancelled(reasons)], &transition());
    assert!(matches!(result, Err(CommitError::Conflict { at }) if at == [0]));
}

#[test]
fn a_full_counter_is_a_limit() {
    let reasons = r#"[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]"#;
    let (result, _, _) = run(&[cancelled(reasons)], &transition());
    assert!(
        matches!(result, Err(CommitError::LimitReached { limit: 10, key }) if key == Counter::open_jobs(&tenant()))
    );
}

#[test]
fn an_expectation_counts_before_a_limit() {
    let reasons = r#"[{"Code":"ConditionalCheckFailed"},{"Code":"ConditionalCheckFailed"}]"#;
    let (result, _, _) = run(&[cancelled(reasons)], &transition());
    assert!(matches!(result, Err(CommitError::Conflict { at }) if at == [0]));
}

#[test]
fn a_throttled_commit_is_transient_after_five_tries_under_one_token() {
    for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
        let reasons = format!(r#"[{{"Code":"{code}"}},{{"Code":"None"}}]"#);
        let (result, replay, calls) = run(&[cancelled(&reasons)], &transition());
        assert!(matches!(result, Err(CommitError::Port(error)) if error.is_transient()), "{code}");
        let asked = replay.asked();
        assert_eq!(asked.len(), 5, "{code}");
        assert!(asked.iter().all(|body| body.contains(OpNonce::new(NONCE).as_str()) && *body == asked[0]), "{code}");
        let count = calls.take()["DynamoDB.TransactWriteItems"];
        assert_eq!((count.calls, count.attempts), (5, 5));
        assert_eq!(count.request_bytes, 5 * asked[0].len() as u64);
    }
}

#[test]
fn a_conflict_in_passing_is_overcome() {
    let busy = cancelled(r#"[{"Code":"TransactionConflict"},{"Code":"None"}]"#);
    let (result, replay, _) = run(&[busy, (200, "{}".to_owned())], &transition());
    assert!(result.is_ok());
    assert_eq!(replay.asked().len(), 2);
}

#[test]
fn a_throttled_or_unreachable_table_is_transient() {
    let throttled = r#"{"__type":"com.amazon.coral.availability#ThrottlingException","message":"slow down"}"#;
    for answers in [vec![(400, throttled.to_owned())], vec![]] {
        let (result, _, _) = run(&answers, &transition());
        assert!(matches!(result, Err(CommitError::Port(error)) if error.is_transient()));
    }
}

#[test]
fn messages_of_aws_do_not_reach_errors() {
    let refused = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"ada@example.com"}"#;
    let (result, _, _) = run(&[(400, refused.to_owned())], &transition());
    let Err(CommitError::Port(error)) = result else { panic!("not a port error") };
    assert_eq!(error.kind, PortErrorKind::Corrupt);
    assert!(!format!("{error} {error:?}").contains("ada@"));
    assert!(format!("{error:?}").contains("ValidationException"));
}

#[test]
fn a_foreign_key_is_not_sent() {
    let other: TenantId = "other".parse().unwrap();
    let mut transition = transition();
    let key = TenantKey::new(&other, domain::key::Partition::Tenant, "datamap");
    transition.changes.push(Change::Delete { key, expect: Expect::Any });
    let (result, replay, _) = run(&[(200, "{}".to_owned())], &transition);
    assert!(matches!(result, Err(CommitError::Port(error)) if error.kind == PortErrorKind::Denied));
    assert!(replay.asked().is_empty());
}
