//! Exports of the audit log that are too large for one answer: a job like every other, fetched by link, each step of it audited.

use domain::event::{Action, EventType};
use domain::ids::OpNonce;
use domain::record::Record;
use domain::transition::{Cause, TransitionBuilder};
use habeas_tests::sample::{Person, tenant};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::sealing::sha256;
use workflow::submit_request::Quotas;

use crate::audit_log::look;
use crate::caller::{Caller, admin, dpo, operator};
use crate::house::{AUDIT, Answer, Call, House, Settings, access, files, rows};

const NOBODY: Person = Person { tenant: "acme", id: "", email: "", canary: "canary-none" };
const PERIOD: &str = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z";

fn auditor() -> Caller {
    Caller::new("acme", "auditor")
}

/// A house whose log holds so many events of one tenant, a second apart, and a few of another.
fn full(events: u32) -> House {
    let house = House::new();
    let now = house.world.memory.now();
    let plant = |slug: &str, number: u32| {
        let at = now - SignedDuration::from_secs(i64::from(number) + 60);
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        let mut builder = TransitionBuilder::new(&tenant(slug), OpNonce::new([0; 16]), Cause::worker(at), random);
        let mut event = builder.tenant_event("audit_events", Action::Read);
        event.reason = Some("=1+1, said, \"so\"".to_owned());
        event.counts = vec![("rows".to_owned(), u64::from(number))];
        house.world.memory.plant(Record::Event(Box::new(event)));
    };
    (0..events).for_each(|number| plant("acme", number));
    (0..5).for_each(|number| plant("globex", number));
    house
}

fn export(house: &mut House, format: &str) -> Answer {
    look(house, &auditor(), &format!("/events/export?format={format}&{PERIOD}"))
}

fn begun(house: &mut House, format: &str) -> String {
    let id = export(house, format).job();
    house.remember("acme", &id, NOBODY);
    id
}

fn exported(house: &mut House, id: &str) -> Vec<u8> {
    assert_eq!(house.status("acme", id), "completed", "{:?}", house.job("acme", id).parked_because);
    house.fetch(&auditor(), id)
}

