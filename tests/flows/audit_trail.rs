//! The audit trail: as many events as versions (INV-A1), each saying who, what and from where to where.

use std::collections::BTreeMap;

use domain::event::Actor;
use habeas_tests::sample::ADA;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{dpo, operator, subject};
use crate::house::{Call, House, access};

/// Version of every item of a job beside its number of events and their versions.
fn recount(house: &House, id: &str) -> usize {
    let mut events: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for event in house.world.audit_trail(&id.parse().unwrap()) {
        if let Some(item) = event.item {
            events.entry(item.item).or_default().push(item.version);
        }
    }
    let mut items = 0;
    house.world.memory.inspect(|state| {
        for (key, record) in &state.items {
            let of_job = key.stored_partition().contains(id);
            let Some(version) = record.version().filter(|_| of_job) else { continue };
            let mut versions = events.remove(key.sort()).unwrap_or_default();
            versions.sort_unstable();
            assert_eq!(versions, (1..=version).collect::<Vec<_>>(), "{}", key.sort());
            items += 1;
        }
    });
    assert!(events.is_empty(), "events without an item: {events:?}");
    items
}

#[test]
fn every_version_of_every_item_has_its_event() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": "00000000"}));
    house.post(&operator("acme"), &format!("/jobs/{id}/verify/resend"), &json!({}));
    house.post(&dpo("acme"), &format!("/jobs/{id}/notes"), &json!({"note": "canary: called back"}));
    house.post(&dpo("acme"), &format!("/jobs/{id}/assign"), &json!({"assignee": "canary@example.com"}));
    house.world.run_until_idle();
    assert!(recount(&house, &id) >= 5);
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    house.fetch(&subject(ADA), &id);
    house.world.advance(SignedDuration::from_hours(26));
    // Job, challenge, ticket, and the steps screen, verify, three notices, a second code, locate, three shards, package, expire.
    assert!(recount(&house, &id) >= 12);
    // The note is staff's own text on the job; nothing of it is in the trail.
    let trail = format!("{:?}", house.world.audit_trail(&id.parse().unwrap()));
    assert!(!trail.contains("canary"), "{trail}");
}

#[test]
fn events_name_people_by_keyed_hash_and_workers_as_such() {
    let mut house = House::new();
    let event = serde_json::json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/api/v1/privacy/me/export", "rawQueryString": "",
        "headers": {
            "authorization": format!("Bearer {}", house.issuer.token(&subject(ADA))),
            "user-agent": "Mozilla/5.0 canary-agent Firefox/140.0", "x-forwarded-for": "198.51.100.1",
        },
        "requestContext": {
            "accountId": "0", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
            "http": {"method": "POST", "path": "/api/v1/privacy/me/export", "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9", "userAgent": "x"},
            "requestId": "gateway-1", "routeKey": "$default", "stage": "$default",
            "time": "02/Mar/2026:09:00:00 +0000", "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    });
    let answer = house.send_request(lambda_http::request::from_str(&event.to_string()).unwrap());
    let id = answer.job();
    house.world.run_until_idle();
    let trail = house.world.audit_trail(&id.parse().unwrap());
    let (by_person, by_worker): (Vec<_>, Vec<_>) =
        trail.iter().partition(|event| matches!(event.actor, Actor::Person { .. }));
    assert!(by_person.len() >= 2 && by_worker.len() > 10);
    for event in by_person {
        assert_eq!(event.request_id.as_deref(), Some("gateway-1"));
        assert_eq!(event.user_agent_family.as_deref(), Some("firefox"));
        let hash = event.ip_hash.as_deref().unwrap();
        assert!(hash.len() == 32 && !hash.contains("203.0.113"), "{hash}");
    }
    assert!(by_worker.iter().all(|event| event.actor == Actor::Worker && event.ip_hash.is_none()));
    let text = format!("{trail:?}");
    for personal in ["canary", "203.0.113.9", "198.51.100.1", "Mozilla"] {
        assert!(!text.contains(personal), "{personal}");
    }
}

#[test]
fn each_link_and_each_failed_try_leaves_an_event_without_a_version() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    for _ in 0..3 {
        house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": "00000000"}));
    }
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    let ticket = house.ticket("acme", &id);
    for _ in 0..2 {
        house.fetch(&subject(ADA), &id);
        assert_eq!(house.send(Call::get(format!("/api/v1/privacy/jobs/{id}/download?{ticket}"))).status, 303);
    }
    let timeline = house.get(&dpo("acme"), &format!("/jobs/{id}/timeline?limit=200")).body;
    let events = timeline["items"].as_array().unwrap();
    let count = |fits: &dyn Fn(&serde_json::Value) -> bool| events.iter().filter(|event| fits(event)).count();
    assert_eq!(count(&|event| event["action"] == "export"), 4);
    assert_eq!(count(&|event| event["action"] == "export" && event["actor"] == "holder"), 2);
    assert_eq!(count(&|event| event["outcome"] == "failure" && event["actor"] == "holder"), 3);
    let moves: Vec<String> = events
        .iter()
        .filter(|event| event["resource_type"] == "job" && event["from"] != event["to"])
        .map(|event| event["to"].as_str().unwrap_or("-").to_owned())
        .collect();
    assert!(moves.starts_with(&["awaiting_verification".to_owned()]), "{moves:?}");
    assert!(moves.contains(&"completed".to_owned()), "{moves:?}");
}

#[test]
fn a_cancelled_and_a_parked_job_keep_the_count_too() {
    let mut house = House::new();
    let parked = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    let cancelled = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.memory.change_sources(|sources| sources.denied.push("app.notes".to_owned()));
    house.world.run_until_idle();
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{cancelled}/cancel"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &parked), "needs_human");
    assert!(recount(&house, &parked) > 4 && recount(&house, &cancelled) > 4);
}
