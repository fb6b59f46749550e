//! Extend, pause, resume, refuse: what each law allows, what the person is told, and what stays as it was.

use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, dpo, operator, subject};
use crate::house::{House, Settings, access};

fn waiting() -> House {
    House::with(Settings { automated: false, ..Settings::default() })
}

/// A request of Bob's under a law, screened, waiting for a start by hand.
fn asked(house: &mut House, regime: &str) -> String {
    let id = house.submit(&subject(BOB), "/me/export", &json!({ "regime": regime }), BOB);
    house.world.run_until_idle();
    id
}

fn act(house: &mut House, id: &str, act: &str, body: &Value) -> (u16, Value) {
    let answer = house.post(&operator("acme"), &format!("/jobs/{id}/{act}"), body);
    (answer.status, answer.body)
}

fn because() -> Value {
    json!({"reason": "the archive of 2019 is on tape"})
}

fn waiting_for(what: &str) -> Value {
    json!({"waiting_for": what, "reason": "the passport does not show the name"})
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn text_of(house: &House, id: &str, kind: &str) -> String {
    let mail = habeas_tests::story::newest_mail(&house.world, &id.parse().unwrap(), kind).unwrap_or_default();
    mail.replace('\n', " ")
}

/// A day as an English mail has it.
fn spelled(day: &str) -> String {
    day.parse::<jiff::civil::Date>().unwrap().strftime("%-d %B %Y").to_string()
}

#[test]
fn each_law_has_its_own_extension() {
    let cases = [
        ("gdpr", "2026-04-02", Some("2026-06-02")),
        ("uk_gdpr", "2026-04-02", Some("2026-06-02")),
        ("ccpa", "2026-04-16", Some("2026-05-31")),
        ("hipaa", "2026-04-01", Some("2026-05-01")),
        ("lgpd", "2026-03-17", None),
    ];
    for (regime, due_on, extended) in cases {
        let mut house = waiting();
        let id = asked(&mut house, regime);
        assert_eq!(house.job("acme", &id).due_at.to_string()[..10], *due_on, "{regime}");
        house.world.advance(days(10));
        let (status, body) = act(&mut house, &id, "extend", &because());
        let Some(extended) = extended else {
            assert_eq!((status, &body["rule"]), (409, &json!("lgpd-19-ii")), "{body}");
            continue;
        };
        assert_eq!((status, &body["extended"]), (200, &json!(true)), "{regime} {body}");
        assert_eq!(body["due_at"].as_str().unwrap()[..10], *extended, "{regime}");
        assert!(body["due_rule"].as_str().unwrap().ends_with("-extended"));
        house.world.run_until_idle();
        let mail = text_of(&house, &id, "notify_extended");
        assert!(mail.contains(&spelled(extended)) && mail.contains("the archive of 2019 is on tape"), "{mail}");
        let (status, body) = act(&mut house, &id, "extend", &because());
        assert_eq!((status, body["detail"].as_str().unwrap().contains("already")), (409, true));
    }
}

#[test]
fn an_extension_is_told_within_the_first_period_or_refused() {
    let mut house = waiting();
    let (last_day, too_late) = (asked(&mut house, "gdpr"), asked(&mut house, "gdpr"));
    house.world.advance(days(31));
    assert_eq!(act(&mut house, &last_day, "extend", &because()).0, 200);
    house.world.advance(days(1));
    let before = house.job("acme", &too_late);
    let (status, body) = act(&mut house, &too_late, "extend", &because());
    assert_eq!((status, &body["rule"]), (409, &json!("gdpr-12-3-extended")), "{body}");
    assert_eq!(house.job("acme", &too_late), before);
}

#[test]
fn a_pause_moves_the_date_only_where_the_law_lets_it() {
    let cases = [
        ("gdpr", "identity", true),
        ("gdpr", "clarification", false),
        ("uk_gdpr", "clarification", true),
        ("uk_gdpr", "fee", true),
        ("ccpa", "identity", false),
        ("hipaa", "identity", false),
        ("lgpd", "identity", false),
    ];
    for (regime, what, allowed) in cases {
        let mut house = waiting();
        let id = asked(&mut house, regime);
        house.world.advance(days(3));
        let before = house.job("acme", &id);
        let (status, body) = act(&mut house, &id, "pause", &waiting_for(what));
        if !allowed {
            assert_eq!((status, &body["rule"]), (409, &json!(before.due_rule)), "{regime} {what} {body}");
            assert_eq!(house.job("acme", &id), before);
            continue;
        }
        assert_eq!((status, &body["paused"]), (200, &json!(true)), "{regime} {what} {body}");
        assert_eq!(act(&mut house, &id, "pause", &waiting_for(what)).0, 409, "only once at a time");
        house.world.advance(days(5));
        let (status, body) = act(&mut house, &id, "resume", &json!({"reason": "it came"}));
        assert_eq!((status, &body["paused"]), (200, &json!(false)), "{body}");
        let moved = house.job("acme", &id);
        assert!(moved.due_at >= before.due_at + days(5) && moved.due_at <= before.due_at + days(9), "{regime}");
        assert_eq!(act(&mut house, &id, "resume", &because()).0, 409, "nothing is stopped");
        house.world.run_until_idle();
        assert!(text_of(&house, &id, "notify_paused").contains("the passport does not show the name"));
        assert!(text_of(&house, &id, "notify_resumed").contains(&spelled(&moved.due_at.to_string()[..10])));
    }
}

#[test]
fn a_date_that_is_over_is_not_moved() {
    let mut house = waiting();
    let id = asked(&mut house, "uk_gdpr");
    house.world.advance(days(40));
    let before = house.job("acme", &id);
    for (verb, body) in [("extend", because()), ("pause", waiting_for("fee")), ("resume", because())] {
        assert_eq!(act(&mut house, &id, verb, &body).0, 409, "{verb}");
    }
    assert_eq!(house.job("acme", &id), before);
}

#[test]
fn who_may_not_move_a_clock_moves_none() {
    let mut house = waiting();
    let id = asked(&mut house, "gdpr");
    let before = house.written();
    for (verb, body) in [("extend", because()), ("pause", waiting_for("identity")), ("resume", because())] {
        let path = format!("/jobs/{id}/{verb}");
        let refused = house.post(&Caller::new("acme", "auditor"), &path, &body);
        assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["job:update"])));
        assert_eq!(house.post(&subject(BOB), &path, &body).status, 403);
        assert_eq!(house.post(&subject(ADA), &path, &body).status, 404);
        assert_eq!(house.post(&dpo("globex"), &path, &body).status, 404);
        for (bad, pointer) in [(json!({"reason": " "}), "/reason"), (json!({"reason": 7}), "/reason")] {
            let mut bad = bad;
            if verb == "pause" {
                bad["waiting_for"] = json!("identity");
            }
            let refused = house.post(&dpo("acme"), &path, &bad);
            assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{verb}");
        }
    }
    let unknown = house.post(&dpo("acme"), &format!("/jobs/{id}/pause"), &waiting_for("lunch"));
    assert_eq!((unknown.status, &unknown.body["errors"][0]["pointer"]), (422, &json!("/waiting_for")));
    assert!(house.written() == before);
}

