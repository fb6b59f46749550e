//! Stored items read back as what was written, and the sweep's attribute wins over the body.

use domain::ids::JobId;
use domain::record::{IdempotencyRecord, KeyRecord};
use domain::step::{Step, StepKind, StepSeed, StepState};

use super::*;

fn at(nanosecond: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanosecond).unwrap()
}

fn nonce() -> OpNonce {
    OpNonce::new([7; 16])
}

fn step(next_check_at: Timestamp) -> Step {
    let tenant: TenantId = "acme".parse().unwrap();
    let job = JobId::new(Timestamp::UNIX_EPOCH, [9; 10]);
    let seed = StepSeed { kind: StepKind::Collect, shard: 3, state: StepState::Ready, next_check_at, input: None };
    Step { fence: u64::MAX, ..Step::new(&tenant, &job, seed, nonce(), Timestamp::UNIX_EPOCH) }
}

fn written(record: &Record) -> Record {
    decode(&encode(record, &nonce()).unwrap()).unwrap()
}

#[test]
fn records_read_back_exactly() {
    let tenant: TenantId = "acme".parse().unwrap();
    let key = KeyRecord {
        v: 1,
        tenant: tenant.clone(),
        owner: "tenant".to_owned(),
        wrapped: "AA==".to_owned(),
        op_nonce: nonce(),
    };
    let counter = Counter { key: Counter::open_jobs(&tenant), value: i64::MIN };
    // A time finer than the index keeps stays as it was, and so does a number beyond 2^53.
    for record in [Record::Step(Box::new(step(at(1_234_567_891)))), Record::Key(key), Record::Counter(counter)] {
        assert_eq!(written(&record), record);
    }
}

#[test]
fn a_moved_wake_time_wins_over_the_body() {
    let mut item = encode(&Record::Step(Box::new(step(at(5_000_000)))), &nonce()).unwrap();
    item.insert("next_check_at".to_owned(), text("0000000009000"));
    let Record::Step(read) = decode(&item).unwrap() else { panic!("not a step") };
    assert_eq!(read.next_check_at, Some(at(9_000_000_000)));
}

#[test]
fn a_finished_step_leaves_the_index() {
    let done = Step { next_check_at: None, ..step(at(0)) };
    let item = encode(&Record::Step(Box::new(done)), &nonce()).unwrap();
    assert!(!item.contains_key("wake_shard") && !item.contains_key("next_check_at"));
}

#[test]
fn wake_times_sort_as_text_and_are_never_early() {
    assert_eq!(millis(at(1)), "0000000000001");
    assert_eq!(millis(at(1_000_000)), "0000000000001");
    assert!(millis(at(999_000_000_000)) < millis(at(1_000_000_000_000)));
}

#[test]
fn an_item_under_a_foreign_key_is_corrupt() {
    let mut item = encode(&Record::Step(Box::new(step(at(0)))), &nonce()).unwrap();
    let foreign = item["pk"].as_s().unwrap().replace("acme", "other");
    item.insert("pk".to_owned(), text(foreign));
    assert_eq!(decode(&item).unwrap_err().kind, PortErrorKind::Corrupt);
}

#[test]
fn what_may_be_forgotten_carries_its_time() {
    let record = IdempotencyRecord {
        v: 1,
        tenant: "acme".parse().unwrap(),
        scope: "ab".to_owned(),
        body: "cd".to_owned(),
        job: JobId::new(Timestamp::UNIX_EPOCH, [9; 10]),
        op_nonce: nonce(),
        expires_at: at(42_000_000_000),
    };
    let item = encode(&Record::Idempotency(record), &nonce()).unwrap();
    assert_eq!(item["expires_at_epoch"].as_n().unwrap(), "42");
}
