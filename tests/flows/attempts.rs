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
