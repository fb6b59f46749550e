//! Processors are told of an erasure (Art. 19): when, what, how often, and what becomes of their answers.

use std::sync::Arc;

use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, ReceiptProcessor, verify};
use domain::step::StepKind;
use habeas_tests::sample::{ADA, BOB, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::{OutgoingAnswer, OutgoingCall};
use workflow::webhook::{secret_bytes, signature};

use crate::caller::{dpo, operator, subject};
use crate::erasure::{approved, erasure, planned};
use crate::house::{Call, House};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOOK: &str = "https://mailer.example.com/hooks";
const REQUESTS: &str = "https://shipper.example.com/opendsr/v2/requests";

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn calls(house: &House, url: &str) -> Vec<Arc<OutgoingCall>> {
    house.world.memory.inspect(|state| {
        state.outside.calls.iter().filter(|(_, call)| call.url == url).map(|(_, call)| Arc::clone(call)).collect()
    })
}

fn header(call: &OutgoingCall, name: &str) -> String {
    let found = call.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.expose().clone()).unwrap_or_default()
}

fn body(call: &OutgoingCall) -> Value {
    serde_json::from_str(call.body.expose()).unwrap()
}

fn answers(house: &House, url: &str, status: u16, body: &Value) {
    let answer = OutgoingAnswer { status, body: body.to_string().into_bytes(), signature: None };
    house.world.memory.change(|state| state.outside.answers.insert(url.to_owned(), answer));
}

/// An erasure of Ada up to `after` the end of its grace.
fn erased(house: &mut House, after: SignedDuration) -> String {
    let id = planned(house, ADA);
    approved(house, &id);
    house.world.advance(WEEK + after);
    id
}

