//! A step that can't go on waits for a person, says so again and again, and goes on when it is started by hand.

use domain::datum::Datum;
use habeas_tests::invariants::check_archive;
use habeas_tests::sample::{ADA, BOB, Person};
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{admin, dpo, operator, session, subject};
use crate::house::{House, Settings, access, files, rows};
use crate::maps;

fn alerts(house: &House) -> usize {
    house.world.memory.inspect(|state| state.alerts.len())
}

#[test]
fn a_refused_source_parks_the_job_and_a_start_by_hand_goes_on() {
    let mut house = House::new();
    house.world.memory.change_sources(|sources| sources.denied.push("shop.orders".to_owned()));
    let id = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    let shown = house.get(&dpo("acme"), &format!("/jobs/{id}")).body;
    assert_eq!(shown["status"], "needs_human");
    assert!(shown["parked_because"].as_str().unwrap().starts_with("collect: "), "{}", shown["parked_because"]);
    assert_eq!(shown["archive"], json!(null));
    let first = alerts(&house);
    assert!(first > 0);
    house.world.advance(SignedDuration::from_mins(30));
    assert!(alerts(&house) > first + 3, "the alert is not repeated");
    let path = format!("/jobs/{id}/process");
    for caller in [dpo("acme"), operator("acme"), subject(BOB)] {
        assert_eq!(house.post(&caller, &path, &json!({})).status, 403);
    }
    assert_eq!(house.post(&admin("globex"), &path, &json!({})).status, 404);
    // Nothing was mended: it parks again.
    assert_eq!(house.post(&admin("acme"), &path, &json!({})).body["status"], "in_progress");
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "needs_human");
    house.world.memory.change_sources(|sources| sources.denied.clear());
    assert_eq!(house.post(&admin("acme"), &path, &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.job("acme", &id).parked_because, None);
    check_archive(&house.fetch(&subject(BOB), &id), BOB, false).unwrap();
    let quiet = alerts(&house);
    house.world.advance(SignedDuration::from_hours(26));
    assert_eq!(alerts(&house), quiet);
    house.assert_rest();
}

#[test]
fn every_step_that_reads_a_source_parks_and_goes_on() {
    for (denied, parked) in [("app.users", "screen"), ("app.notes", "collect"), ("media.pictures", "collect")] {
        let mut house = House::new();
        house.world.memory.change_sources(|sources| sources.denied.push(denied.to_owned()));
        let mut body = access(ADA.email);
        body["include_media"] = json!(true);
        let id = house.submit(&operator("acme"), "/requests", &body, ADA);
        house.world.run_until_idle();
        if parked != "screen" {
            house.prove(&operator("acme"), &id);
            house.world.run_until_idle();
        }
        let because = house.job("acme", &id).parked_because.unwrap();
        assert!(because.starts_with(parked), "{denied}: {because}");
        house.world.memory.change_sources(|sources| sources.denied.clear());
        assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
        house.world.run_until_idle();
        if parked == "screen" {
            assert_eq!(house.status("acme", &id), "awaiting_verification");
            house.prove(&operator("acme"), &id);
            house.world.run_until_idle();
        }
        check_archive(&house.fetch(&subject(ADA), &id), ADA, true).unwrap();
        house.world.advance(SignedDuration::from_hours(26));
        house.assert_rest();
    }
}

#[test]
fn a_mail_service_out_of_order_is_tried_again_and_a_refused_address_leaves_the_job_alone() {
    let mut house = House::new();
    house.world.memory.change(|state| state.outbox.is_down = true);
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.advance(SignedDuration::from_mins(2));
    assert_eq!((house.status("acme", &id), house.mails(&id).len()), ("awaiting_verification".to_owned(), 0));
    house.world.memory.change(|state| state.outbox.is_down = false);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.memory.change(|state| state.outbox.suppressed.insert(ADA.email.to_owned()));
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    assert!(alerts(&house) > 0);
    check_archive(&house.fetch(&subject(ADA), &id), ADA, false).unwrap();
    house.world.advance(SignedDuration::from_hours(26));
    assert_eq!((house.objects(&id), house.has_key("acme", &id)), (Vec::new(), false));
    house.assert_rest();
}

/// More datasets than one transaction starts again.
const MANY: usize = 95;

#[test]
fn however_many_steps_are_parked_a_start_by_hand_starts_them_all() {
    let max: Person = Person { tenant: "acme", id: "u-1", email: "max.canary@example.com", canary: "canary-max" };
    let names: Vec<String> = (0..MANY).map(|at| format!("d{at}")).collect();
    let sets = names.iter().map(|name| maps::set(name, &[maps::table("rows", &["id key", "email email", "tenant"])]));
    let map = maps::map(&sets.collect::<Vec<_>>());
    let world = maps::world(&map);
    world.memory.change_sources(|sources| {
        for name in &names {
            let cell = |text: &str| Datum::Text(text.to_owned());
            let row = [("id", cell("1")), ("email", cell(max.email)), ("tenant", cell("acme"))];
            let row = row.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
            sources.table(&format!("{name}.rows")).insert(Datum::Map(row));
        }
    });
    let mut house = House::over(world, Settings::default());
    let id = house.submit(&session("acme", max.email), "/me/export", &json!({}), max);
    // Located, then every source is closed.
    while house.steps("acme", &id).len() < MANY {
        assert_eq!(house.deliver(1), 1);
    }
    house
        .world
        .memory
        .change_sources(|sources| sources.denied = names.iter().map(|name| format!("{name}.rows")).collect());
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "needs_human");
    house.world.memory.change_sources(|sources| sources.denied.clear());
    assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    for _ in 0..4 {
        if house.status("acme", &id) == "needs_human" {
            assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
            house.world.run_until_idle();
        }
    }
    assert_eq!(house.status("acme", &id), "completed");
    let found = files(&house.fetch(&session("acme", max.email), &id));
    assert_eq!(names.iter().map(|name| rows(&found, &format!("{name}.rows")).len().min(1)).sum::<usize>(), MANY);
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}
