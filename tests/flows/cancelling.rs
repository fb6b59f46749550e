//! Taking a request back: at every status, after every message, and with nothing left behind.

use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{Caller, dpo, operator, subject};
use crate::house::{House, Settings, access};

fn cancel(house: &mut House, caller: &Caller, id: &str) -> (u16, serde_json::Value) {
    let answer = house.post(caller, &format!("/jobs/{id}/cancel"), &json!({"reason": "canary: changed my mind"}));
    (answer.status, answer.body)
}

fn submitted(house: &mut House) -> String {
    let mut body = access(ADA.email);
    body["include_media"] = json!(true);
    house.submit(&operator("acme"), "/requests", &body, ADA)
}

fn assert_gone(house: &House, id: &str) {
    assert_eq!(house.status("acme", id), "cancelled");
    assert_eq!((house.objects(id), house.has_key("acme", id)), (Vec::new(), false));
    house.assert_rest();
}

#[test]
fn after_every_message_a_job_can_be_cancelled_and_leaves_nothing() {
    let mut cancelled = 0;
    for messages in 0..40 {
        let mut house = House::new();
        let id = submitted(&mut house);
        let mut delivered = house.deliver(messages);
        if delivered == messages.min(3) && delivered < messages {
            house.prove(&operator("acme"), &id);
            delivered += house.deliver(messages - delivered);
        }
        let before = house.status("acme", &id);
        let (status, body) = cancel(&mut house, &subject(ADA), &id);
        if before == "completed" {
            assert_eq!((status, &body["state"]), (409, &json!("completed")));
            assert!(cancelled >= 8 && delivered >= 8, "only {cancelled} points before the end");
            return;
        }
        assert_eq!((status, &body["status"]), (200, &json!("cancelled")), "{before}");
        cancelled += 1;
        house.world.advance(SignedDuration::from_hours(1));
        assert_gone(&house, &id);
    }
    panic!("the job never ended");
}

#[test]
fn every_open_status_can_be_cancelled() {
    let mut house = House::with(Settings { automated: false, ..Settings::default() });
    let waiting = submitted(&mut house);
    let pending = submitted(&mut house);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &pending);
    assert_eq!(
        (house.status("acme", &waiting), house.status("acme", &pending)),
        ("awaiting_verification".into(), "pending".into())
    );
    house.restart(Settings::default());
    house.world.memory.change_sources(|sources| sources.denied.push("shop.orders".to_owned()));
    let stuck = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &stuck), "needs_human");
    for id in [&waiting, &pending, &stuck] {
        assert_eq!(cancel(&mut house, &dpo("acme"), id).0, 200);
    }
    house.world.advance(SignedDuration::from_hours(1));
    for id in [&waiting, &pending, &stuck] {
        assert_gone(&house, id);
    }
}

#[test]
fn what_has_ended_stays_ended() {
    let mut house = House::new();
    let done = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    let rejected = submitted(&mut house);
    let expired = submitted(&mut house);
    let cancelled = submitted(&mut house);
    house.world.run_until_idle();
    assert_eq!(
        house.post(&dpo("acme"), &format!("/jobs/{rejected}/reject"), &json!({"reason": "excessive"})).status,
        200
    );
    assert_eq!(cancel(&mut house, &dpo("acme"), &cancelled).0, 200);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    let before = house.written();
    let acts = [
        ("cancel", json!({})),
        ("reject", json!({"reason": "r"})),
        ("assign", json!({"assignee": "a"})),
        ("process", json!({})),
        ("verify", json!({"code": "12345678"})),
        ("verify/resend", json!({})),
        ("verify/manual", json!({"method": "m", "note": "n"})),
    ];
    let officer = dpo("acme").with("roles", json!(["dpo", "super_admin"]));
    for (id, state) in [(&done, "completed"), (&rejected, "rejected"), (&expired, "expired"), (&cancelled, "cancelled")]
    {
        for (act, body) in &acts {
            let answer = house.post(&officer, &format!("/jobs/{id}/{act}"), body);
            assert_eq!((answer.status, &answer.body["state"]), (409, &json!(state)), "{act}");
        }
    }
    assert!(house.written() == before);
    house.assert_rest();
}