#[test]
fn a_refusal_is_told_with_its_reason_and_remedies() {
    for (regime, remedy) in [("gdpr", "data protection authority"), ("ccpa", "California"), ("hipaa", "Civil Rights")] {
        let mut house = waiting();
        let id = asked(&mut house, regime);
        let refused = house.post(&dpo("acme"), &format!("/jobs/{id}/reject"), &json!({"reason": "it is excessive"}));
        assert_eq!(refused.status, 200, "{}", refused.body);
        house.world.advance(days(1));
        let mail = text_of(&house, &id, "notify_rejected");
        assert!(mail.contains("it is excessive") && mail.contains(remedy), "{mail}");
        assert!(!house.has_key("acme", &id), "the key goes after the notice");
        assert_eq!(act(&mut house, &id, "extend", &because()).1["state"], "rejected");
        house.assert_rest();
    }
}

#[test]
fn an_early_extension_waits_for_the_address_on_record() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    assert_eq!(act(&mut house, &id, "extend", &because()).0, 200);
    house.world.run_until_idle();
    assert!(text_of(&house, &id, "notify_extended").contains("on tape"));
}

#[test]
fn notes_are_kept_to_the_end() {
    let mut house = waiting();
    let id = asked(&mut house, "gdpr");
    for note in ["called back", "sent a letter"] {
        assert_eq!(act(&mut house, &id, "notes", &json!({ "note": note })).0, 200);
    }
    let admin = crate::caller::admin("acme");
    assert_eq!(house.post(&admin, &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    let notes = house.job("acme", &id).resolution_notes.unwrap();
    assert!(notes.starts_with("called back\nsent a letter\nexported "), "{notes}");
}

#[test]
fn a_repeated_submission_gets_the_dates_of_the_first() {
    let mut house = waiting();
    let call = || {
        crate::house::Call::post("/api/v1/privacy/me/export", &json!({"regime": "gdpr"})).with("idempotency-key", "k-1")
    };
    let first = house.ask(&subject(BOB), call());
    let id = first.job();
    house.world.run_until_idle();
    assert_eq!(act(&mut house, &id, "extend", &because()).0, 200);
    let again = house.ask(&subject(BOB), call());
    assert_eq!(again.body, first.body);
}
