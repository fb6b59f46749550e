//! Notices beside the mail to the person: officers, webhooks, the topic, digests; each once, in the right language and words.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::record::Record;
use domain::step::{Checkpoint, StepKind};
use habeas_tests::handlers::Handlers;
use habeas_tests::sample::{ADA, BOB, tenant};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::{Mail, Webhook};

use crate::caller::{Caller, admin, dpo, operator, subject};
use crate::house::{BASE, Call, House, Settings, access};

const OFFICER: &str = "officer@example.org";
const HOOK: &str = "https://hooks.example.com/habeas";

fn put(house: &mut House, caller: &Caller, body: &Value) -> (u16, Value) {
    let answer = house.ask(caller, Call::post(format!("{BASE}/notices"), body).method("PUT"));
    (answer.status, answer.body)
}

fn told_of_deadlines() -> Value {
    let notices = ["request_due_soon", "request_overdue", "weekly_digest"];
    json!({"recipients": [{"name": "dpo", "email": OFFICER, "language": "de", "notices": notices}]})
}

fn with_webhook() -> Value {
    json!({"webhook": {"url": HOOK}})
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn mails_to(house: &House, address: &str) -> Vec<Arc<Mail>> {
    let of = |mail: &&Arc<Mail>| mail.to.expose() == address;
    house.world.memory.inspect(|state| state.outbox.sent.iter().map(|(_, mail)| mail).filter(of).cloned().collect())
}

fn webhooks(house: &House) -> Vec<Arc<Webhook>> {
    house.world.memory.inspect(|state| state.outbox.webhooks.iter().map(|(_, it)| Arc::clone(it)).collect())
}

fn types(webhooks: &[Arc<Webhook>]) -> Vec<String> {
    let name =
        |it: &Arc<Webhook>| serde_json::from_str::<Value>(&it.body).unwrap()["type"].as_str().unwrap().to_owned();
    webhooks.iter().map(name).collect()
}

#[test]
fn settings_are_read_and_replaced_and_the_secret_is_told_once() {
    let mut house = House::new();
    let unset = house.get(&dpo("acme"), "/notices");
    assert_eq!((unset.status, &unset.body["version"], &unset.body["webhook"]), (200, &json!(0), &Value::Null));
    let (status, set) = put(&mut house, &dpo("acme"), &json!({"webhook": {"url": HOOK}, "language": "fr"}));
    assert_eq!((status, &set["version"], &set["language"]), (200, &json!(1), &json!("fr")), "{set}");
    let secret = set["webhook"]["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    assert_eq!(house.get(&admin("acme"), "/notices").body["webhook"]["secret"], Value::Null);
    let again = put(&mut house, &dpo("acme"), &with_webhook()).1;
    assert_eq!(again["webhook"]["secret"], json!(secret), "the secret stays until a new one is asked for");
    let fresh = put(&mut house, &dpo("acme"), &json!({"webhook": {"url": HOOK, "new_secret": true}})).1;
    assert_ne!(fresh["webhook"]["secret"], json!(secret));
    assert_eq!(house.get(&dpo("globex"), "/notices").body["version"], json!(0), "another tenant has its own");
}

#[test]
fn only_officers_and_administrators_set_them() {
    let mut house = House::new();
    for caller in [operator("acme"), subject(BOB), Caller::new("acme", "auditor")] {
        assert_eq!(put(&mut house, &caller, &json!({})).0, 403);
        assert_eq!(house.get(&caller, "/notices").status, 403);
    }
    assert_eq!(put(&mut house, &admin("acme"), &json!({})).0, 200);
}

#[test]
fn wrong_settings_are_refused_by_field() {
    let recipient =
        |name: &str, email: &str, notices: &[&str]| json!({"name": name, "email": email, "notices": notices});
    let template = |notice: &str, text: &str| json!({"notice": notice, "language": "en", "subject": "s", "text": text});
    let cases = [
        (json!({"webhook": {"url": "http://example.com/"}}), "/webhook/url"),
        (json!({"webhook": {"url": "https://169.254.169.254/latest/meta-data"}}), "/webhook/url"),
        (json!({"webhook": {"url": "https://localhost:4566/"}}), "/webhook/url"),
        (json!({"webhook": {"url": HOOK, "notices": ["verification_code"]}}), "/webhook/notices"),
        (json!({"topic": ["verification_code"]}), "/topic"),
        (json!({"recipients": [recipient("DPO", OFFICER, &["request_overdue"])]}), "/recipients/0/name"),
        (json!({"recipients": [recipient("dpo", "nobody", &["request_overdue"])]}), "/recipients/0/email"),
        (json!({"recipients": [recipient("dpo", OFFICER, &["export_ready"])]}), "/recipients/0/notices"),
        (json!({"recipients": [recipient("dpo", OFFICER, &[])]}), "/recipients/0/notices"),
        (json!({"templates": [template("request_received", "{% include 'x' %}")]}), "/templates/0/text"),
        (json!({"templates": [template("verification_code", "no code")]}), "/templates/0/text"),
        (json!({"templates": [template("request_overdue", "x")]}), "/templates/0/notice"),
        (json!({"recipients": [{"name": "dpo"}]}), ""),
        (json!({"language": "tlh"}), ""),
        (json!({"sms": true}), ""),
    ];
    let mut house = House::new();
    for (body, pointer) in cases {
        let (status, answer) = put(&mut house, &dpo("acme"), &body);
        assert_eq!(status, 422, "{body} {answer}");
        if !pointer.is_empty() {
            assert_eq!(answer["errors"][0]["pointer"], json!(pointer), "{body} {answer}");
        }
    }
    assert_eq!(house.get(&dpo("acme"), "/notices").body["version"], json!(0), "nothing was kept");
}

#[test]
fn milestones_reach_the_webhook_once_signed_and_without_personal_data() {
    let mut house = House::new();
    put(&mut house, &dpo("acme"), &with_webhook());
    let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    house.world.run_until_idle();
    let sent = webhooks(&house);
    assert_eq!(types(&sent), ["request_received", "export_ready"]);
    let ids: BTreeSet<_> = sent.iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids.len(), sent.len());
    for webhook in &sent {
        assert_eq!(webhook.url, HOOK);
        assert!(webhook.signature.starts_with("v1,") && webhook.body.contains(&id), "{}", webhook.body);
        assert!(!webhook.body.contains('@') && !webhook.body.contains("ticket"), "{}", webhook.body);
    }
    house.assert_rest();
}

#[test]
fn a_receiver_out_of_order_is_tried_again_alone_and_in_the_end_given_up() {
    let mut house = House::new();
    put(&mut house, &dpo("acme"), &with_webhook());
    house.world.memory.change(|state| state.outbox.receivers_are_down = true);
    let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    house.world.run_until_idle();
    let mails = mails_to(&house, ADA.email).len();
    assert_eq!(mails, 2, "the person is told all the same");
    assert!(webhooks(&house).is_empty());
    house.world.memory.change(|state| state.outbox.receivers_are_down = false);
    house.world.advance(SignedDuration::from_hours(7));
    // That the request has arrived is no news once it is answered: only what outlives the request comes later.
    assert_eq!(types(&webhooks(&house)), ["export_ready"]);
    assert_eq!(mails_to(&house, ADA.email).len(), mails, "nobody is mailed twice");
    house.world.memory.change(|state| state.outbox.receivers_are_down = true);
    let other = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    house.world.advance(days(1));
    let given_up = house.world.memory.inspect(|state| {
        let kept = |record: &Record| match record {
            Record::Step(step) if step.job.as_str() == other => step.checkpoint.clone(),
            _ => None,
        };
        state.items.values().filter_map(|it| kept(it)).any(|checkpoint| {
            matches!(checkpoint, Checkpoint::Notify(kept) if kept.deliveries.iter().any(|it| it.outcome.as_str() == "given_up"))
        })
    });
    assert!(given_up);
    assert_eq!(house.job("acme", &other).status.as_str(), "completed");
    assert_eq!(house.job("acme", &id).status.as_str(), "completed");
}

#[test]
fn officers_are_told_of_each_deadline_once_whatever_queues_and_keys_do() {
    let mut house = House::with(Settings { automated: false, ..Settings::default() });
    put(&mut house, &dpo("acme"), &told_of_deadlines());
    let id = house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    house.world.run_until_idle();
    house.world.memory.change(|state| {
        state.queues.purge();
        state.items.retain(|key, _| !key.partition().is_keyring());
    });
    house.world.advance(days(33));
    let told: Vec<_> = mails_to(&house, OFFICER).into_iter().filter(|it| it.notice_id.starts_with(&id)).collect();
    // T-7, day 25, T-5, T-3, T-1, T0, one day over.
    assert_eq!(told.len(), 7, "{:?}", told.iter().map(|it| &it.subject).collect::<Vec<_>>());
    assert_eq!(told[0].subject, "Eine Datenschutzanfrage wird bald fällig");
    assert_eq!(told[6].subject, "Eine Datenschutzanfrage ist überfällig");
    let ids: BTreeSet<_> = told.iter().map(|it| it.notice_id.clone()).collect();
    assert_eq!(ids.len(), told.len());
    assert!(told.iter().all(|it| !it.text.expose().contains(BOB.email)));
    for _ in 0..3 {
        house.world.sweep();
    }
    house.world.run_until_idle();
    let again = mails_to(&house, OFFICER).into_iter().filter(|it| it.notice_id.starts_with(&id)).count();
    assert_eq!(again, told.len());
}

#[test]
fn a_week_is_summed_up_on_monday_once() {
    let mut house = House::with(Settings { automated: false, ..Settings::default() });
    put(&mut house, &dpo("acme"), &told_of_deadlines());
    let id = house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    house.world.advance(days(29));
    let digests: Vec<_> =
        mails_to(&house, OFFICER).into_iter().filter(|it| it.notice_id.starts_with("digest-")).collect();
    assert_eq!(digests.len(), 4, "one each Monday");
    assert!(digests[0].text.expose().contains("wird nichts fällig"));
    assert!(digests[3].text.expose().contains(&id), "{}", digests[3].text.expose());
    put(&mut house, &dpo("acme"), &json!({}));
    house.world.advance(days(20));
    let after = mails_to(&house, OFFICER).into_iter().filter(|it| it.notice_id.starts_with("digest-")).count();
    assert_eq!(after, digests.len(), "nobody wants one any more");
}

#[test]
fn the_person_is_written_to_in_their_language_and_the_tenants_words() {
    let mut house = House::new();
    let mut body = access(ADA.email);
    body["language"] = json!("es");
    house.submit(&operator("acme"), "/requests", &body, ADA);
    let own =
        json!({"notice": "request_received", "language": "de", "subject": "Laden: {{ job }}", "text": "{{ title }}"});
    put(&mut house, &dpo("acme"), &json!({"language": "de", "templates": [own]}));
    house.submit(&operator("acme"), "/requests", &access(BOB.email), BOB);
    house.world.run_until_idle();
    let received = |address: &str| {
        let mails = mails_to(&house, address);
        mails.into_iter().find(|it| it.notice_id.contains("notify_received")).unwrap()
    };
    assert_eq!(received(ADA.email).subject, "Hemos recibido su solicitud");
    let received = received(BOB.email);
    assert!(received.subject.starts_with("Laden: job_"), "{}", received.subject);
    assert_eq!(received.text.expose(), "Ihre Datenschutzanfrage ist eingegangen");
}

#[test]
fn a_template_that_breaks_later_gives_way_to_our_words() {
    let mut house = House::new();
    let own = json!({"notice": "request_received", "language": "en", "subject": "s", "text": "{{ title }}"});
    put(&mut house, &dpo("acme"), &json!({"templates": [own]}));
    house.world.memory.change(|state| {
        let key = domain::notice::NoticeSettings::key_of(&tenant("acme"));
        let (_, record) = state.items.iter_mut().find(|(found, _)| ***found == key).unwrap();
        let Record::Notices(settings) = Arc::make_mut(record) else { panic!("these are settings") };
        settings.templates[0].text = "{% set x = 1 %}".to_owned();
    });
    house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    assert!(mails_to(&house, ADA.email).iter().any(|it| it.subject == "Your privacy request has arrived"));
}

#[test]
fn the_topic_is_told_where_there_is_one() {
    let mut house = House::new();
    house.world.memory.change(|state| state.outbox.has_topic = true);
    house.world.handlers = Handlers::new(&house.world.memory);
    house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    house.world.run_until_idle();
    let published = house.world.memory.inspect(|state| state.outbox.published.clone());
    let names: Vec<_> = published.iter().map(|(_, it)| it.notice.as_str()).collect();
    assert_eq!(names, ["request_received", "export_ready"]);
    house.assert_rest();
}

#[test]
fn a_deadline_that_nobody_can_be_told_of_needs_a_person() {
    let mut house = House::with(Settings { automated: false, ..Settings::default() });
    put(&mut house, &dpo("acme"), &told_of_deadlines());
    let id = house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    house.world.run_until_idle();
    house.world.memory.change(|state| state.outbox.suppressed.insert(OFFICER.to_owned()));
    house.world.advance(days(27));
    let alerts = house.world.memory.inspect(|state| state.alerts.clone());
    assert!(alerts.iter().any(|(_, it)| it.job.as_str() == id && it.step == StepKind::NotifyDeadline));
    assert_eq!(house.job("acme", &id).status.as_str(), "pending", "the request itself goes on");
}
