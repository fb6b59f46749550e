//! The same key and body is the same job; the same key and another body is refused; never two jobs (INV-S4).

use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::submit_request::Quotas;

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::house::{Answer, BASE, Call, House, Settings, access};

fn call(body: &Value) -> Call {
    Call::post(format!("{BASE}/requests"), body).with("idempotency-key", "key-canary-1")
}

fn jobs(house: &mut House) -> usize {
    let list = house.get(&dpo("acme"), "/jobs?limit=200");
    list.body["items"].as_array().unwrap().len()
}

#[test]
fn the_same_call_gets_the_same_answer_through_the_whole_life() {
    let mut house = House::new();
    let caller = operator("acme");
    let first = house.ask(&caller, call(&access(ADA.email)));
    let id = first.job();
    house.remember("acme", &id, ADA);
    let again = |house: &mut House| {
        let before = house.written();
        let answer = house.ask(&caller, call(&access(ADA.email)));
        assert_eq!((answer.status, &answer.bytes), (202, &first.bytes));
        assert_eq!(answer.headers["idempotency-replayed"], "true");
        assert_eq!(answer.headers["location"], first.headers["location"]);
        assert!(house.written() == before);
    };
    assert!(!first.headers.contains_key("idempotency-replayed"));
    again(&mut house);
    house.world.run_until_idle();
    again(&mut house);
    house.prove(&operator("acme"), &id);
    again(&mut house);
    house.world.run_until_idle();
    again(&mut house);
    house.world.advance(SignedDuration::from_hours(29 * 24));
    again(&mut house);
    assert_eq!(jobs(&mut house), 1);
    house.assert_rest();
}

#[test]
fn another_body_is_refused_and_nothing_happens() {
    let mut house = House::new();
    let caller = operator("acme");
    house.ask(&caller, call(&access(ADA.email))).job();
    house.world.run_until_idle();
    let before = house.written();
    let mut longer = access(ADA.email);
    longer["format"] = json!("both");
    for body in [access(BOB.email), longer] {
        let refused = house.ask(&caller, call(&body));
        assert_eq!(refused.status, 422);
        assert_eq!(refused.body["type"], "https://habeas.dev/problems/idempotency-key-reused");
    }
    // The same fields with other bytes are another body as well.
    let spaced = Call::raw(format!("{BASE}/requests"), format!("{} ", access(ADA.email)));
    assert_eq!(house.ask(&caller, spaced.with("idempotency-key", "key-canary-1")).status, 422);
    assert!(house.written() == before);
}

#[test]
fn keys_of_other_people_routes_and_tenants_are_other_keys() {
    let mut house = House::new();
    let mut ids = vec![
        house.ask(&operator("acme"), call(&access(ADA.email))).job(),
        house.ask(&operator("acme").with("sub", "operator-2"), call(&access(ADA.email))).job(),
        house.ask(&operator("globex"), call(&access(ADA.email))).job(),
        house.ask(&subject(ADA), call(&access(ADA.email))).job(),
    ];
    for (caller, path) in [(subject(ADA), "/me/export"), (owner("acme", "org-1"), "/export")] {
        let call = Call::post(format!("{BASE}{path}"), &json!({})).with("idempotency-key", "key-canary-1");
        ids.push(house.ask(&caller, call.clone()).job());
        assert_eq!(house.ask(&caller, call).job(), *ids.last().unwrap(), "{path}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn a_refused_call_does_not_use_up_its_key() {
    let mut house = House::new();
    let caller = operator("acme");
    assert_eq!(house.ask(&caller, call(&access("nobody"))).status, 422);
    assert_eq!(house.ask(&caller, call(&access(ADA.email))).status, 202);
}

#[test]
fn at_the_same_time_one_job_is_made() {
    for seed in 0..60 {
        let mut house = House::new();
        let caller = operator("acme");
        let calls = vec![call(&access(ADA.email)); 6];
        let answers: Vec<Answer> = house.ask_together(&caller, calls, seed);
        let accepted: Vec<String> = answers.iter().filter(|it| it.status == 202).map(Answer::job).collect();
        assert!(!accepted.is_empty() && accepted.iter().all(|id| *id == accepted[0]), "seed {seed}: {accepted:?}");
        assert!(answers.iter().all(|it| matches!(it.status, 202 | 409 | 429)), "seed {seed}");
        assert!(
            answers
                .iter()
                .filter(|it| it.status == 202)
                .all(|it| it.bytes == answers[0].bytes || answers[0].status != 202)
        );
        assert_eq!(jobs(&mut house), 1, "seed {seed}");
        house.remember("acme", &accepted[0], ADA);
        house.world.advance(SignedDuration::from_hours(15 * 24));
        house.assert_rest();
    }
}

#[test]
fn at_the_same_time_with_other_bodies_one_wins() {
    for seed in 0..60 {
        let mut house = House::new();
        let calls = (0..6).map(|at| call(&access(&format!("person{at}@example.com")))).collect();
        let answers = house.ask_together(&operator("acme"), calls, seed);
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1, "seed {seed}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 202 | 409 | 422 | 429)), "seed {seed}");
        assert_eq!(jobs(&mut house), 1, "seed {seed}");
    }
}

#[test]
fn a_repeated_call_is_answered_although_the_quota_is_used_up() {
    let quotas = Quotas { open_jobs: 1, jobs_per_month: 1 };
    let mut house = House::with(Settings { quotas, ..Settings::default() });
    let caller: Caller = operator("acme");
    let first = house.ask(&caller, call(&access(ADA.email)));
    let again = house.ask(&caller, call(&access(ADA.email)));
    assert_eq!((again.status, again.bytes), (202, first.bytes));
    assert_eq!(house.post(&caller, "/requests", &access(BOB.email)).status, 429);
}

#[test]
fn after_thirty_days_a_key_is_a_new_one_also_where_the_store_forgets_late() {
    let mut house = House::new();
    let caller = operator("acme");
    let first = house.ask(&caller, call(&access(ADA.email))).job();
    house.remember("acme", &first, ADA);
    house.world.advance(SignedDuration::from_hours(30 * 24));
    let second = house.ask(&caller, call(&access(BOB.email)));
    assert!(!second.headers.contains_key("idempotency-replayed"));
    assert_ne!(second.job(), first);
    house.remember("acme", &second.job(), BOB);
    let again = house.ask(&caller, call(&access(BOB.email)));
    assert_eq!((again.job(), again.bytes), (second.job(), second.bytes));
    assert_eq!(house.ask(&caller, call(&access(ADA.email))).status, 422);
    assert_eq!(jobs(&mut house), 2);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    house.assert_rest();
}

#[test]
fn at_the_same_time_after_thirty_days_one_job_is_made() {
    for seed in 0..30 {
        let mut house = House::new();
        let caller = operator("acme");
        let first = house.ask(&caller, call(&access(ADA.email))).job();
        house.world.advance(SignedDuration::from_hours(31 * 24));
        let answers = house.ask_together(&caller, vec![call(&access(ADA.email)); 6], seed);
        let accepted: Vec<String> = answers.iter().filter(|it| it.status == 202).map(Answer::job).collect();
        assert!(!accepted.is_empty() && accepted.iter().all(|id| *id == accepted[0] && *id != first), "seed {seed}");
        assert_eq!(jobs(&mut house), 2, "seed {seed}");
    }
}
