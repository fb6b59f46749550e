//! Claims about events in the form of OCSF 1.3: required members are there, and nothing is said that the log does not say.

use audit_log::event::LogEvent;
use audit_log::ocsf::{line_of, to_ocsf};
use serde_json::{Value, json};

fn event(event_type: &str) -> LogEvent {
    let text = |text: &str| Some(text.to_owned());
    LogEvent {
        v: 1,
        id: "evt_1".to_owned(),
        tenant: "acme".to_owned(),
        at: "2026-11-21T07:00:00.123456Z".to_owned(),
        event_type: event_type.to_owned(),
        action: "update".to_owned(),
        level: "info".to_owned(),
        outcome: "success".to_owned(),
        actor: "person".to_owned(),
        pseudonym: text("0123456789abcdef"),
        role: text("dpo"),
        job: text("job_1"),
        resource_type: "job".to_owned(),
        item: text("job"),
        version: Some(3),
        from: text("pending"),
        to: text("in_progress"),
        reason: text("GET /privacy/jobs/{id}"),
        counts: [("rows".to_owned(), 7)].into(),
        organization_id: text("org-1"),
        request_id: text("req-1"),
        ip_hash: text("aa11"),
        user_agent_family: text("Firefox"),
        control_id: text("CC6.1"),
        sealed: text("beef"),
    }
}

fn ocsf(event: &LogEvent) -> Value {
    to_ocsf(event, "habeas/audit/acme", 41).expect("the example has a form in OCSF")
}

/// What the schema requires of each class.
const REQUIRED: [(&str, u64, &[&str]); 4] = [
    ("anomaly", 2_004, &["finding_info"]),
    ("authentication", 3_002, &["user", "service"]),
    ("request_change", 3_004, &["entity", "actor"]),
    ("user_access", 6_003, &["actor", "api", "src_endpoint"]),
];

#[test]
fn every_event_has_what_its_class_requires() {
    for (event_type, class, members) in REQUIRED {
        let line = ocsf(&event(event_type));
        let number = |name: &str| line[name].as_u64().unwrap();
        assert_eq!((number("class_uid"), number("category_uid")), (class, class / 1_000), "{event_type}");
        assert_eq!(number("type_uid"), class * 100 + number("activity_id"));
        assert_eq!(line["time"], json!(1_795_244_400_123_i64));
        for name in members.iter().chain(&["severity_id", "metadata", "status_id", "activity_name"]) {
            assert!(!line[*name].is_null(), "{event_type} has no {name}");
        }
        let metadata = &line["metadata"];
        assert_eq!((&metadata["version"], &metadata["uid"]), (&json!("1.3.0"), &json!("evt_1")));
        assert_eq!((&metadata["sequence"], &metadata["tenant_uid"]), (&json!(41), &json!("acme")));
        assert_eq!(metadata["correlation_uid"], json!("req-1"));
        assert_eq!(line["unmapped"]["counts"], json!({"rows": 7}));
    }
}

#[test]
fn who_acted_is_a_pseudonym_or_a_word() {
    let person = ocsf(&event("request_change"));
    let user = json!({
        "type_id": 1, "type": "User", "uid": "0123456789abcdef",
        "groups": [{"name": "dpo", "type": "role"}], "org": {"uid": "org-1"},
    });
    assert_eq!(person["actor"]["user"], user);
    let by = |actor: &str| {
        let event = LogEvent {
            actor: actor.to_owned(),
            pseudonym: None,
            role: None,
            organization_id: None,
            ..event("erasure")
        };
        ocsf(&event)["actor"].clone()
    };
    assert_eq!(by("worker"), json!({"app_name": "Habeas"}));
    assert_eq!(by("holder"), json!({"user": {"type_id": 0, "type": "Unknown", "name": "holder"}}));
    assert_eq!(by("operator"), json!({"user": {"type_id": 2, "type": "Admin", "name": "operator"}}));
}

#[test]
fn acts_outcomes_and_levels_keep_their_meaning() {
    let acts = [("create", 1), ("read", 2), ("update", 3), ("delete", 4), ("execute", 99), ("export", 99)];
    for (action, number) in acts {
        let line = ocsf(&LogEvent { action: action.to_owned(), ..event("request_change") });
        assert_eq!(line["activity_id"], json!(number), "{action}");
        assert!(number < 99 || line["activity_name"] == action);
    }
    let refused = ocsf(&LogEvent { outcome: "failure".to_owned(), level: "error".to_owned(), ..event("user_access") });
    assert_eq!((&refused["status_id"], &refused["severity_id"]), (&json!(2), &json!(3)));
    let finding = ocsf(&event("anomaly"));
    assert_eq!((&finding["severity_id"], &finding["finding_info"]["types"]), (&json!(4), &json!(["in_progress"])));
}

#[test]
fn an_address_that_is_not_known_is_not_made_up() {
    let line = ocsf(&LogEvent { ip_hash: None, ..event("user_access") });
    assert_eq!(line["src_endpoint"], json!({"name": "unknown"}));
    assert_eq!(ocsf(&event("user_access"))["src_endpoint"], json!({"uid": "aa11"}));
}

#[test]
fn a_leaf_is_one_line_and_what_is_no_event_is_refused() {
    let leaf = event("erasure").leaf().unwrap();
    let line = line_of(&leaf, "log", 0).unwrap();
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(line.ends_with(b"}\n"));
    assert!(line_of(b"{}", "log", 0).is_err());
    assert!(to_ocsf(&LogEvent { at: "yesterday".to_owned(), ..event("erasure") }, "log", 0).is_err());
}