/// Every event of the log as the list shows it.
fn listed(house: &mut House) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = look(house, &auditor(), &format!("/events?limit=1000{cursor}")).body;
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn an_export_of_several_files_is_newest_first_from_one_to_the_next() {
    let mut house = full(12_000);
    let id = export(&mut house, "json").job();
    house.remember("acme", &id, NOBODY);
    house.world.run_until_idle();
    let files = files(&exported(&mut house, &id));
    let several = files.keys().filter(|path| path.starts_with("json/") && path.contains("audit_events")).count();
    assert!(several > 1, "{:?}", files.keys());
    let told = rows(&files, "habeas.audit_events");
    let times: Vec<jiff::Timestamp> = told.iter().map(|row| row["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(told.len() >= 12_000 && times.is_sorted_by(|newer, older| newer >= older), "newest first");
}

#[test]
fn a_log_too_large_for_an_answer_is_fetched_by_link() {
    let mut house = full(1_200);
    let answer = export(&mut house, "json");
    let id = answer.job();
    house.remember("acme", &id, NOBODY);
    let own = format!("/api/v1/privacy/jobs/{id}");
    assert_eq!(answer.body["links"], json!({"self": own, "download": format!("{own}/download")}));
    assert!(answer.body["end"].as_str().unwrap() < "2026-12-01", "what is still to come has no end");
    assert_eq!(house.get(&auditor(), &format!("/jobs/{id}/download")).status, 409);
    house.world.run_until_idle();
    let archive = exported(&mut house, &id);
    let files = files(&archive);
    let told = rows(&files, "habeas.audit_events");
    let shown = listed(&mut house);
    let expected: Vec<&Value> = shown.iter().filter(|it| told.iter().any(|row| row["id"] == it["id"])).collect();
    assert!(told.len() >= 1_200 && told.iter().eq(expected), "the same events in the same form and order");
    let is_export = |it: &&Value| it["action"] == "export" && it["resource_type"] == "audit_events";
    assert_eq!(shown.iter().filter(is_export).count(), 1, "the call is an event");
    let job = house.get(&auditor(), &format!("/jobs/{id}")).body;
    assert_eq!((&job["scope"], &job["archive"]["rows"]), (&json!("audit_log"), &json!(told.len())), "{job}");
    assert_eq!(job["archive"]["sha256"], json!(sha256(&archive)));
    let readme = String::from_utf8_lossy(&files["README.html"]);
    assert!(readme.contains("Audit events") && !readme.contains("about you"), "{readme}");
    let issued = house.world.audit_trail(&id.parse().unwrap());
    assert_eq!(issued.iter().filter(|event| event.event_type == EventType::ExportIssued).count(), 1);
    house.world.advance(SignedDuration::from_hours(26));
    assert_eq!(house.get(&auditor(), &format!("/jobs/{id}/download")).status, 410);
    assert!(house.objects(&id).is_empty() && !house.has_key("acme", &id));
    house.assert_rest();
}

#[test]
fn a_table_of_the_log_runs_no_formula_and_counts_each_event_once() {
    let mut house = full(1_200);
    let id = begun(&mut house, "csv");
    house.world.run_until_idle();
    let files = files(&exported(&mut house, &id));
    let mut reader = csv::Reader::from_reader(files["csv/habeas.audit_events.csv"].as_slice());
    let head = reader.headers().unwrap().clone();
    assert_eq!((&head[0], &head[1]), ("at", "event_id"));
    let quiet = "/events/export?start=2025-01-01T00:00:00Z&end=2025-01-02T00:00:00Z";
    let answered = look(&mut house, &auditor(), quiet);
    let answered = csv::Reader::from_reader(answered.bytes.as_slice()).headers().unwrap().clone();
    assert_eq!(answered, head, "an answer has the columns of an archive");
    let all: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let reason = head.iter().position(|name| name == "reason").unwrap();
    assert!(all.iter().any(|row| row[reason].starts_with("'=1+1")), "a cell is no formula");
    let mut ids: Vec<&str> = all.iter().map(|row| &row[1]).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len() as u64, house.job("acme", &id).archive.unwrap().rows), (all.len() as u64, all.len() as u64));
}

#[test]
fn an_export_that_outlasts_its_slices_and_its_worker_holds_each_event_once() {
    let mut house = full(9_000);
    let id = begun(&mut house, "json");
    house.world.slice = SignedDuration::from_secs(2);
    house.world.memory.change(|state| state.tick = SignedDuration::from_millis(700));
    house.deliver(1);
    // Its messages are lost and its sandbox is gone: the sweep finds what it left.
    house.world.memory.change(|state| state.queues.purge());
    house.world.restart();
    house.world.run_until_idle();
    house.world.memory.change(|state| state.tick = SignedDuration::ZERO);
    house.world.run_until_idle();
    let trail = house.world.audit_trail(&id.parse().unwrap());
    let slices = trail.iter().filter(|event| event.reason.as_deref() == Some("slice ended")).count();
    assert!(slices >= 2, "{slices} slices");
    let told = rows(&files(&exported(&mut house, &id)), "habeas.audit_events");
    let mut ids: Vec<&str> = told.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() >= 9_000 && ids.len() == told.len(), "{} of {} events", ids.len(), told.len());
}

