//! Retention policies: defaults, limits, reasons, who may, every version kept and audited.

use domain::event::EventType;
use domain::record::Record;
use serde_json::{Value, json};

use crate::caller::{Caller, admin, dpo, operator, owner, subject};
use crate::house::{BASE, Call, House};
use habeas_tests::sample::ADA;

fn put(house: &mut House, caller: &Caller, path: &str, body: &Value) -> (u16, Value) {
    let answer = house.ask(caller, Call::post(format!("{BASE}{path}"), body).method("PUT"));
    (answer.status, answer.body)
}

fn boss() -> Caller {
    owner("acme", "org-1")
}

#[test]
fn what_nobody_set_is_the_default() {
    let mut house = House::new();
    let shown = house.get(&boss(), "/retention");
    assert_eq!(
        (shown.status, &shown.body["version"], &shown.body["organization_id"]),
        (200, &json!(0), &json!("org-1"))
    );
    let expected = [
        ("messages_days", 90),
        ("logs_days", 30),
        ("metrics_days", 365),
        ("audit_logs_days", 730),
        ("job_executions_days", 90),
        ("requests_days", 1095),
        ("sessions_days", 30),
        ("temp_files_days", 7),
        ("evidence_years", 7),
    ];
    for (class, length) in expected {
        assert_eq!(shown.body[class], json!(length), "{class}");
    }
    let staff = house.get(&dpo("acme"), "/retention");
    assert_eq!((staff.status, &staff.body["organization_id"]), (200, &Value::Null));
}

#[test]
fn a_replaced_policy_counts_and_every_version_is_kept_and_audited() {
    let mut house = House::new();
    let first = put(&mut house, &boss(), "/retention", &json!({"messages_days": 1, "logs_days": 3650}));
    assert_eq!((first.0, &first.1["messages_days"], &first.1["version"]), (200, &json!(1), &json!(1)));
    let second = json!({
        "logs_days": 3651, "permanent": ["messages_days"], "justification": "a court has ordered it",
    });
    let (status, body) = put(&mut house, &boss(), "/retention?organization_id=org-1", &second);
    assert_eq!((status, &body["version"], &body["logs_days"]), (200, &json!(2), &json!(3651)), "{body}");
    assert_eq!((&body["messages_days"], &body["permanent"]), (&Value::Null, &json!(["messages_days"])));
    assert_eq!(body["metrics_days"], json!(365), "what is not named goes back to its default");
    let seen = house.get(&operator("acme"), "/retention?organization_id=org-1").body;
    let versions: Vec<_> = seen["history"].as_array().unwrap().iter().map(|it| it["version"].clone()).collect();
    assert_eq!(versions, [json!(2), json!(1)]);
    assert_eq!(seen["history"][1]["lengths"]["messages_days"], json!(1));
    assert!(seen["history"][0]["by"].as_str().unwrap().starts_with("owner:"));
    let is_change =
        |record: &Record| matches!(record, Record::Event(event) if event.event_type == EventType::ConfigurationChange);
    let events = house.world.memory.inspect(|state| state.items.values().filter(|it| is_change(it)).count());
    assert_eq!(events, 2);
    house.assert_rest();
}

#[test]
fn the_schedule_says_what_has_expired() {
    let mut house = House::new();
    put(&mut house, &boss(), "/retention", &json!({"permanent": ["logs_days"], "justification": "j"}));
    let schedule = house.get(&boss(), "/retention/schedule").body;
    let of =
        |class: &str| schedule["items"].as_array().unwrap().iter().find(|it| it["class"] == class).unwrap().clone();
    assert_eq!(of("messages_days")["cutoff_at"], json!("2025-12-02T09:00:00Z"));
    assert_eq!((&of("logs_days")["cutoff_at"], &of("logs_days")["days"]), (&Value::Null, &Value::Null));
    assert_eq!((&of("evidence_years")["days"], &of("requests_days")["archive_first"]), (&json!(2555), &json!(true)));
}

