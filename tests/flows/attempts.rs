//! Tries: five count for each code under any concurrency, and a code is used once (INV-X4).

use domain::record::{Challenge, Record};
use habeas_tests::sample::{ADA, tenant};
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::operator;
use crate::house::{Answer, BASE, Call, House, access};

fn asked() -> (House, String) {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    (house, id)
}

fn call(id: &str, code: &str) -> Call {
    Call::post(format!("{BASE}/jobs/{id}/verify"), &json!({"code": code}))
}

fn attempts(house: &House, id: &str) -> u32 {
    let key = Challenge::key_of(&tenant("acme"), &id.parse().unwrap());
    house.world.memory.inspect(|state| match state.items[&key].as_ref() {
        Record::Challenge(challenge) => challenge.attempts,
        other => panic!("{other:?}"),
    })
}

#[test]
fn the_tries_left_are_told_and_after_five_even_the_right_code_is_refused() {
    let (mut house, id) = asked();
    let code = house.code(&id);
    for left in [4, 3, 2, 1, 0, 0, 0] {
        let answer = house.ask(&operator("acme"), call(&id, "99999999x"));
        assert_eq!((answer.status, &answer.body["tries_left"]), (422, &json!(left)));
        assert_eq!(answer.body["errors"][0]["pointer"], "/code");
    }
    assert_eq!(house.ask(&operator("acme"), call(&id, &code)).status, 422);
    assert_eq!((attempts(&house, &id), house.status("acme", &id)), (5, "awaiting_verification".to_owned()));
    house.world.advance(SignedDuration::from_hours(15 * 24));
    house.assert_rest();
}

#[test]
fn codes_that_almost_fit_do_not_fit() {
    let (mut house, id) = asked();
    let code = house.code(&id);
    for near in [format!("{code} "), format!(" {code}"), format!("{code}0"), code[..7].to_owned()] {
        let answer = house.ask(&operator("acme"), call(&id, &near));
        assert_eq!(answer.status, 422, "{near:?}");
    }
    assert_eq!(house.ask(&operator("acme"), call(&id, &code)).status, 204);
}

#[test]
fn under_any_interleaving_five_tries_count_and_one_succeeds_at_most() {
    let (mut succeeded, mut starved) = (0, 0);
    for seed in 0..60 {
        let (mut house, id) = asked();
        let code = house.code(&id);
        let guess = |at: u64| if at % 4 == seed % 4 { code.clone() } else { format!("{at:08}") };
        let calls = (0..12).map(|at| call(&id, &guess(at))).collect();
        let answers: Vec<Answer> = house.ask_together(&operator("acme"), calls, seed);
        let good = answers.iter().filter(|answer| answer.status == 204).count();
        assert!(answers.iter().all(|answer| matches!(answer.status, 204 | 409 | 422 | 429)), "seed {seed}");
        assert!(good <= 1, "seed {seed}: {good} succeeded");
        assert!(attempts(&house, &id) <= 5, "seed {seed}");
        let told: Vec<_> = answers.iter().filter_map(|answer| answer.body["tries_left"].as_u64()).collect();
        assert!(told.iter().filter(|left| **left > 0).count() <= 4, "seed {seed}: {told:?}");
        succeeded += good;
        starved += usize::from(good == 0);
        house.world.advance(SignedDuration::from_hours(15 * 24));
        house.assert_rest();
    }
    assert!(succeeded > 0 && starved > 0, "{succeeded} succeeded, {starved} ran out of tries");
}

#[test]
fn the_right_code_sent_twelve_times_at_once_counts_once() {
    for seed in 0..40 {
        let (mut house, id) = asked();
        let code = house.code(&id);
        let answers = house.ask_together(&operator("acme"), vec![call(&id, &code); 12], seed);
        let good = answers.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(good, 1, "seed {seed}");
        house.world.run_until_idle();
        assert_eq!(house.status("acme", &id), "completed");
        house.assert_rest();
    }
}

