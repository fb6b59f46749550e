//! Quotas: open jobs and jobs of a month; counters equal what they count (INV-Q1).

use habeas_tests::sample::{ADA, BOB};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use workflow::submit_request::Quotas;

use crate::caller::{dpo, operator, owner, subject};
use crate::house::{BASE, Call, House, Settings, access};

fn house(open_jobs: i64, jobs_per_month: i64) -> House {
    House::with(Settings { quotas: Quotas { open_jobs, jobs_per_month }, ..Settings::default() })
}

#[test]
fn open_jobs_are_limited_until_one_ends() {
    let mut house = house(2, 100);
    let caller = operator("acme");
    let first = house.submit(&caller, "/requests", &access(ADA.email), ADA);
    house.submit(&caller, "/requests", &access(BOB.email), BOB);
    house.world.run_until_idle();
    let before = house.written();
    let calls = [
        (caller.clone(), "/requests", access(ADA.email)),
        (subject(ADA), "/me/export", json!({})),
        (owner("acme", "org-1"), "/export", json!({})),
    ];
    for (caller, path, body) in &calls {
        let refused = house.post(caller, path, body);
        assert_eq!((refused.status, &refused.body["quota"]), (429, &json!("max_open_jobs")));
        assert_eq!((&refused.body["limit"], &refused.body["used"]), (&json!(2), &json!(2)));
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert!(house.written() == before);
    assert_eq!(house.post(&operator("globex"), "/requests", &access(ADA.email)).status, 202);
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{first}/cancel"), &json!({})).status, 200);
    house.submit(&caller, "/requests", &access(ADA.email), ADA);
    assert_eq!(house.post(&caller, "/requests", &access(ADA.email)).status, 429);
}

#[test]
fn every_way_to_end_gives_the_place_back() {
    let mut house = house(3, 100);
    let done = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    let rejected = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let expired = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{rejected}/reject"), &json!({"reason": "r"})).status, 200);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    let ended = [&done, &rejected, &expired].map(|id| house.status("acme", id));
    assert_eq!(ended, ["completed", "rejected", "expired"]);
    for _ in 0..3 {
        let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
        assert_eq!(house.status("acme", &id), "awaiting_verification");
    }
    assert_eq!(house.post(&operator("acme"), "/requests", &access(ADA.email)).status, 429);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    house.assert_rest();
}

#[test]
fn jobs_of_a_month_are_limited_until_the_next_one_begins() {
    let mut house = house(100, 2);
    let caller = operator("acme");
    house.submit(&caller, "/requests", &access(ADA.email), ADA);
    let id = house.submit(&caller, "/requests", &access(BOB.email), BOB);
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
    let refused = house.post(&caller, "/requests", &access(ADA.email));
    assert_eq!((refused.status, &refused.body["quota"]), (429, &json!("max_jobs_per_month")));
    assert_eq!(refused.body["resets_at"], "2026-04-01T00:00:00Z");
    let april: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
    let wait = april.duration_since(house.world.memory.now()).as_secs();
    assert_eq!(refused.headers["retry-after"].to_str().unwrap(), wait.to_string());
    house.world.run_until(april - SignedDuration::from_secs(1));
    house.world.memory.set_now(april - SignedDuration::from_secs(1));
    assert_eq!(house.post(&caller, "/requests", &access(ADA.email)).status, 429);
    house.world.memory.set_now(april);
    house.submit(&caller, "/requests", &access(ADA.email), ADA);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    house.assert_rest();
}

#[test]
fn at_the_same_time_no_more_than_the_quota_is_accepted() {
    for seed in 0..40 {
        let mut house = house(3, 100);
        let calls = (0..8).map(|at| Call::post(format!("{BASE}/requests"), &access(&format!("p{at}@example.com"))));
        let answers = house.ask_together(&operator("acme"), calls.collect(), seed);
        let accepted: Vec<String> =
            answers.iter().filter(|it| it.status == 202).map(crate::house::Answer::job).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 202 | 429)), "seed {seed}");
        assert_eq!(accepted.len(), 3, "seed {seed}");
        for id in accepted {
            house.remember("acme", &id, ADA);
        }
        house.world.advance(SignedDuration::from_hours(15 * 24));
        house.assert_rest();
    }
}
