//! The audit log over HTTP: who may look, what is found, what is refused, what is proven.

use audit_log::bundle::Bundle;
use audit_log::note::Verifier;
use domain::event::EventType;
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::handlers::ORIGIN;
use habeas_tests::sample::{ADA, BOB};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use workflow::ports::CheckpointSigner as _;

use crate::bad_input::check;
use crate::caller::{Caller, admin, dpo, operator, owner, subject};
use crate::house::{AUDIT, Answer, Call, House, access};

pub(crate) fn look(house: &mut House, caller: &Caller, path: &str) -> Answer {
    house.ask(caller, Call::get(format!("{AUDIT}{path}")))
}

fn auditor() -> Caller {
    Caller::new("acme", "auditor")
}

/// A house in which time goes on with each call, so that events have an order.
pub(crate) fn ticking() -> House {
    let house = House::new();
    house.world.memory.change(|state| state.tick = SignedDuration::from_millis(2));
    house
}

/// A house in which things have happened.
pub(crate) fn busy() -> (House, String) {
    let mut house = ticking();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    house.fetch(&subject(ADA), &id);
    let hold = json!({"scope": {"tenant": true}, "matter": "a case", "reason": "an inquiry"});
    assert_eq!(house.post(&dpo("acme"), "/holds", &hold).status, 201);
    (house, id)
}