fn receipt(house: &mut House, id: &str) -> Vec<ReceiptProcessor> {
    let answer = house.get(&operator("acme"), &format!("/jobs/{id}/receipt"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let key = ReceiptKey::from_der(&adapters_memory::MemoryReceiptSigner::public_key_der()).unwrap();
    let receipt: Receipt = verify(&String::from_utf8(answer.bytes).unwrap(), &key).unwrap().read().unwrap();
    receipt.processors
}

/// Status and reason of each processor, as the job shows them.
fn shown(house: &mut House, id: &str) -> Vec<(String, String, Value)> {
    let job = house.get(&operator("acme"), &format!("/jobs/{id}")).body;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = job["processors"].as_array().cloned().unwrap_or_default();
    listed.iter().map(|it| (text(&it["processor"]), text(&it["status"]), it["reason"].clone())).collect()
}

fn alerts(house: &House) -> usize {
    house.world.memory.inspect(|state| state.alerts.iter().filter(|(_, it)| it.step == StepKind::TellProcessor).count())
}

/// The path that a processor was told to answer at.
fn answer_path(url: &str) -> String {
    url.strip_prefix(habeas_tests::handlers::PUBLIC_URL).unwrap().to_owned()
}

#[test]
fn whoever_received_what_went_is_told_once_and_only_who_it_is_about() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(WEEK - SignedDuration::from_mins(5));
    assert!(calls(&house, HOOK).is_empty() && calls(&house, REQUESTS).is_empty(), "nobody is told before it is final");
    house.world.advance(SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "completed");
    let ([hook], [request]) = (&calls(&house, HOOK)[..], &calls(&house, REQUESTS)[..]) else { panic!("one call each") };
    let said = body(hook);
    assert_eq!((&said["type"], &said["data"]["job_id"]), (&json!("erasure_requested"), &json!(id)));
    assert_eq!(said["data"]["identities"], json!([{"type": "email", "value": ADA.email}]));
    assert_eq!(said["data"]["sources"], json!(["app.users"]));
    let secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let at = jiff::Timestamp::from_second(header(hook, "webhook-timestamp").parse().unwrap()).unwrap();
    let signed = signature(&secret, &header(hook, "webhook-id"), at, hook.body.expose());
    assert_eq!(header(hook, "webhook-signature"), signed);
    assert_eq!(header(hook, "webhook-id"), format!("{id}-tell_processor-0"));
    let asked = body(request);
    assert_eq!((&asked["regulation"], &asked["subject_request_type"]), (&json!("gdpr"), &json!("erasure")));
    let identity = json!([{"identity_type": "email", "identity_value": ADA.email, "identity_format": "raw"}]);
    assert_eq!(asked["subject_identities"], identity);
    assert_eq!(header(request, "authorization"), "Bearer token-of-the-shipper");
    for call in [hook, request] {
        assert!(!call.body.expose().contains(ADA.canary) && !call.body.expose().contains(BOB.email));
    }
    let told: Vec<_> = receipt(&mut house, &id).into_iter().map(|it| (it.processor, it.status)).collect();
    assert_eq!(told, [("mailer", "accepted"), ("shipper", "accepted")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    house.world.advance(SignedDuration::from_hours(1));
    assert!(!house.has_key("acme", &id), "an answer needs no key");
    house.assert_rest();
}

#[test]
fn a_tenant_without_processors_tells_nobody() {
    let mut house = House::new();
    let mut asked = erasure(EVE.email);
    asked["grace_period_days"] = json!(0);
    let id = house.submit(&subject(EVE), "/requests", &asked, EVE);
    house.world.run_until_idle();
    let plan = house.get(&operator("globex"), &format!("/jobs/{id}/plan")).body;
    let hash = json!({"plan_hash": plan["plan_hash"]});
    assert_eq!(house.post(&dpo("globex"), &format!("/jobs/{id}/approve"), &hash).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("globex", &id), "completed");
    assert!(calls(&house, HOOK).is_empty());
    house.assert_rest();
}

#[test]
fn what_is_cancelled_is_told_to_nobody() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
    house.world.advance(WEEK + WEEK);
    assert!(calls(&house, HOOK).is_empty() && calls(&house, REQUESTS).is_empty());
}

#[test]
fn answers_and_refusals_stand_in_receipt_and_job() {
    let mut house = House::new();
    answers(&house, HOOK, 200, &json!({"status": "completed"}));
    let why = json!({"error": {"code": 400, "errors": [{"reason": "legal_obligation", "message": "ada.canary@example.com"}]}});
    answers(&house, REQUESTS, 400, &why);
    let id = erased(&mut house, SignedDuration::from_hours(2));
    let expected = [
        ("mailer".to_owned(), "completed".to_owned(), Value::Null),
        ("shipper".to_owned(), "refused".to_owned(), json!("legal_obligation")),
    ];
    assert_eq!(shown(&mut house, &id), expected);
    let told: Vec<_> = receipt(&mut house, &id).into_iter().map(|it| (it.status, it.reason)).collect();
    assert_eq!(told[0], ("completed".to_owned(), None));
    assert_eq!(told[1], ("refused".to_owned(), Some("legal_obligation".to_owned())));
    house.world.advance(days(40));
    assert_eq!((alerts(&house), calls(&house, HOOK).len()), (0, 1));
    house.assert_rest();
}

#[test]
fn who_cannot_be_reached_holds_up_no_receipt_and_is_told_later() {
    let mut house = House::new();
    house.world.memory.change(|state| state.outside.silent.insert(HOOK.to_owned()));
    let id = erased(&mut house, SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "completed", "the receipt does not wait for it");
    assert_eq!(shown(&mut house, &id)[0], ("mailer".to_owned(), "unreachable".to_owned(), json!("no_answer")));
    assert_eq!(receipt(&mut house, &id)[0].status, "unreachable");
    assert!(alerts(&house) > 0, "officers hear of it");
    assert!(house.has_key("acme", &id), "what it is told lies under the job key");
    house.world.memory.change(|state| state.outside.silent.clear());
    house.world.advance(days(2));
    assert_eq!((shown(&mut house, &id)[0].1.as_str(), calls(&house, HOOK).len()), ("accepted", 1));
    house.world.advance(days(1));
    assert!(!house.has_key("acme", &id));
    house.assert_rest();
}

#[test]
fn who_is_never_reached_is_given_up_when_its_time_is_over() {
    let mut house = House::new();
    house.world.memory.change(|state| state.outside.secrets.retain(|(_, name), _| name != "processors/mailer"));
    let id = erased(&mut house, SignedDuration::from_hours(2));
    assert_eq!(shown(&mut house, &id)[0].2, json!("no_secret"));
    house.world.advance(days(20));
    assert_eq!(shown(&mut house, &id)[0].1, "unreachable");
    assert!(alerts(&house) >= 10, "every day");
    assert!(!house.has_key("acme", &id));
    let heard = alerts(&house);
    house.world.advance(days(20));
    // The shipper has said nothing either, and its thirty days are over.
    assert!(alerts(&house) <= heard + 4, "{}", alerts(&house));
    assert!(calls(&house, HOOK).is_empty());
}

#[test]
fn an_answer_comes_later_by_its_own_address_alone() {
    let mut house = House::new();
    let id = erased(&mut house, SignedDuration::from_hours(2));
    let url = body(&calls(&house, HOOK)[0])["data"]["answer_url"].as_str().unwrap().to_owned();
    let path = answer_path(&url);
    let done = json!({"status": "completed"});
    let say = |house: &mut House, path: &str, body: &Value| house.send(Call::post(path.to_owned(), body)).status;
    let (base, proof) = path.rsplit_once("proof=").unwrap();
    for wrong in [
        format!("{base}proof={}", "0".repeat(proof.len())),
        path.replace("/processors/0/", "/processors/1/"),
        path.replace("/processors/0/", "/processors/7/"),
        path.replace("/processors/0/", "/processors/x/"),
        path.replace("tenant=acme", "tenant=globex"),
        path.replace("tenant=acme&", ""),
        base.trim_end_matches("&").to_owned(),
        path.replace(&id, crate::house::UNKNOWN_JOB),
    ] {
        assert_eq!(say(&mut house, &wrong, &done), 404, "{wrong}");
    }
    for wrong in [json!({"status": "perhaps"}), json!({}), json!([]), json!({"status": 3})] {
        assert_eq!(say(&mut house, &path, &wrong), 422, "{wrong}");
    }
    assert_eq!(shown(&mut house, &id)[0].1, "accepted");
    assert_eq!(say(&mut house, &path, &json!({"status": "in_progress"})), 202);
    assert_eq!(shown(&mut house, &id)[0].1, "accepted");
    assert_eq!(say(&mut house, &path, &done), 202);
    assert_eq!(say(&mut house, &path, &done), 202, "again");
    assert_eq!(say(&mut house, &path, &json!({"status": "refused", "reason": "x"})), 409, "not taken back");
    assert_eq!(shown(&mut house, &id)[0].1, "completed");
    house.world.advance(days(60));
    house.assert_rest();
}

#[test]
fn who_does_not_answer_in_time_is_overdue_and_may_still_answer() {
    let mut house = House::new();
    let id = erased(&mut house, SignedDuration::from_hours(2));
    let url = body(&calls(&house, REQUESTS)[0])["status_callback_urls"][0].as_str().unwrap().to_owned();
    house.world.advance(days(15));
    let status = |house: &mut House| shown(house, &id).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(status(&mut house), ["overdue", "accepted"]);
    assert!(alerts(&house) > 0);
    house.world.advance(days(16));
    assert_eq!(status(&mut house), ["overdue", "overdue"]);
    let request = body(&calls(&house, REQUESTS)[0])["subject_request_id"].clone();
    let late = json!({"subject_request_id": request, "request_status": "completed", "controller_id": "us"});
    let other = json!({"subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798", "request_status": "completed"});
    assert_eq!(house.send(Call::post(answer_path(&url), &other)).status, 422, "of another request");
    assert_eq!(house.send(Call::post(answer_path(&url), &late)).status, 202);
    assert_eq!(status(&mut house), ["overdue", "completed"]);
}

#[test]
fn a_legal_hold_stops_what_was_not_told_yet() {
    let mut house = House::new();
    house.world.memory.change(|state| state.outside.silent.insert(HOOK.to_owned()));
    let id = erased(&mut house, SignedDuration::from_hours(2));
    let subject = json!({"subject": {"identities": [{"type": "email", "value": ADA.email}]}});
    let hold = json!({"scope": subject, "matter": "m", "reason": "r"});
    let placed = house.post(&dpo("acme").with("sub", "counsel"), "/holds", &hold);
    assert_eq!(placed.status, 201, "{}", placed.body);
    house.world.memory.change(|state| state.outside.silent.clear());
    house.world.advance(days(3));
    assert!(calls(&house, HOOK).is_empty(), "to erase elsewhere is to erase");
    let release = format!("/holds/{}/release", placed.body["id"].as_str().unwrap());
    let released = house.post(&dpo("acme").with("sub", "third"), &release, &json!({}));
    assert_eq!(released.status, 200, "{}", released.body);
    house.world.advance(days(1));
    assert_eq!((calls(&house, HOOK).len(), shown(&mut house, &id)[0].1.as_str()), (1, "accepted"));
}