#[test]
fn a_call_that_comes_again_while_its_export_runs_finds_that_export() {
    let mut house = full(1_200);
    let id = begun(&mut house, "json");
    assert_eq!(export(&mut house, "json").job(), id, "before it is begun");
    house.deliver(1);
    let again = export(&mut house, "json");
    assert_eq!((again.status, again.job()), (202, id.clone()), "while it is packed");
    assert_ne!(begun(&mut house, "csv"), id, "another form");
    let other = look(&mut house, &Caller::new("acme", "dpo"), &format!("/events/export?format=json&{PERIOD}")).job();
    house.remember("acme", &other, NOBODY);
    assert_ne!(other, id, "another person");
    let narrower = PERIOD.replace("2027-01-01", "2026-12-31");
    let narrower = look(&mut house, &auditor(), &format!("/events/export?format=json&{narrower}")).job();
    house.remember("acme", &narrower, NOBODY);
    assert_ne!(narrower, id, "another period");
    house.world.run_until_idle();
    exported(&mut house, &id);
    let next = begun(&mut house, "json");
    assert_ne!(next, id, "what has ended is begun anew");
    assert_eq!(export(&mut house, "json").job(), next, "and found like the first");
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{next}/cancel"), &json!({})).status, 200);
    house.world.advance(SignedDuration::from_hours(20));
    let third = begun(&mut house, "json");
    house.world.advance(SignedDuration::from_hours(5));
    assert_ne!(third, next);
    let jobs = [id, other, narrower, next, third];
    assert!(jobs.iter().enumerate().all(|(place, job)| !jobs[..place].contains(job)));
    house.world.run_until_idle();
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn of_two_same_calls_at_once_one_begins_the_export_and_both_have_it() {
    let mut house = full(600);
    for seed in 0..20 {
        let period = PERIOD.replace("01-01T00:00:00Z&", &format!("01-01T00:00:{seed:02}Z&"));
        let call = || Call::get(format!("{AUDIT}/events/export?format=json&{period}"));
        let answers = house.ask_together(&auditor(), vec![call(), call()], seed);
        let ids: Vec<String> = answers.iter().map(Answer::job).collect();
        assert_eq!(ids[0], ids[1], "{seed}");
    }
}

#[test]
fn another_tenants_export_is_an_unknown_one_and_only_readers_of_the_log_fetch_it() {
    let mut house = full(600);
    let id = begun(&mut house, "json");
    house.world.run_until_idle();
    for path in ["", "/timeline", "/download"] {
        for caller in [Caller::new("globex", "auditor"), dpo("globex"), admin("globex")] {
            assert_eq!(house.get(&caller, &format!("/jobs/{id}{path}")).status, 404, "{path}");
        }
    }
    let refused = house.get(&operator("acme"), &format!("/jobs/{id}/download"));
    assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["admin:audit_log"])));
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/extend"), &json!({"reason": "x"})).status, 409);
    let told = rows(&files(&exported(&mut house, &id)), "habeas.audit_events");
    assert!(told.iter().all(|row| row["counts"]["rows"].as_u64().is_none_or(|count| count < 600)));
    for caller in [dpo("acme"), admin("acme")] {
        assert_eq!(house.get(&caller, &format!("/jobs/{id}/download?redirect=false")).status, 200);
    }
}

#[test]
fn a_part_that_was_changed_waits_for_a_person_and_a_cancelled_export_leaves_nothing() {
    let mut house = full(1_200);
    let id = begun(&mut house, "json");
    house.deliver(1);
    let key = house.objects(&id).into_iter().find(|key| key.starts_with("parts/")).unwrap();
    let change = |house: &House| {
        house.world.memory.change(|state| {
            let object = state.objects.stored.get_mut(key.as_str()).unwrap();
            let mut bytes = object.bytes.to_vec();
            bytes[100] ^= 1;
            object.bytes = bytes.into();
        });
    };
    change(&house);
    house.world.run_until_idle();
    let shown = house.get(&dpo("acme"), &format!("/jobs/{id}")).body;
    assert_eq!(shown["status"], "needs_human");
    assert!(shown["parked_because"].as_str().unwrap().starts_with("package: "), "{shown}");
    change(&house);
    assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    let other = begun(&mut house, "csv");
    house.deliver(1);
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{other}/cancel"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert!(house.objects(&other).is_empty() && !house.has_key("acme", &other));
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn exports_of_the_log_leave_half_of_the_quota_to_peoples_requests() {
    let settings = Settings { quotas: Quotas { open_jobs: 2, jobs_per_month: 100 }, ..Settings::default() };
    let mut house = House::over(full(1_200).world, settings);
    begun(&mut house, "json");
    let refused = export(&mut house, "csv");
    assert_eq!(refused.status, 429, "{}", refused.body);
    let body = access("nobody.canary@example.com");
    let asked = house.ask(&operator("acme"), Call::post("/api/v1/privacy/requests", &body));
    assert_eq!(asked.status, 202, "{}", asked.body);
}
