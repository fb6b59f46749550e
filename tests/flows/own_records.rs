//! What Habeas itself holds about a person is part of the export (R-EXP-1): requests and their audit trail, nobody else's.

use habeas_tests::sample::{ADA, BOB, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{dpo, operator, owner, subject};
use crate::house::{House, access, files, rows};

const REQUESTS: &str = "habeas.requests";
const EVENTS: &str = "habeas.audit_events";

fn texts<'a>(rows: &'a [Value], field: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[field].as_str().unwrap()).collect()
}

fn times(rows: &[Value]) -> Vec<jiff::Timestamp> {
    texts(rows, "at").into_iter().map(|at| at.parse().unwrap()).collect()
}

/// Every event of a job up to the making of the shard that reads them.
fn trail(house: &House, id: &str, of: &str) -> usize {
    let shards = house.steps("acme", of);
    let own = shards.iter().filter(|step| step.kind == domain::step::StepKind::Collect).max_by_key(|step| step.shard);
    let until = own.unwrap().created_at;
    house.world.audit_trail(&id.parse().unwrap()).iter().filter(|event| event.at <= until).count()
}

#[test]
fn an_export_holds_the_requests_of_the_person_and_what_was_done_with_them() {
    let mut house = House::new();
    let first = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let foreign = house.submit(&operator("acme"), "/requests", &access(BOB.email), BOB);
    let elsewhere = house.submit(&operator("globex"), "/requests", &access(EVE.email), EVE);
    house.world.run_until_idle();
    house.world.advance(SignedDuration::from_hours(1));
    let id = house.submit(&subject(ADA), "/me/export", &json!({"format": "both"}), ADA);
    house.world.run_until_idle();
    let archive = house.fetch(&subject(ADA), &id);
    let found = files(&archive);
    let requests = rows(&found, REQUESTS);
    assert_eq!(texts(&requests, "id"), [&id, &first], "newest first");
    assert_eq!(texts(&requests, "status"), ["in_progress", "awaiting_verification"]);
    let events = rows(&found, EVENTS);
    let of = |job: &str| events.iter().filter(|event| event["request_id"] == job).cloned().collect::<Vec<_>>();
    assert_eq!(events.len(), of(&id).len() + of(&first).len());
    for job in [&id, &first] {
        let own = of(job);
        // The clock stands still while the export runs: some events of its own share the time of the reading.
        let all = trail(&house, job, &id);
        assert!(own.len() == all || *job == id && own.len() > 10 && own.len() < all, "{} of {all}", own.len());
        assert!(times(&own).is_sorted_by(|one, other| one >= other), "newest first");
        assert!(own.iter().any(|event| event["action"] == "create" && event["resource_type"] == "job"));
        assert!(own.iter().all(|it| it["resource_type"].is_string() && it["resource_id"].is_string()));
    }
    for (name, bytes) in &found {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&foreign) && !text.contains(&elsewhere), "{name} tells of somebody else's request");
    }
    let manifest: Value = serde_json::from_slice(&found["manifest.json"]).unwrap();
    let readme = String::from_utf8_lossy(&found["README.html"]).into_owned();
    for source in [REQUESTS, EVENTS] {
        let listed = manifest["files"].as_array().unwrap().iter().filter(|file| file["source"] == source);
        let kinds: Vec<&str> = listed.map(|file| file["name"].as_str().unwrap().split('/').next().unwrap()).collect();
        assert_eq!(kinds, ["json", "csv"], "{source}");
    }
    assert!(readme.contains("audit events") && readme.contains("To answer your requests."), "{readme}");
    house.world.advance(SignedDuration::from_hours(15 * 24));
    house.assert_rest();
}

#[test]
fn a_long_trail_is_read_page_by_page_and_each_event_once_also_in_slices() {
    for sliced in [false, true] {
        let mut house = House::new();
        let old = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
        house.world.run_until_idle();
        for _ in 0..450 {
            let note = house.post(&dpo("acme"), &format!("/jobs/{old}/notes"), &json!({"note": "called"}));
            assert_eq!(note.status, 200);
            house.world.memory.advance(SignedDuration::from_millis(7));
        }
        let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
        if sliced {
            house.world.slice = SignedDuration::from_millis(12);
            house.world.memory.change(|state| state.tick = SignedDuration::from_millis(1));
        }
        house.world.run_until_idle();
        house.world.memory.change(|state| state.tick = SignedDuration::ZERO);
        let found = files(&house.fetch(&subject(ADA), &id));
        let events = rows(&found, EVENTS);
        let of_old: Vec<Value> = events.iter().filter(|event| event["request_id"] == *old).cloned().collect();
        assert_eq!(of_old.len(), trail(&house, &old, &id));
        assert!(of_old.len() > 450);
        let ids: std::collections::BTreeSet<&str> = texts(&of_old, "event_id").into_iter().collect();
        assert_eq!(ids.len(), of_old.len(), "an event came twice");
        // Slices make several files; their names don't sort as they were written.
        assert!(sliced || times(&of_old).is_sorted_by(|one, other| one >= other), "newest first");
        assert_eq!(rows(&found, REQUESTS).len(), 2);
        let notes = rows(&found, REQUESTS)[1]["resolution_notes"].as_str().unwrap().lines().count();
        assert_eq!(notes, 450);
    }
}

#[test]
fn a_request_by_another_identity_holds_at_least_itself() {
    let mut house = House::new();
    let body = json!({"type": "access", "subject": {"identities": [{"type": "user_id", "value": ADA.id}]}});
    let id = house.submit(&operator("acme"), "/requests", &body, ADA);
    let word = json!({"method": "passport", "note": "seen"});
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &word).status, 200);
    house.world.run_until_idle();
    let archive = house.job("acme", &id).archive.unwrap();
    let bytes = house.world.memory.inspect(|state| state.objects.stored[archive.key.as_str()].bytes.as_ref().clone());
    let found = files(&bytes);
    assert_eq!(texts(&rows(&found, REQUESTS), "id"), [&id]);
    assert_eq!(
        archive.rows,
        found
            .keys()
            .filter(|name| name.starts_with("json/"))
            .map(|name| { found[name].iter().filter(|byte| **byte == b'\n').count() as u64 })
            .sum::<u64>()
    );
}

#[test]
fn an_organisation_gets_the_requests_of_its_own_scope_only() {
    let mut house = House::new();
    let boss = owner("acme", "org-1");
    let id = house.submit(&boss, "/export", &json!({}), ADA);
    let other = house.submit(&owner("acme", "org-2"), "/export", &json!({}), BOB);
    let personal = house.submit(&operator("acme"), "/requests", &access(BOB.email), BOB);
    house.world.run_until_idle();
    let found = files(&house.fetch(&boss, &id));
    assert_eq!(texts(&rows(&found, REQUESTS), "id"), [&id]);
    for (name, bytes) in &found {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&other) && !text.contains(&personal), "{name} tells of another request");
    }
}
