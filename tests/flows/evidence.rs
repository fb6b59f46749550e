//! Evidence over HTTP: who may bring and see it, that it stays, that its chain of custody holds, and that a change is noticed.

use std::sync::Arc;

use domain::event::EventType;
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::sample::{ADA, tenant};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::http::cursor_after;
use serde_json::{Value, json};

use crate::audit_verifying::{due, sealed};
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
    let bare = look(&mut house, &auditor(), &format!("?cursor={}", brought_ids[0]));
    assert_eq!(bare.status, 422, "a bare id is no cursor");
    let page = look(&mut house, &foreign, &format!("?cursor={}", cursor_after(&brought_ids[0])));
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
        assert_eq!(alerts(&house), [format!("{id}: {}", found["broken_at"].as_str().unwrap())], "somebody hears of it");
    }
}

/// What was said to be broken.
fn alerts(house: &House) -> Vec<String> {
    house.world.memory.inspect(|state| state.broken_evidence.iter().map(|(_, _, place)| place.clone()).collect())
}

#[test]
fn one_damaged_piece_fails_no_page() {
    let mut house = House::new();
    let ids: Vec<String> = (0..3)
        .map(|_| {
            house.world.advance(SignedDuration::from_secs(1));
            id_of(&bring(&mut house, &brought()))
        })
        .collect();
    house.world.memory.change(|state| {
        let name = format!("evidence/acme/items/{}", ids[1]);
        state.evidence.objects.get_mut(&name).unwrap()[0].0 = Arc::new(b"{}".to_vec());
    });
    let page = look(&mut house, &auditor(), "?limit=2");
    assert_eq!((page.status, &page.body["damaged"]), (200, &json!([ids[1]])), "{}", page.body);
    assert_eq!(page.body["items"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(), ids[..1]);
    assert_eq!(alerts(&house).len(), 1);
    let next = format!("?limit=2&cursor={}", page.body["next_cursor"].as_str().unwrap());
    let page = look(&mut house, &auditor(), &next);
    assert_eq!(page.body["items"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(page.body["damaged"], json!([]));
}

#[test]
fn evidence_collects_itself_once_a_week_and_a_run_that_was_stopped_is_gone_on_with() {
    let (mut house, _) = sealed();
    let first = due(&house);
    assert_eq!((first.held, first.evidence), (2, 4), "two tenants, two kinds");
    let shown = look(&mut house, &auditor(), "").body["items"].clone();
    let shown = shown.as_array().unwrap();
    let kinds: Vec<&str> = shown.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"audit") && kinds.contains(&"configuration") && kinds.len() == 2, "{kinds:?}");
    let of = |kind: &str| shown.iter().find(|it| it["type"] == kind).unwrap();
    assert_eq!((&of("audit")["content"]["ok"], &of("audit")["collector"]), (&json!(true), &json!("worker")));
    assert_eq!(of("configuration")["content"]["settings"], json!({"HABEAS_STAGE": "test"}));
    assert_eq!(of("configuration")["content"]["data_map"]["version"], json!(1));
    let id = id_of(of("audit"));
    assert_eq!(look(&mut house, &Caller::new("globex", "auditor"), &format!("/{id}")).status, 404);
    // The same week again, and after a crash between the evidence and its custody.
    let again = |house: &House| {
        let ends_at = house.world.memory.now() + SignedDuration::from_mins(10);
        let verifier = &house.world.handlers.verifier;
        run(&house.world.memory, verifier.run_now(&tenant("acme"), ends_at)).answer().unwrap().evidence
    };
    assert_eq!(again(&house), 0);
    let custody = format!("evidence/acme/custody/{id}/000001");
    house.world.memory.change(|state| state.evidence.objects.remove(&custody)).unwrap();
    assert_eq!(again(&house), 1);
    assert_eq!(verify(&mut house, &id)["ok"], json!(true));
    house.world.memory.advance(SignedDuration::from_hours(24 * 7));
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    assert_eq!(due(&house).evidence, 8, "and who of the staff acted in the week before, and what rules found in it");
    let told = house.world.memory.inspect(|state| {
        let is_told = |record: &Record| match record {
            Record::Event(it) => it.event_type == EventType::EvidenceCollected && it.to.as_deref() == Some(id.as_str()),
            _ => false,
        };
        state.items.values().filter(|record| is_told(record)).count()
    });
    assert_eq!(told, 2, "once, and once more by the run that went on");
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
