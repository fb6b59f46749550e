//! Tokens of the person are revoked at their issuer as soon as an erasure is approved (RFC 7009, R-ERA-3).

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::{Fault, MemoryWorld};
use domain::step::StepKind;
use habeas_tests::sample::{ADA, BOB, MAP, MEDIA_MAP, ROWS_EACH, tenant};
use habeas_tests::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::{OutgoingAnswer, OutgoingCall};

use crate::caller::{operator, subject};
use crate::erasure::{approved, erasure, planned, rows_of};
use crate::house::{House, Settings};

const ISSUER: &str = "https://issuer.example.com/revoke";
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A world in which the texts of notes are tokens.
fn house() -> House {
    let world = World::new(7);
    let notes = "notes: { table: notes, indexes: { owner: by-owner }";
    let revoke = format!(
        "{notes}, revoke: {{ url: '{ISSUER}', token: text, token_type_hint: refresh_token, client_id: habeas, secret: oauth/issuer }}"
    );
    let checked = datamap::read_strs(&[("sample.yml", &MAP.replace(notes, &revoke)), ("media.yml", MEDIA_MAP)]);
    let map = checked.map.unwrap_or_else(|| panic!("{:#?}", checked.findings));
    world.memory.publish(&tenant("acme"), Arc::new(map)).unwrap();
    world.memory.change(|state| {
        state.outside.secrets.insert((tenant("acme"), "oauth/issuer".to_owned()), "s3cret".to_owned());
        let done = OutgoingAnswer { status: 200, ..OutgoingAnswer::default() };
        state.outside.answers.insert(ISSUER.to_owned(), done);
    });
    House::over(world, Settings::default())
}

fn calls(memory: &MemoryWorld) -> Vec<Arc<OutgoingCall>> {
    memory.inspect(|state| {
        state.outside.calls.iter().filter(|(_, it)| it.url == ISSUER).map(|(_, it)| Arc::clone(it)).collect()
    })
}

fn answer_with(house: &House, status: u16) {
    let answer = OutgoingAnswer { status, ..OutgoingAnswer::default() };
    house.world.memory.change(|state| state.outside.answers.insert(ISSUER.to_owned(), answer));
}

fn tokens(house: &mut House, id: &str) -> Value {
    house.get(&operator("acme"), &format!("/jobs/{id}")).body["tokens"].clone()
}

#[test]
fn tokens_are_revoked_when_the_grace_begins_and_only_the_persons() {
    let mut house = house();
    let rows = rows_of(&house, ADA);
    let id = planned(&mut house, ADA);
    assert!(calls(&house.world.memory).is_empty(), "a plan revokes nothing");
    approved(&mut house, &id);
    house.world.run_until_idle();
    let made = calls(&house.world.memory);
    assert_eq!((made.len(), rows_of(&house, ADA)), (ROWS_EACH, rows));
    for call in &made {
        assert_eq!(call.body.expose(), &format!("token={}-text&token_type_hint=refresh_token", ADA.canary));
        assert_eq!(call.content_type, "application/x-www-form-urlencoded");
        assert!(!call.body.expose().contains(BOB.canary));
    }
    assert_eq!(tokens(&mut house, &id), json!({"revoked": ROWS_EACH, "left": 0}));
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!((house.status("acme", &id).as_str(), calls(&house.world.memory).len()), ("completed", ROWS_EACH));
    let receipt = house.get(&operator("acme"), &format!("/jobs/{id}/receipt"));
    let key = audit_log::key::ReceiptKey::from_der(&adapters_memory::MemoryReceiptSigner::public_key_der()).unwrap();
    let signed = audit_log::receipt::verify(&String::from_utf8(receipt.bytes).unwrap(), &key).unwrap();
    let content: Value = signed.read().unwrap();
    assert_eq!(content["tokens"], json!({"revoked": ROWS_EACH, "left": 0}));
    house.assert_rest();
}

#[test]
fn cancelling_leaves_every_row_and_says_that_tokens_stay_revoked() {
    let mut house = house();
    let rows = rows_of(&house, ADA);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.run_until_idle();
    let cancelled = house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({}));
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let notes = cancelled.body["resolution_notes"].as_str().unwrap();
    assert!(notes.contains("tokens that were revoked stay revoked"), "{notes}");
    house.world.advance(WEEK + WEEK);
    assert_eq!((rows_of(&house, ADA), calls(&house.world.memory).len()), (rows, ROWS_EACH));
    house.assert_rest();
}

#[test]
fn an_issuer_that_fails_is_tried_again_and_officers_hear_of_it() {
    let mut house = house();
    answer_with(&house, 503);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(1));
    assert_eq!(tokens(&mut house, &id), json!({"revoked": 0, "left": ROWS_EACH}));
    let heard = house
        .world
        .memory
        .inspect(|state| state.alerts.iter().filter(|(_, alert)| alert.step == StepKind::RevokeTokens).count());
    assert!(heard > 0);
    answer_with(&house, 200);
    house.world.advance(SignedDuration::from_hours(24));
    assert_eq!(tokens(&mut house, &id), json!({"revoked": ROWS_EACH, "left": 0}));
    house.world.advance(WEEK);
    assert_eq!(house.status("acme", &id), "completed");
    house.assert_rest();
}

#[test]
fn an_issuer_that_never_answers_holds_up_no_erasure_and_the_receipt_says_so() {
    let mut house = house();
    house.world.memory.change(|state| state.outside.silent.insert(ISSUER.to_owned()));
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
    assert_eq!(tokens(&mut house, &id), json!({"revoked": 0, "left": ROWS_EACH}));
}

#[test]
fn without_grace_tokens_still_go_first() {
    let mut house = house();
    let mut body = erasure(ADA.email);
    body["grace_period_days"] = json!(0);
    let id = house.submit(&subject(ADA), "/requests", &body, ADA);
    house.world.run_until_idle();
    approved(&mut house, &id);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), calls(&house.world.memory).len()), ("completed", ROWS_EACH));
    house.assert_rest();
}

#[test]
fn a_crash_at_any_call_leaves_no_token_unrevoked() {
    let mut house = house();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    let start = house.world.memory.snapshot();
    let mut crashes = BTreeMap::new();
    for call in 0..200 {
        house.world.restore(&start);
        house.world.memory.change(|state| {
            state.faults.reset();
            state.faults.plan(adapters_memory::Point { call, side: adapters_memory::Side::After }, Fault::Crash);
        });
        house.world.run_until_idle();
        let is_settled = house.world.memory.inspect(|state| state.faults.is_settled());
        if !is_settled {
            break;
        }
        let done = house.steps("acme", &id).iter().any(|it| it.kind == StepKind::RevokeTokens && it.done_at.is_some());
        assert!(done, "a crash after call {call}");
        let made = calls(&house.world.memory).len();
        assert!((ROWS_EACH..=2 * ROWS_EACH).contains(&made), "{made} calls after a crash after call {call}");
        *crashes.entry(made).or_insert(0) += 1;
    }
    assert!(crashes.len() > 1, "no crash struck between two tokens: {crashes:?}");
}
