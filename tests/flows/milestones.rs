//! Plans to approve, deletions called off, officers nobody has named, mail that comes back: who is told, and once.

use std::sync::Arc;

use adapters_memory::MemoryWorld;
use datamap::Controller;
use domain::notice::MailFate;
use domain::record::Record;
use domain::step::StepKind;
use habeas_tests::executor::run;
use habeas_tests::handlers::notification_worker_in;
use habeas_tests::sample::{ADA, BOB, Person, data_map, tenant};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;
use workflow::ports::Mail;
use workflow::record_mail_fate::{MailReport, Recorded};

use crate::caller::{dpo, operator, subject};
use crate::erasure::{approved, planned};
use crate::house::{BASE, Call, House, Settings, access};

const OFFICER: &str = "officer@example.org";

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// An officer who wants to be told of these.
fn tell_officer(house: &mut House, notices: &[&str]) {
    let body = json!({"recipients": [{"name": "dpo", "email": OFFICER, "notices": notices}]});
    let answer = house.ask(&dpo("acme"), Call::post(format!("{BASE}/notices"), &body).method("PUT"));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn name_officer(world: &MemoryWorld, contact: &str) {
    let mut map = data_map("acme").as_ref().clone();
    map.controller = Some(Controller { dpo_contact: Some(contact.to_owned()), ..Controller::default() });
    world.publish(&tenant("acme"), Arc::new(map)).unwrap();
}

fn mails_to(house: &House, address: &str) -> Vec<Arc<Mail>> {
    let of = |mail: &&Arc<Mail>| mail.to.expose() == address;
    house.world.memory.inspect(|state| state.outbox.sent.iter().map(|(_, mail)| mail).filter(of).cloned().collect())
}

/// The text in one line.
fn text_of(mail: &Mail) -> String {
    mail.text.expose().replace('\n', " ")
}

fn subjects_to(house: &House, address: &str) -> Vec<String> {
    mails_to(house, address).iter().map(|mail| mail.subject.clone()).collect()
}

/// The mail service says what became of the newest mail of a step.
fn report(house: &mut House, id: &str, kind: StepKind, receiver: &str, fate: MailFate) -> Recorded {
    let notice_id = house.world.memory.inspect(|state| {
        let about = |mail: &&Arc<Mail>| mail.notice_id.starts_with(&format!("{id}-{kind}-"));
        state.outbox.sent.iter().rev().map(|(_, mail)| mail).find(about).map(|mail| mail.notice_id.clone())
    });
    let report = MailReport {
        tenant: tenant("acme"),
        notice_id: notice_id.expect("such a mail was sent"),
        receiver: receiver.to_owned(),
        message_id: format!("0100-{kind}"),
        fate,
    };
    run(&house.world.memory, house.world.handlers.mail_fates.record(&report)).answer().unwrap()
}

fn mail_events(house: &House, id: &str) -> Vec<String> {
    let events = house.world.audit_trail(&id.parse().unwrap());
    events.into_iter().filter(|event| event.resource_type == "mail").filter_map(|event| event.to).collect()
}

fn exported(house: &mut House, person: Person) -> String {
    let id = house.submit(&subject(person), "/me/export", &json!({}), person);
    house.world.run_until_idle();
    id
}

#[test]
fn an_approval_is_asked_of_officers_once_for_each_plan() {
    let mut house = House::new();
    tell_officer(&mut house, &["approval_needed"]);
    planned(&mut house, ADA);
    house.world.advance(days(3));
    assert_eq!(subjects_to(&house, OFFICER), ["An erasure waits for approval"]);
    let text = text_of(&mails_to(&house, OFFICER)[0]);
    assert!(text.contains("Records that would change: 8. Sources: 4."), "{text}");
    assert!(!text.contains(ADA.email) && !text.contains(ADA.canary), "{text}");
}

#[test]
fn an_approved_plan_is_asked_for_no_more() {
    let mut house = House::new();
    tell_officer(&mut house, &["approval_needed"]);
    house.world.memory.change(|state| state.outbox.is_down = true);
    let id = house.submit(&subject(ADA), "/me/delete", &json!({}), ADA);
    house.world.run_until_idle();
    approved(&mut house, &id);
    house.world.memory.change(|state| state.outbox.is_down = false);
    house.world.advance(days(1));
    assert_eq!(subjects_to(&house, OFFICER), [""; 0]);
}

#[test]
fn whoever_asked_for_deletion_is_told_when_it_is_called_off() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(days(1));
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
    house.world.advance(days(1));
    let told = subjects_to(&house, ADA.email);
    assert_eq!(told.last().map(String::as_str), Some("Your data will not be deleted"), "{told:?}");
    assert!(!house.has_key("acme", &id), "the job key outlives the last notice");
    let export = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    house.post(&operator("acme"), &format!("/jobs/{export}/cancel"), &json!({}));
    house.world.advance(days(1));
    let again = subjects_to(&house, ADA.email).iter().filter(|it| *it == "Your data will not be deleted").count();
    assert_eq!(again, 1, "of an export there is nothing to call off");
}

#[test]
fn while_no_recipient_is_set_the_officer_of_the_data_map_is_told() {
    let mut house = House::with(Settings { automated: false, ..Settings::default() });
    name_officer(&house.world.memory, "privacy-officer@example.org");
    house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    house.world.advance(days(26));
    let told = subjects_to(&house, "privacy-officer@example.org");
    assert_eq!(told, ["A privacy request is due soon"; 2], "T-7, day 25");
    tell_officer(&mut house, &["request_overdue"]);
    house.world.advance(days(4));
    assert_eq!(subjects_to(&house, "privacy-officer@example.org").len(), told.len(), "whom the tenant names counts");
}