#[test]
fn bad_policies_say_which_field_and_why() {
    let mut house = House::new();
    let before = house.written();
    let cases = [
        (json!({"logs_days": 0}), "/logs_days"),
        (json!({"logs_days": -1}), "/logs_days"),
        (json!({"logs_days": 3651}), "/logs_days"),
        (json!({"evidence_years": 11}), "/evidence_years"),
        (json!({"logs_days": 100_001, "justification": "j"}), "/logs_days"),
        (json!({"logs_days": "30"}), "/logs_days"),
        (json!({"logs_days": 1.5}), "/logs_days"),
        (json!({"logs_days": [1]}), "/logs_days"),
        (json!({"permanent": ["logs_days"]}), "/logs_days"),
        (json!({"permanent": ["cats_days"]}), "/permanent/0"),
        (json!({"permanent": ["logs_days"], "logs_days": 3, "justification": "j"}), "/logs_days"),
        (json!({"cats_days": 3}), "/cats_days"),
        (json!({"logs_days": 3651, "justification": " "}), "/justification"),
    ];
    for (body, pointer) in cases {
        let (status, answer) = put(&mut house, &boss(), "/retention", &body);
        assert_eq!(status, 422, "{body} {answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["pointer"] == pointer), "{body} {answer}");
        assert!(errors.iter().all(|error| !error["detail"].as_str().unwrap().is_empty()));
    }
    assert!(house.written() == before);
}

/// Every class of V6, and each way to say its length wrongly.
#[test]
fn every_class_has_its_limits_and_says_so() {
    let mut house = House::new();
    let before = house.written();
    let days = ["messages", "logs", "metrics", "audit_logs", "job_executions", "requests", "sessions", "temp_files"];
    let classes = days.map(|class| (format!("{class}_days"), 3_650)).into_iter().chain([("evidence_years".into(), 10)]);
    for (class, most) in classes {
        let huge: Value = serde_json::from_str("123456789012345678901234567890").unwrap();
        let lengths = [
            json!(0),
            json!(-1),
            json!(most + 1),
            json!(i64::MAX),
            huge,
            json!(most.to_string()),
            json!(""),
            json!("forever"),
            json!(1.5),
            json!(true),
            json!([1]),
            json!({"days": 1}),
        ];
        for length in lengths {
            let (status, answer) = put(&mut house, &boss(), "/retention", &json!({ class.clone(): length }));
            let errors = answer["errors"].as_array().cloned().unwrap_or_default();
            let is_told = |error: &Value| error["pointer"] == format!("/{class}") && error["detail"] != "";
            assert!(status == 422 && errors.iter().any(is_told), "{class} {length}: {status} {answer}");
        }
        // Longer is a matter of reasons, up to what anybody can mean.
        let (status, answer) = put(&mut house, &boss(), "/retention", &json!({ class.clone(): most + 1 }));
        let why = answer["errors"][0]["detail"].as_str().unwrap_or_default();
        assert!(status == 422 && why.contains("justification"), "{class}: {status} {answer}");
    }
    assert!(house.written() == before);
    for (class, most) in [("logs_days", 3_650), ("evidence_years", 10)] {
        for length in [1, most] {
            assert_eq!(put(&mut house, &boss(), "/retention", &json!({ class: length })).0, 200, "{class} {length}");
        }
    }
}

#[test]
fn bad_bodies_and_bad_queries_are_refused_by_name() {
    let mut house = House::new();
    let before = house.written();
    let pointed = [
        (json!({"justification": 7, "logs_days": 3651}), "/justification"),
        (json!({"justification": "j".repeat(2_001), "logs_days": 3651}), "/justification"),
        (json!({"permanent": "logs_days", "justification": "j"}), "/permanent"),
        (json!({"permanent": [7], "justification": "j"}), "/permanent/0"),
        (json!({"permanent": ["logs_days", "Logs_days"], "justification": "j"}), "/permanent/1"),
        (json!({"Logs_days": 3}), "/Logs_days"),
        (json!({"organization_id": "org-2"}), "/organization_id"),
    ];
    for (body, pointer) in pointed {
        let (status, answer) = put(&mut house, &boss(), "/retention", &body);
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        assert!(status == 422 && errors.iter().any(|error| error["pointer"] == pointer), "{body}: {status} {answer}");
    }
    for body in [json!([]), json!("logs_days"), json!(3), Value::Null] {
        let (status, answer) = put(&mut house, &boss(), "/retention", &body);
        assert!((400..500).contains(&status), "{body}: {status} {answer}");
    }
    let body = json!({"logs_days": 3});
    for query in ["organization_id=", "organisation_id=org-1", "organization_id=org-1&organization_id=org-2", "x=1"] {
        let (status, answer) = put(&mut house, &boss(), &format!("/retention?{query}"), &body);
        assert!((400..500).contains(&status), "{query}: {status} {answer}");
        assert!(answer.to_string().contains(query.split('=').next().unwrap()), "{query}: {answer}");
    }
    let long = format!("/retention?organization_id={}", "o".repeat(256));
    assert!((400..500).contains(&put(&mut house, &boss(), &long, &body).0));
    assert!(house.written() == before);
}

#[test]
fn only_the_owner_replaces_and_only_the_own_organisation() {
    let mut house = House::new();
    let before = house.written();
    let body = json!({"logs_days": 3});
    for caller in [dpo("acme"), operator("acme"), admin("acme"), subject(ADA)] {
        let (status, answer) = put(&mut house, &caller, "/retention", &body);
        assert_eq!((status, &answer["permissions"]), (403, &json!(["retention:update"])));
    }
    let (status, answer) = put(&mut house, &boss(), "/retention?organization_id=org-2", &body);
    assert_eq!(status, 403);
    assert!(answer["detail"].as_str().unwrap().contains("organization_id"), "{answer}");
    assert_eq!(house.get(&boss(), "/retention?organization_id=org-2").status, 403);
    assert_eq!(house.get(&subject(ADA), "/retention").status, 403);
    assert_eq!(put(&mut house, &Caller::new("acme", "owner"), "/retention", &body).0, 403);
    assert!(house.written() == before);
    assert_eq!(put(&mut house, &owner("globex", "org-1"), "/retention", &body).0, 200);
    assert_eq!(
        house.get(&boss(), "/retention").body["version"],
        json!(0),
        "another tenant's organisation of that name"
    );
}
