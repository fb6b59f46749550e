//! A hundred planted strings – in rows, request fields, claims, headers – and everywhere they must not turn up (INV-A4).

use std::io::Write;
use std::sync::{Arc, Mutex};

use domain::datum::Datum;
use habeas_tests::sample::Person;
use jiff::SignedDuration;
use lambda_kit::{Metric, Redaction, Unit, log_layer};
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt;

use crate::caller::{dpo, operator, session, subject};
use crate::house::{BASE, Call, House, Settings, access};
use crate::maps::{map, set, table, world};

const FIELDS: usize = 70;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Draws canaries: words that occur nowhere else.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    fn next(&mut self) -> String {
        let canary = format!("canary{:03}q", self.0.len());
        self.0.push(canary.clone());
        canary
    }
}

fn planted(canaries: &mut Canaries, email: &str) -> House {
    let names: Vec<String> = (0..FIELDS).map(|at| format!("f{at}")).collect();
    let mut fields = vec!["id key", "email email", "tenant"];
    fields.extend(names.iter().map(String::as_str));
    let world = world(&map(&[set("a", &[table("users", &fields)])]));
    let mut cells = vec![
        ("id".to_owned(), Datum::Text(canaries.next())),
        ("email".to_owned(), Datum::Text(email.to_owned())),
        ("tenant".to_owned(), Datum::Text("acme".to_owned())),
    ];
    cells.extend(names.iter().map(|name| (name.clone(), Datum::Text(canaries.next()))));
    world.memory.change_sources(|sources| sources.table("a.users").insert(Datum::Map(cells.into_iter().collect())));
    House::over(world, Settings::default())
}

/// Everything people do with a job, good and bad.
fn live(house: &mut House, canaries: &mut Canaries, person: Person) {
    let staff = operator("acme").with("sub", canaries.next()).with("name", canaries.next());
    let staff = staff
        .with("email", format!("{}@example.com", canaries.next()))
        .with("roles", json!(["operator", "dpo", "super_admin"]));
    let mut body = access(person.email);
    body["description"] = json!(canaries.next());
    let extra = json!({"type": "external_id", "value": canaries.next()});
    body["subject"]["identities"].as_array_mut().unwrap().push(extra);
    let call = Call::post(format!("{BASE}/requests"), &body);
    let mut call = call.with("idempotency-key", &canaries.next()).with("user-agent", &canaries.next());
    for name in ["x-forwarded-for", "referer", "cookie", "x-request-id", "x-amzn-trace-id", "traceparent", "origin"] {
        call = call.with(name, &canaries.next());
    }
    let id = house.ask(&staff, call).job();
    house.remember("acme", &id, person);
    house.world.run_until_idle();
    let wrong = house.post(&staff, &format!("/jobs/{id}/verify"), &json!({"code": canaries.next()}));
    assert_eq!(wrong.status, 422);
    house.prove(&staff, &id);
    let assigned = house.post(&staff, &format!("/jobs/{id}/assign"), &json!({"assignee": canaries.next()}));
    assert_eq!(assigned.status, 200);
    house.world.memory.change_sources(|sources| sources.denied.push("a.users".to_owned()));
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "needs_human");
    house.world.memory.change_sources(|sources| sources.denied.clear());
    assert_eq!(house.post(&staff, &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    house.fetch(&subject(person), &id);
    let cancelled = house.submit(&staff, "/requests", &access(person.email), person);
    let reason = json!({"reason": canaries.next()});
    assert_eq!(house.post(&staff, &format!("/jobs/{cancelled}/cancel"), &reason).status, 200);
    house.world.advance(SignedDuration::from_hours(26));
    for path in [format!("/jobs/{id}"), format!("/jobs/{id}/timeline"), "/jobs".to_owned()] {
        assert_eq!(house.get(&dpo("acme"), &path).status, 200);
    }
    let bad = [
        Call::raw(format!("{BASE}/requests"), canaries.next()),
        Call::post(format!("{BASE}/requests"), &json!({"type": canaries.next()})),
        Call::post(format!("{BASE}/requests"), &access(&canaries.next())),
        Call::post(format!("{BASE}/requests"), &json!({"type": "access", "regime": canaries.next()})),
        Call::get(format!("{BASE}/jobs?cursor={}", canaries.next())),
        Call::get(format!("{BASE}/jobs?subject={}", canaries.next())),
        Call::get(format!("{BASE}/jobs")).with("x-tenant-id", &canaries.next()),
        Call::get(format!("{BASE}/jobs/{id}/download?tenant=acme&ticket={}", canaries.next())),
    ];
    for call in bad {
        assert!((400..500).contains(&house.ask(&staff, call).status));
    }
    let token = format!("{}.{}.{}", canaries.next(), canaries.next(), canaries.next());
    assert_eq!(house.send(Call::get(format!("{BASE}/jobs")).token(&token)).status, 401);
    let stranger = session("acme", &format!("{}@example.com", canaries.next()));
    assert_eq!(house.get(&stranger, &format!("/jobs/{id}")).status, 404);
}

#[test]
fn no_planted_string_leaves_its_place() {
    let lines = Lines::default();
    // For all threads: a scoped one would miss what others have found to be off.
    let subscriber = tracing_subscriber::registry().with(log_layer(Redaction::On, lines.clone()));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut canaries = Canaries::default();
    let email: &'static str = Box::leak(format!("{}@example.com", canaries.next()).into_boxed_str());
    let person = Person { tenant: "acme", id: "", email, canary: "" };
    let mut house = planted(&mut canaries, email);
    live(&mut house, &mut canaries, person);
    assert!(canaries.0.len() >= 100, "{} canaries", canaries.0.len());
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.lines().count() > 20, "{} lines", logged.lines().count());
    let metric = Metric::at(house.world.memory.now()).by("step", email).value("StepLatency", Unit::Milliseconds, 1.0);
    let mut places = vec![("a log line", logged), ("a metric", metric.to_json().to_string())];
    places.push(("an answer", house.said.join("\n")));
    house.world.memory.inspect(|state| {
        let messages = state.queues.sent.iter().map(|sent| serde_json::to_string(sent.nudge.as_ref()).unwrap());
        places.push(("a queue message", messages.collect::<Vec<_>>().join("\n")));
        let keys: Vec<&str> = state.objects.written.iter().map(|(key, _)| key.as_ref()).collect();
        places.push(("an object key", keys.join("\n")));
        let written = state.journal.iter().flat_map(|commit| commit.writes.iter());
        let items = written.filter_map(|write| write.after.as_deref()).map(|it| serde_json::to_string(it).unwrap());
        places.push(("a stored item", items.collect::<Vec<_>>().join("\n")));
        places.push(("an alert", format!("{:?}", state.alerts)));
        let mails = state.outbox.sent.iter().map(|(_, mail)| {
            let text = format!("{}{}{}{}", mail.subject, mail.notice_id, mail.text.expose(), mail.html.expose());
            text.replace(mail.to.expose().as_str(), "")
        });
        places.push(("a mail", mails.collect::<Vec<_>>().join("\n")));
        let plans = state.objects.stored.iter().filter(|(key, _)| !key.starts_with("exports/"));
        places.push(("a plan", plans.map(|(_, it)| String::from_utf8_lossy(&it.bytes).into_owned()).collect()));
    });
    for (place, text) in &places {
        assert!(!text.is_empty() || *place == "a plan", "{place} was never made");
        let found: Vec<_> = canaries.0.iter().filter(|canary| text.contains(canary.as_str())).collect();
        assert!(found.is_empty(), "{found:?} in {place}");
    }
    house.assert_rest();
}