#[test]
fn strangers_and_readers_cancel_nothing() {
    let mut house = House::new();
    let id = submitted(&mut house);
    let before = house.written();
    assert_eq!(cancel(&mut house, &subject(BOB), &id).0, 404);
    for role in ["auditor", "operator"] {
        let (status, body) = cancel(&mut house, &Caller::new("acme", role), &id);
        assert_eq!((status, &body["permissions"]), (403, &json!(["job:delete"])), "{role}");
    }
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/reject"), &json!({"reason": "r"})).status, 403);
    assert!(house.written() == before);
}

#[test]
fn notes_of_staff_stay_when_a_job_ends() {
    let mut house = House::new();
    let done = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    let cancelled = submitted(&mut house);
    let rejected = submitted(&mut house);
    let expired = submitted(&mut house);
    for id in [&done, &cancelled, &rejected, &expired] {
        let note = json!({"note": "called back on Monday"});
        assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/notes"), &note).status, 200);
    }
    house.world.run_until_idle();
    assert_eq!(cancel(&mut house, &dpo("acme"), &cancelled).0, 200);
    let reason = json!({"reason": "excessive"});
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{rejected}/reject"), &reason).status, 200);
    house.world.advance(SignedDuration::from_hours(15 * 24));
    for (id, closing) in
        [(&done, "exported "), (&cancelled, "cancelled on request"), (&rejected, "excessive"), (&expired, "no proof")]
    {
        let notes = house.job("acme", id).resolution_notes.unwrap();
        let (first, last) = notes.split_once('\n').expect("two lines");
        assert_eq!(first, "called back on Monday");
        assert!(last.starts_with(closing), "{last}");
    }
}

/// What the timeline says of the last move of a job to a status.
fn told_of(house: &mut House, caller: &Caller, id: &str, to: &str) -> serde_json::Value {
    let timeline = house.get(caller, &format!("/jobs/{id}/timeline?limit=200")).body;
    let events = timeline["items"].as_array().unwrap();
    let last = events.iter().rev().find(|event| event["resource_type"] == "job" && event["to"] == to);
    last.unwrap_or_else(|| panic!("never {to}: {timeline}"))["reason"].clone()
}

#[test]
fn the_reason_of_a_cancellation_is_kept_sealed_and_shown_until_its_key_is_destroyed() {
    let mut house = House::new();
    let id = submitted(&mut house);
    let other = submitted(&mut house);
    for id in [&id, &other] {
        assert_eq!(cancel(&mut house, &subject(ADA), id).0, 200);
    }
    // The job key is gone; what was said is under the key of the person.
    house.world.advance(SignedDuration::from_hours(1));
    assert_gone(&house, &id);
    for caller in [subject(ADA), dpo("acme"), operator("acme")] {
        assert_eq!(told_of(&mut house, &caller, &id, "cancelled"), "canary: changed my mind");
    }
    assert_eq!(house.get(&subject(BOB), &format!("/jobs/{id}/timeline")).status, 404);
    let (subject_ref, tenant) = (house.job("acme", &id).subject_ref.unwrap(), habeas_tests::sample::tenant("acme"));
    let key =
        domain::record::KeyRecord::key_of(&tenant, &domain::record::KeyRecord::subject_owner(subject_ref.as_str()));
    let removed = house.world.memory.change(|state| state.items.remove(&key));
    assert!(removed.is_some(), "one key for all that is said of a person");
    assert_eq!(told_of(&mut house, &dpo("acme"), &id, "cancelled"), json!(null));
}

#[test]
fn words_moved_to_another_job_do_not_open() {
    let mut house = House::new();
    let (one, other) = (submitted(&mut house), submitted(&mut house));
    for id in [&one, &other] {
        assert_eq!(cancel(&mut house, &subject(ADA), id).0, 200);
    }
    house.world.memory.change(|state| {
        let events = state.items.values().filter_map(|record| match record.as_ref() {
            domain::record::Record::Event(event) if event.detail.is_some() => Some(event.as_ref().clone()),
            _ => None,
        });
        let mut events: Vec<domain::event::AuditEvent> = events.collect();
        assert_eq!(events.len(), 2);
        let stolen = events[0].detail.clone();
        let swapped = std::mem::replace(&mut events[1].detail, stolen);
        events[0].detail = swapped;
        for event in events {
            let record = domain::record::Record::Event(Box::new(event));
            state.items.insert(std::sync::Arc::new(record.key()), std::sync::Arc::new(record));
        }
    });
    for id in [&one, &other] {
        assert_eq!(told_of(&mut house, &dpo("acme"), id, "cancelled"), json!(null));
    }
}
