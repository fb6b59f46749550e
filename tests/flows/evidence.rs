//! Evidence over HTTP: who may bring and see it, that it stays, that its chain of custody holds, and that a change is noticed.

use std::sync::Arc;

use domain::event::EventType;
use domain::record::Record;
use habeas_tests::sample::ADA;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::bad_input::check;
use crate::caller::{Caller, admin, developer, dpo, operator, owner, subject};
use crate::house::{Answer, Call, EVIDENCE, House};

fn auditor() -> Caller {
    Caller::new("acme", "auditor")
}

fn brought() -> Value {
    json!({
        "type": "configuration",
        "title": "Encryption was switched on",
        "description": "The bucket of uploads",
        "content": {"before": {"encrypted": false}, "after": {"encrypted": true, "by": "canary-name"}},
        "source_system": "storage",
        "control_objectives": ["CC6.1", "CC6.7"],
        "organization_id": "org-1",
    })
}

fn bring(house: &mut House, body: &Value) -> Value {
    let answer = house.ask(&developer("acme"), Call::post(EVIDENCE.to_owned(), body));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

fn look(house: &mut House, caller: &Caller, path: &str) -> Answer {
    house.ask(caller, Call::get(format!("{EVIDENCE}{path}")))
}

fn verify(house: &mut House, id: &str) -> Value {
    let answer = house.ask(&auditor(), Call::post(format!("{EVIDENCE}/{id}/verify"), &json!({})));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn id_of(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

#[test]
fn evidence_is_kept_for_seven_years_and_read_back_as_it_was_brought() {
    let mut house = House::new();
    let kept = bring(&mut house, &brought());
    let id = id_of(&kept);
    for (name, value) in brought().as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name}");
    }
    assert_eq!(look(&mut house, &auditor(), &format!("/{id}")).body, kept);
    let time = |name: &str| kept[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let years = time("retain_until").duration_since(time("collected_at"));
    assert!(years >= SignedDuration::from_hours(24 * 365 * 7), "{years}");
    let state = house.world.memory.inspect(|state| state.evidence.objects.clone());
    let ours: Vec<_> = state.iter().filter(|(name, _)| name.starts_with("evidence/acme/")).collect();
    assert_eq!(ours.len(), 2, "the evidence and the first entry of its custody");
    for (name, versions) in ours {
        let (bytes, locked_until) = &versions[0];
        assert!(*locked_until >= time("retain_until"), "{name}");
        assert!(!String::from_utf8_lossy(bytes).contains("canary"), "{name} shows what it says");
    }
    let told = house.world.memory.inspect(|state| {
        let is_told = |record: &Record| match record {
            Record::Event(it) => it.event_type == EventType::EvidenceCollected && it.to.as_deref() == Some(id.as_str()),
            _ => false,
        };
        state.items.values().filter(|record| is_told(record)).count()
    });
    assert_eq!(told, 1);
}

#[test]
fn pages_of_evidence_follow_one_another_and_show_one_tenant() {
    let mut house = House::new();
    let mut brought_ids = Vec::new();
    for number in 0..5 {
        let mut body = brought();
        body["title"] = json!(format!("number {number}"));
        brought_ids.push(id_of(&bring(&mut house, &body)));
        house.world.advance(SignedDuration::from_secs(1));
    }
    let (mut shown, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = look(&mut house, &auditor(), &format!("?limit=2{cursor}"));
        assert_eq!(page.status, 200, "{}", page.body);
        shown.extend(page.body["items"].as_array().unwrap().iter().map(id_of));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(shown, brought_ids);
    let foreign = Caller::new("globex", "auditor");
    let page = look(&mut house, &foreign, &format!("?cursor={}", brought_ids[0]));
    assert_eq!((page.status, &page.body["items"]), (200, &json!([])));
    for path in ["", "/custody"] {
        assert_eq!(look(&mut house, &foreign, &format!("/{}{path}", brought_ids[0])).status, 404);
    }
}

#[test]
fn a_check_is_an_entry_of_the_chain_and_counts_for_a_day() {
    let mut house = House::new();
    let id = id_of(&bring(&mut house, &brought()));
    let first = verify(&mut house, &id);
    assert_eq!(first["ok"], json!(true), "{first}");
    house.world.advance(SignedDuration::from_hours(23));
    assert_eq!(verify(&mut house, &id), first);
    house.world.advance(SignedDuration::from_hours(2));
    assert_ne!(verify(&mut house, &id)["verified_at"], first["verified_at"]);
    let chain = look(&mut house, &auditor(), &format!("/{id}/custody")).body;
    let acts: Vec<&Value> = chain.as_array().unwrap().iter().map(|entry| &entry["act"]).collect();
    assert_eq!(acts, ["collected", "verified", "verified"]);
    assert!(chain[0]["previous"].is_null() && chain[1]["previous"].is_string());
    assert_eq!(chain[2]["sha256_before"], chain[0]["sha256_after"]);
}

#[test]
fn changed_evidence_and_a_changed_chain_are_noticed() {
    type Change = fn(&str) -> String;
    let hash: Change = |text| {
        let kept = text.split("\"sha256\":\"").nth(1).unwrap()[..64].to_owned();
        text.replace(&kept, &"0".repeat(64))
    };
    let sealed: Change = |text| {
        let kept = text.split("\"body\":\"").nth(1).unwrap()[..40].to_owned();
        text.replace(&kept, &kept.chars().rev().collect::<String>())
    };
    let entry: Change = |text| text.replace("\"number\":1", "\"number\":2");
    for (part, change) in [("items", hash), ("items", sealed), ("custody", entry)] {
        let mut house = House::new();
        let id = id_of(&bring(&mut house, &brought()));
        house.world.memory.change(|state| {
            let prefix = format!("evidence/acme/{part}/{id}");
            let mut objects = state.evidence.objects.iter_mut();
            let (_, versions) = objects.find(|(name, _)| name.starts_with(&prefix)).unwrap();
            let text = String::from_utf8(versions[0].0.to_vec()).unwrap();
            let changed = change(&text);
            assert_ne!(changed, text);
            versions[0].0 = Arc::new(changed.into_bytes());
        });
        let found = verify(&mut house, &id);
        assert_eq!(found["ok"], json!(false), "{part}: {found}");
        assert!(!found["broken_at"].as_str().unwrap().is_empty());
    }
}

#[test]
fn only_who_may_brings_and_sees_evidence() {
    let mut house = House::new();
    let id = id_of(&bring(&mut house, &brought()));
    for caller in [auditor(), dpo("acme"), operator("acme"), owner("acme", "org-1"), subject(ADA)] {
        let answer = house.ask(&caller, Call::post(EVIDENCE.to_owned(), &brought()));
        assert_eq!((answer.status, &answer.body["permissions"]), (403, &json!(["resource:write"])));
    }
    for path in [String::new(), format!("/{id}"), format!("/{id}/custody")] {
        for caller in [dpo("acme"), operator("acme"), developer("acme"), owner("acme", "org-1"), subject(ADA)] {
            let answer = look(&mut house, &caller, &path);
            assert_eq!((answer.status, &answer.body["permissions"]), (403, &json!(["evidence:read"])), "{path}");
        }
        assert_eq!(look(&mut house, &admin("acme"), &path).status, 200);
    }
}

#[test]
fn what_is_wrong_with_evidence_is_named() {
    let mut house = House::new();
    let with = |name: &str, value: Value| {
        let mut body = brought();
        body[name] = value;
        body
    };
    for (body, place) in [
        (with("type", json!("canary")), "/type"),
        (with("title", json!("")), "/title"),
        (with("title", json!("x".repeat(256))), "/title"),
        (with("description", json!("x".repeat(2_001))), "/description"),
        (with("source_system", json!("a\u{0}b")), "/source_system"),
        (with("control_objectives", json!(["CC6.1", ""])), "/control_objectives/1"),
        (with("control_objectives", json!(vec!["CC6.1"; 51])), "/control_objectives"),
        (with("organization_id", json!("")), "/organization_id"),
        (with("content", Value::Null), "/content"),
        (with("colour", json!(1)), "/colour"),
    ] {
        check(&mut house, &developer("acme"), Call::post(EVIDENCE.to_owned(), &body), 422, place);
    }
    for (path, place) in
        [("?limit=0", "?limit"), ("?limit=101", "?limit"), ("?cursor=canary", "?cursor"), ("?colour=1", "?colour")]
    {
        check(&mut house, &auditor(), Call::get(format!("{EVIDENCE}{path}")), 422, place);
    }
    for path in ["/canary", "/evd_00000000000000000000000000000000", "/evt_00000000000000000000000000000000/custody"] {
        check(&mut house, &auditor(), Call::get(format!("{EVIDENCE}{path}")), 404, "");
    }
}