#[test]
fn a_code_and_a_new_code_at_once_leave_one_truth() {
    for seed in 0..40 {
        let (mut house, id) = asked();
        let code = house.code(&id);
        let resend = Call::raw(format!("{BASE}/jobs/{id}/verify/resend"), "");
        let cancel = Call::raw(format!("{BASE}/jobs/{id}/cancel"), "");
        let boss = operator("acme").with("roles", json!(["operator", "dpo"]));
        let answers = house.ask_together(&boss, vec![call(&id, &code), resend, cancel], seed);
        assert!(answers.iter().all(|answer| answer.status < 500), "seed {seed}");
        house.world.advance(SignedDuration::from_hours(26));
        let status = house.status("acme", &id);
        let cancelled = answers[2].status == 200;
        assert_eq!(status == "cancelled", cancelled, "seed {seed}: {status}");
        house.world.advance(SignedDuration::from_hours(15 * 24));
        house.assert_rest();
    }
}

fn held(tenant: &str, id: &str, code: &str) -> Call {
    Call::post(format!("{BASE}/jobs/{id}/verify?tenant={tenant}"), &json!({"code": code}))
}

#[test]
fn whoever_holds_the_code_needs_no_token() {
    let (mut house, id) = asked();
    let code = house.code(&id);
    let without = Call::post(format!("{BASE}/jobs/{id}/verify"), &json!({"code": code}));
    assert_eq!(house.send(without).status, 401, "nobody says whose job it is");
    let foreign = held("acme", &id, &code).token("e30.e30.e30");
    assert_eq!(house.send(foreign).status, 401, "a bad token is not as good as none");
    assert_eq!(house.send(held("globex", &id, &code)).status, 422);
    assert_eq!(house.send(held("acme", &id, &code)).status, 204);
    assert_eq!(house.send(held("acme", &id, &code)).status, 422);
    house.world.advance(SignedDuration::from_hours(26));
    assert_eq!(house.status("acme", &id), "completed");
    house.assert_rest();
}

#[test]
fn without_a_token_five_tries_count_as_well() {
    let (mut house, id) = asked();
    let code = house.code(&id);
    for _ in 0..7 {
        assert_eq!(house.send(held("acme", &id, "00000000")).status, 422);
    }
    assert_eq!(house.send(held("acme", &id, &code)).status, 422);
    assert_eq!(attempts(&house, &id), 5);
}

/// Status, headers by length, and the text.
type Shape = (u16, Vec<(String, usize)>, String);

/// What an answer looks like without its request id, and the calls of ports it took.
fn seen(house: &mut House, call: Call) -> (Shape, usize) {
    let path = call.path.split('?').next().unwrap().to_owned();
    let before = house.world.memory.inspect(|state| state.faults.calls().len());
    let answer = house.send(call);
    let calls = house.world.memory.inspect(|state| state.faults.calls().len()) - before;
    let text = String::from_utf8(answer.bytes).unwrap();
    let text = text.replace(answer.body["request_id"].as_str().unwrap(), "request").replace(&path, "path");
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.len())).collect();
    ((answer.status, headers, text), calls)
}

#[test]
fn without_a_token_every_failure_looks_the_same() {
    let (mut house, live) = asked();
    let (ended, used_up) = (
        house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA),
        house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA),
    );
    let unknown_person = house.post(&operator("acme"), "/requests", &access("who@example.com")).job();
    house.world.run_until_idle();
    house.prove(&operator("acme"), &ended);
    for _ in 0..5 {
        house.send(held("acme", &used_up, "00000000"));
    }
    let unknown = crate::house::UNKNOWN_JOB;
    let dead = [
        ("acme", unknown),
        ("globex", unknown),
        ("nobody-s-slug", unknown),
        ("globex", live.as_str()),
        ("acme", ended.as_str()),
        ("acme", used_up.as_str()),
        ("acme", unknown_person.as_str()),
    ];
    let before = house.written();
    let (answer, calls) = seen(&mut house, held("acme", unknown, "00000000"));
    assert_eq!((answer.0, calls), (422, 1));
    for (tenant, id) in dead {
        assert_eq!(seen(&mut house, held(tenant, id, "00000000")), (answer.clone(), calls), "{tenant} {id}");
    }
    assert!(house.written() == before, "something was written for somebody who is only claimed");
    // Only a code that may still be right is compared and counted; its answer is the same.
    assert_eq!(seen(&mut house, held("acme", &live, "00000000")).0, answer);
    assert_eq!(seen(&mut house, held("Not%20a%20slug", &live, "00000000")).0, answer);
    assert!(!answer.2.contains("tries_left"), "{}", answer.2);
}