fn items(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn pages_follow_one_another_newest_first_while_new_events_arrive() {
    let (mut house, _) = busy();
    let whole = ids(&items(&look(&mut house, &auditor(), "/events?limit=1000")));
    assert!(whole.len() > 60 && whole.is_sorted_by(|one, next| one > next), "{}", whole.len());
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = look(&mut house, &auditor(), &format!("/events?limit=7{cursor}"));
        paged.extend(ids(&items(&answer)));
        let Some(next) = answer.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    // The first page shows what the first look left behind; after that, nothing new comes in between.
    assert_eq!(paged[1..], whole);
}

#[test]
fn every_filter_finds_what_a_look_through_everything_finds() {
    let (mut house, id) = busy();
    let whole = items(&look(&mut house, &auditor(), "/events?limit=1000"));
    let person = whole.iter().find(|it| it["role"] == "operator").unwrap()["actor"].as_str().unwrap().to_owned();
    let hold =
        whole.iter().find(|it| it["resource_type"] == "hold").unwrap()["resource_id"].as_str().unwrap().to_owned();
    assert!(hold.starts_with("hold_"), "{hold}");
    let middle = whole[whole.len() / 2]["at"].as_str().unwrap().to_owned();
    let cases = [
        vec![("actor", person.as_str())],
        vec![("actor", "worker")],
        vec![("actor", "worker"), ("action", "create")],
        vec![("actor", &person), ("resource_id", &id)],
        vec![("action", "read")],
        vec![("action", "execute"), ("resource_type", "step")],
        vec![("resource_id", &id)],
        vec![("resource_id", &id), ("action", "export")],
        vec![("resource_type", "hold")],
        vec![("resource_id", &hold)],
        vec![("resource_type", "challenge"), ("level", "info"), ("outcome", "success")],
        vec![("level", "critical")],
        vec![("end", &middle)],
        vec![("start", &middle), ("resource_type", "job")],
    ];
    let newest = whole[0]["id"].as_str().unwrap();
    for case in cases {
        let query: Vec<String> = case.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let found = items(&look(&mut house, &auditor(), &format!("/events?limit=1000&{}", query.join("&"))));
        let fits = |it: &&Value| {
            case.iter().all(|(name, value)| match *name {
                "start" => time(&it["at"]) >= value.parse().unwrap(),
                "end" => time(&it["at"]) < value.parse().unwrap(),
                name => it[name] == *value,
            })
        };
        let expected: Vec<Value> = whole.iter().filter(fits).cloned().collect();
        let found: Vec<Value> = found.into_iter().filter(|it| it["id"].as_str().unwrap() <= newest).collect();
        assert_eq!(ids(&found), ids(&expected), "{query:?}");
    }
}

#[test]
fn only_who_may_read_the_audit_log_does_and_each_look_is_told() {
    let (mut house, _) = busy();
    let event = ids(&items(&look(&mut house, &dpo("acme"), "/events?limit=1")))[0].clone();
    let paths = ["/events", "/events/export?start=2026-03-01T00:00:00Z&end=2026-03-03T00:00:00Z", "/checkpoint"];
    let own = [format!("/events/{event}"), format!("/events/{event}/proof")];
    for path in paths.into_iter().map(str::to_owned).chain(own.clone()) {
        for caller in [operator("acme"), owner("acme", "org-1"), subject(ADA)] {
            let before = house.written();
            let answer = look(&mut house, &caller, &path);
            assert_eq!((answer.status, &answer.body["permissions"]), (403, &json!(["admin:audit_log"])), "{path}");
            assert_eq!(house.written(), before);
        }
    }
    for path in own {
        assert_eq!(look(&mut house, &dpo("globex"), &path).status, 404);
    }
    for caller in [admin("acme"), auditor(), dpo("acme")] {
        assert_eq!(look(&mut house, &caller, &format!("/events/{event}")).body["id"], json!(event));
    }
    let looked = house.world.memory.inspect(|state| {
        let of_access = |record: &Record| match record {
            Record::Event(it) => it.event_type == EventType::UserAccess && it.resource_type.starts_with("audit_"),
            _ => false,
        };
        state.items.values().filter(|record| of_access(record)).count()
    });
    assert_eq!(looked, 4, "one list and three events were shown");
}

#[test]
fn bad_questions_are_422_and_name_the_parameter() {
    let (mut house, _) = busy();
    let cursor = look(&mut house, &auditor(), "/events?limit=5&action=read").body["next_cursor"].clone();
    let cursor = cursor.as_str().map_or_else(
        || look(&mut house, &auditor(), "/events?limit=5").body["next_cursor"].as_str().unwrap().to_owned(),
        str::to_owned,
    );
    let mut tampered = cursor.clone().into_bytes();
    tampered[10] = if tampered[10] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    let ten_years = "start=2016-03-02T00:00:00Z&end=2026-03-02T00:00:00Z";
    let cases = [
        ("limit=0".to_owned(), "?limit"),
        ("limit=1001".to_owned(), "?limit"),
        ("x=1".to_owned(), "?x"),
        ("start=yesterday".to_owned(), "?start"),
        ("end=2026-03-02".to_owned(), "?end"),
        ("start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z".to_owned(), "?start"),
        ("start=2026-03-02T00:00:00Z&end=2026-03-02T00:00:00Z".to_owned(), "?start"),
        (ten_years.to_owned(), "?start"),
        ("start=2016-03-02T00:00:00Z".to_owned(), "?start"),
        ("actor=canary@example.com".to_owned(), "?actor"),
        ("action=EXPORT".to_owned(), "?action"),
        ("level=loud".to_owned(), "?level"),
        ("outcome=".to_owned(), "?outcome"),
        ("resource_type=".to_owned(), "?resource_type"),
        (format!("resource_id={}", "x".repeat(256)), "?resource_id"),
        ("cursor=".to_owned(), "?cursor"),
        ("cursor=canary".to_owned(), "?cursor"),
        (format!("cursor={}", "A".repeat(4_000)), "?cursor"),
        (format!("cursor={tampered}"), "?cursor"),
        (format!("cursor={cursor}&level=info"), "?cursor"),
    ];
    for (query, place) in cases {
        check(&mut house, &auditor(), Call::get(format!("{AUDIT}/events?{query}")), 422, place);
    }
    let foreign = Call::get(format!("{AUDIT}/events?cursor={cursor}"));
    check(&mut house, &Caller::new("globex", "auditor"), foreign, 422, "?cursor");
    for (query, place) in [
        ("start=2026-03-01T00:00:00Z", "?end"),
        ("end=2026-03-01T00:00:00Z", "?start"),
        ("start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z&format=xml", "?format"),
        ("start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z&limit=5", "?limit"),
        (ten_years, "?start"),
    ] {
        check(&mut house, &auditor(), Call::get(format!("{AUDIT}/events/export?{query}")), 422, place);
    }
    check(&mut house, &auditor(), Call::post(format!("{AUDIT}/verify"), &json!({"x": 1})), 422, "/x");
    for path in ["/events/evt_1", "/events/job_0199a000000070008000000000000000/proof", "/nothing"] {
        check(&mut house, &auditor(), Call::get(format!("{AUDIT}{path}")), 404, "");
    }
}

#[test]
fn a_period_is_exported_in_both_forms_and_the_export_is_an_event() {
    let (mut house, _) = busy();
    let whole = items(&look(&mut house, &auditor(), "/events?limit=1000"));
    let period = "/events/export?start=2026-03-01T00:00:00Z&end=2026-04-01T00:00:00Z";
    let exported = look(&mut house, &auditor(), &format!("{period}&format=json"));
    let exported = exported.body.as_array().unwrap().clone();
    let exports = exported.iter().filter(|it| it["action"] == "export" && it["resource_type"] == "audit_events");
    assert_eq!(exports.count(), 1, "an export is told before it is read");
    assert!(whole.iter().all(|event| exported.contains(event)));
    let answer = look(&mut house, &auditor(), period);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let mut reader = csv::Reader::from_reader(answer.bytes.as_slice());
    let place = reader.headers().unwrap().iter().position(|name| name == "event_id").unwrap();
    let rows: Vec<String> = reader.records().map(|row| row.unwrap()[place].to_owned()).collect();
    assert!(ids(&whole).iter().all(|id| rows.contains(id)) && rows.len() == exported.len() + 1);
    let text = String::from_utf8(answer.bytes).unwrap();
    assert!(!text.contains("canary") && !text.contains('@'), "no personal data leaves in an export");
}

#[test]
fn an_event_is_proven_to_third_parties_once_it_is_sealed() {
    let (mut house, _) = busy();
    let event = ids(&items(&look(&mut house, &auditor(), "/events?limit=5")))[3].clone();
    let proof = |house: &mut House| look(house, &auditor(), &format!("/events/{event}/proof"));
    let early = proof(&mut house);
    assert_eq!((early.status, &early.body["state"]), (409, &json!("not_sealed")));
    assert_eq!(look(&mut house, &auditor(), "/checkpoint").status, 409);
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    let checkpoint = String::from_utf8(look(&mut house, &auditor(), "/checkpoint").bytes).unwrap();
    let answer = proof(&mut house);
    assert_eq!(answer.status, 200);
    let bundle = Bundle::parse(&String::from_utf8(answer.bytes).unwrap()).unwrap();
    assert_eq!(bundle.checkpoint, checkpoint);
    let key = run(&house.world.memory, house.world.memory.checkpoint_signer().key()).answer().unwrap();
    let origin = format!("{ORIGIN}/acme");
    bundle.verify_extra(&origin, &Verifier::new(&origin, key).unwrap()).unwrap();
    let leaf: Value = serde_json::from_slice(bundle.extra.as_ref().unwrap()).unwrap();
    assert_eq!(leaf["id"], json!(event));
    let shown = look(&mut house, &auditor(), &format!("/events/{event}"));
    assert_eq!(shown.body["leaf_index"], json!(bundle.index));
}

#[test]
fn words_of_whoever_acted_are_opened_for_one_event_alone() {
    let mut house = ticking();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let words = json!({"reason": "canary: changed my mind"});
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/cancel"), &words).status, 200);
    let listed = look(&mut house, &auditor(), &format!("/events?resource_id={id}&resource_type=job"));
    assert!(!listed.body.to_string().contains("changed my mind"));
    let newest = ids(&items(&listed))[0].clone();
    let one = look(&mut house, &auditor(), &format!("/events/{newest}"));
    assert_eq!(one.body["words"], words["reason"]);
}