#[test]
fn an_officer_without_an_address_stops_nothing() {
    let mut house = House::new();
    name_officer(&house.world.memory, "+49 30 1234567");
    planned(&mut house, ADA);
    house.world.advance(days(1));
    assert!(
        house.world.memory.inspect(|state| state.outbox.sent.iter().all(|(_, mail)| mail.to.expose() == ADA.email))
    );
}

#[test]
fn lost_mail_that_is_owed_is_told_to_officers_once_and_stands_in_the_trail() {
    let mut house = House::new();
    tell_officer(&mut house, &["notice_undelivered"]);
    let id = exported(&mut house, ADA);
    assert_eq!(report(&mut house, &id, StepKind::NotifyReady, "subject", MailFate::Delivered), Recorded::New);
    assert_eq!(report(&mut house, &id, StepKind::NotifyReady, "subject", MailFate::Bounced), Recorded::New);
    for _ in 0..3 {
        assert_eq!(report(&mut house, &id, StepKind::NotifyReady, "subject", MailFate::Bounced), Recorded::Known);
    }
    house.world.advance(SignedDuration::from_hours(1));
    assert_eq!(subjects_to(&house, OFFICER), ["A message to a person came back"]);
    let text = text_of(&mails_to(&house, OFFICER)[0]);
    assert!(text.contains("export_ready") && !text.contains(ADA.email), "{text}");
    assert_eq!(mail_events(&house, &id), ["delivered", "bounced"]);
    house.assert_rest();
}

#[test]
fn what_is_not_owed_or_may_still_come_is_only_recorded() {
    let mut house = House::new();
    tell_officer(&mut house, &["notice_undelivered", "request_due_soon"]);
    let id = exported(&mut house, ADA);
    report(&mut house, &id, StepKind::NotifyReceived, "subject", MailFate::Bounced);
    report(&mut house, &id, StepKind::NotifyReady, "subject", MailFate::BouncedForNow);
    report(&mut house, &id, StepKind::NotifyReady, "staff:dpo", MailFate::Bounced);
    house.world.advance(SignedDuration::from_hours(1));
    assert_eq!(subjects_to(&house, OFFICER), [""; 0]);
    assert_eq!(mail_events(&house, &id).len(), 3);
    house.assert_rest();
}

#[test]
fn a_complaint_withholds_what_no_law_asks_for_and_nothing_else() {
    let mut house = House::new();
    let id = exported(&mut house, ADA);
    report(&mut house, &id, StepKind::NotifyReady, "subject", MailFate::Complained);
    let before = subjects_to(&house, ADA.email).len();
    exported(&mut house, ADA);
    assert_eq!(subjects_to(&house, ADA.email)[before..], ["Your data is ready"], "no word of the receipt");
    exported(&mut house, BOB);
    assert_eq!(subjects_to(&house, BOB.email).len(), 2, "others are told as ever");
    let before = subjects_to(&house, ADA.email).len();
    house.submit(&subject(ADA), "/me/export", &json!({"regime": "ccpa"}), ADA);
    house.world.run_until_idle();
    assert_eq!(subjects_to(&house, ADA.email).len(), before + 2, "California wants the receipt confirmed");
    let withheld = house.world.memory.inspect(|state| {
        let steps = state.items.values().filter(|record| matches!(record.as_ref(), Record::Step(_)));
        steps.filter(|record| format!("{record:?}").contains("Withheld")).count()
    });
    assert_eq!(withheld, 1);
    house.assert_rest();
}

#[test]
fn a_report_about_no_job_of_the_tenant_changes_nothing() {
    let mut house = House::new();
    let id = exported(&mut house, ADA);
    let before = house.world.memory.inspect(|state| state.items.len());
    for (slug, notice_id) in [
        ("globex", format!("{id}-notify_ready-0")),
        ("acme", "digest-1774994399-dpo".to_owned()),
        ("acme", "job_0199a000000070008000000000000000-notify_ready-0".to_owned()),
        ("acme", format!("{id}-collect-0")),
    ] {
        let (receiver, message_id) = ("subject".to_owned(), "0100-x".to_owned());
        let report = MailReport { tenant: tenant(slug), notice_id, receiver, message_id, fate: MailFate::Bounced };
        let done = run(&house.world.memory, house.world.handlers.mail_fates.record(&report)).answer().unwrap();
        assert_eq!(done, Recorded::NoJob, "{slug} {}", report.notice_id);
    }
    assert_eq!(house.world.memory.inspect(|state| state.items.len()), before);
}

#[test]
fn days_and_times_are_those_of_the_controller() {
    let mut house = House::new();
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    house.world.handlers.notification_worker = notification_worker_in(&house.world.memory, zone);
    let id = exported(&mut house, ADA);
    let mails = mails_to(&house, ADA.email);
    let ready = mails.iter().find(|mail| mail.notice_id == format!("{id}-notify_ready-0")).unwrap();
    // The story begins on 2 March 2026, 09:00 UTC, which is one in the night in California.
    let text = text_of(ready);
    assert!(text.contains("3 March 2026, 01:") && text.contains("(America/Los_Angeles)"), "{text}");
}
