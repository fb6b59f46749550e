//! Self-service: a session is the proof for the address it names, and for no other.

use habeas_tests::invariants::check_archive;
use habeas_tests::sample::{ADA, BOB, EVE, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{dpo, operator, session, subject};
use crate::house::{Call, House, access, files};

#[test]
fn a_session_needs_no_code() {
    let mut house = House::new();
    let id = house.submit(&subject(ADA), "/me/export", &json!({"include_media": true}), ADA);
    house.world.run_until_idle();
    let job = house.get(&subject(ADA), &format!("/jobs/{id}")).body;
    assert_eq!((&job["status"], &job["verification"]["method"]), (&json!("completed"), &json!("session")));
    let archive = house.fetch(&subject(ADA), &id);
    check_archive(&archive, ADA, true).unwrap();
    assert!(house.mails(&id).iter().all(|(to, subject)| to == ADA.email && !subject.contains("code")));
    let dashboard = house.get(&subject(ADA), "/me").body;
    assert_eq!(
        (&dashboard["jobs"][0]["id"], &dashboard["data_held"]["data_points"]),
        (&json!(id), &job["archive"]["rows"])
    );
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn a_request_through_requests_is_the_same_for_the_person_itself() {
    let mut house = House::new();
    let id = house.submit(&subject(BOB), "/requests", &access("BOB.canary@Example.com"), BOB);
    house.world.run_until_idle();
    check_archive(&house.fetch(&subject(BOB), &id), BOB, false).unwrap();
}

#[test]
fn somebody_not_on_record_gets_an_honest_empty_archive() {
    let nobody = Person { tenant: "acme", id: "", email: "who.canary@example.com", canary: "canary-nobody" };
    let mut house = House::new();
    let id = house.submit(&subject(nobody), "/me/export", &json!({}), nobody);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id), house.mails(&id)), ("completed".to_owned(), Vec::new()));
    let found = files(&house.fetch(&subject(nobody), &id));
    // Only that this person asked, and what became of it.
    let of_sources =
        |name: &&String| !name.contains("/habeas.") && (name.starts_with("json/") || name.starts_with("csv/"));
    assert!(!found.keys().any(|name| of_sources(&name)), "{:?}", found.keys());
    assert!(found.contains_key("manifest.json"));
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn a_session_asks_for_itself_only() {
    let mut house = House::new();
    let before = house.written();
    let foreign = house.post(&subject(BOB), "/requests", &access(ADA.email));
    assert_eq!(foreign.body["errors"][0]["pointer"], "/subject/identities/0/value", "{}", foreign.body);
    let mut also = access(BOB.email);
    also["subject"]["identities"].as_array_mut().unwrap().push(json!({"type": "user_id", "value": ADA.id}));
    let also = house.post(&subject(BOB), "/requests", &also);
    assert_eq!(also.body["errors"][0]["pointer"], "/subject/identities/1/value");
    let mut dated = access(BOB.email);
    dated["received_at"] = json!("2026-03-01T00:00:00Z");
    assert_eq!(house.post(&subject(BOB), "/requests", &dated).body["errors"][0]["pointer"], "/received_at");
    for claims in [Value::Bool(false), Value::Null] {
        let unverified = subject(ADA).with("email_verified", claims);
        for path in ["/me", "/jobs"] {
            let answer = house.get(&unverified, path);
            let nothing = answer.status == 403 || answer.body["items"] == json!([]);
            assert!(nothing, "{path} {}", answer.body);
        }
        assert_eq!(house.ask(&unverified, Call::raw("/api/v1/privacy/me/export", "")).status, 403);
        assert_eq!(house.post(&unverified, "/requests", &access(ADA.email)).status, 403);
    }
    // The tenant's key may have been made; nothing else.
    let after = house.written();
    assert_eq!((after.1, after.2, after.3), (before.1, before.2, before.3));
    assert!(after.0.len() <= before.0.len() + 1);
}

#[test]
fn people_see_their_own_jobs_and_no_others() {
    let mut house = House::new();
    let ada = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let eve = house.submit(&operator("globex"), "/requests", &access(EVE.email), EVE);
    let bob = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    let mut ids = |caller| -> Vec<String> {
        let list = house.get(&caller, "/jobs").body;
        list["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(subject(ADA)), [ada.as_str()]);
    assert_eq!(ids(session("acme", "ADA.Canary@example.com")), [ada.as_str()]);
    assert_eq!(ids(subject(EVE)), [eve]);
    assert_eq!(ids(subject(BOB)), [bob.as_str()]);
    assert_eq!(ids(dpo("acme")).len(), 2);
    let hash = house.job("acme", &bob).subject_ref.unwrap();
    let asked = house.get(&subject(ADA), &format!("/jobs?subject={}", hash.as_str()));
    assert_eq!(asked.body["items"], json!([]));
}
