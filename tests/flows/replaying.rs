//! The restore drill: people are erased, a snapshot from before brings them back, and the replay erases them again.

use domain::datum::Datum;
use habeas_tests::executor::{Ended, run};
use habeas_tests::handlers::{REGION, ports};
use habeas_tests::sample::{ADA, BOB, Person, tenant};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;
use workflow::legal_clock::LegalClock;
use workflow::replay_erasures::{ReplayErasures, Replayed};

use crate::caller::{dpo, session};
use crate::erasure::{approved, planned, rows_of};
use crate::house::{House, Settings};
use crate::maps::{map, set, table, world};

fn replay(house: &House, from: Option<&str>) -> Result<Replayed, workflow::ports::PortError> {
    let memory = &house.world.memory;
    let replay = ReplayErasures {
        ports: ports(memory),
        reader: memory.source(),
        maps: memory.data_maps(),
        legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
        region: REGION.to_owned(),
    };
    let Ended::With(replayed) = run(memory, replay.run(&tenant("acme"), from)) else { panic!("the replay died") };
    replayed
}

fn erase(house: &mut House, person: Person) {
    let id = planned(house, person);
    approved(house, &id);
    house.world.advance(SignedDuration::from_hours(7 * 24 + 2));
    assert_eq!((house.status("acme", &id).as_str(), rows_of(house, person)), ("completed", 0));
}

#[test]
fn whoever_was_erased_and_is_back_after_a_restore_is_erased_again_and_nobody_else() {
    let mut house = House::new();
    let (bob, snapshot) = (rows_of(&house, BOB), house.world.memory.inspect(|state| state.sources.clone()));
    erase(&mut house, ADA);
    assert_eq!(replay(&house, None).unwrap().jobs, [], "nobody is back");
    house.world.memory.change_sources(|sources| *sources = (*snapshot).clone());
    assert!(rows_of(&house, ADA) > 0);
    let replayed = replay(&house, None).unwrap();
    let [job] = replayed.jobs.as_slice() else { panic!("{replayed:?}") };
    house.remember("acme", job.as_str(), ADA);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", job.as_str()), "completed", "{:?}", house.job("acme", job.as_str()).parked_because);
    assert_eq!((rows_of(&house, ADA), rows_of(&house, BOB)), (0, bob));
    assert_eq!(house.mails(job.as_str()), [], "no address was kept to tell");
    let receipt = house.get(&dpo("acme"), &format!("/jobs/{job}/receipt"));
    assert_eq!(receipt.status, 200);
    assert_eq!(replay(&house, None).unwrap().jobs, []);
}

#[test]
fn a_row_whose_person_is_not_back_is_recognised_by_what_leads_to_it() {
    let mut house = House::new();
    let snapshot = house.world.memory.inspect(|state| state.sources.clone());
    erase(&mut house, ADA);
    house.world.memory.change_sources(|sources| {
        let order = snapshot.tables["shop.orders"]
            .rows()
            .find(|row| String::from_utf8_lossy(&row.to_json()).contains(ADA.canary));
        sources.table("shop.orders").insert(Datum::clone(order.unwrap()));
    });
    let replayed = replay(&house, None).unwrap();
    assert_eq!((replayed.jobs.len(), rows_of(&house, ADA)), (1, 1));
    house.world.run_until_idle();
    assert_eq!((house.status("acme", replayed.jobs[0].as_str()).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

#[test]
fn a_hold_stops_a_replay_like_any_erasure_and_an_unknown_collection_is_refused() {
    let mut house = House::new();
    let snapshot = house.world.memory.inspect(|state| state.sources.clone());
    erase(&mut house, ADA);
    house.world.memory.change_sources(|sources| *sources = (*snapshot).clone());
    let back = rows_of(&house, ADA);
    let scope = json!({"subject": {"identities": [{"type": "email", "value": ADA.email}]}});
    let hold = json!({"scope": scope, "matter": "a matter", "reason": "a reason"});
    assert_eq!(house.post(&dpo("acme"), "/holds", &hold).body["status"], "effective");
    let replayed = replay(&house, None).unwrap();
    house.world.run_until_idle();
    let job = replayed.jobs[0].as_str();
    assert_eq!((house.status("acme", job).as_str(), rows_of(&house, ADA)), ("on_hold", back));
    assert!(replay(&house, Some("app.nothing")).is_err());
    assert_eq!(replay(&house, Some("shop.orders")).unwrap().jobs.len(), 1, "from one collection on");
}

/// A debug build takes a minute for two hundred.
const ERASED: usize = if cfg!(debug_assertions) { 20 } else { 200 };
const OTHERS: usize = 20;

fn address(person: usize) -> String {
    format!("person{person}@example.com")
}

/// As many people, and twenty more, with a row each.
fn shop(keeps_rows: bool) -> House {
    let people = table("people", &["id key", "email email", "tenant", "name"]);
    let text = map(&[set("crm", &[people])]);
    let name = "- name: name\n            data_categories: [user.content]\n";
    assert!(text.contains(name), "{text}");
    let rewritten = "            fides_meta: { masking_strategy_override: { strategy: null_rewrite } }\n";
    let text = if keeps_rows { text.replace(name, &format!("{name}{rewritten}")) } else { text };
    let world = world(&text);
    world.memory.change_sources(|sources| {
        sources.page_rows = 50;
        for person in 0..ERASED + OTHERS {
            let cells = [("id", format!("p{person}")), ("email", address(person)), ("name", format!("Name {person}"))];
            let tenant = ("tenant", "acme".to_owned());
            let cells = cells.into_iter().chain([tenant]);
            let row = cells.map(|(name, value)| (name.to_owned(), Datum::Text(value))).collect();
            sources.table("crm.people").insert(Datum::Map(row));
        }
    });
    House::over(world, Settings::default())
}

fn rows(house: &House) -> usize {
    house.world.memory.inspect(|state| state.sources.tables["crm.people"].rows().count())
}

#[test]
fn of_all_erased_people_a_restore_brings_back_none_for_good() {
    let mut house = shop(false);
    let snapshot = house.world.memory.inspect(|state| state.sources.clone());
    let ids: Vec<String> = (0..ERASED)
        .map(|person| {
            let identities = json!([{"type": "email", "value": address(person)}]);
            let body = json!({"type": "erasure", "grace_period_days": 0, "subject": {"identities": identities}});
            house.post(&session("acme", &address(person)), "/requests", &body).job()
        })
        .collect();
    house.world.run_until_idle();
    for id in &ids {
        approved(&mut house, id);
    }
    house.world.run_until_idle();
    assert_eq!(rows(&house), OTHERS);
    house.world.memory.change_sources(|sources| *sources = (*snapshot).clone());
    let replayed = replay(&house, None).unwrap();
    assert_eq!((replayed.jobs.len(), replayed.rows, replayed.goes_on_at), (ERASED, (ERASED + OTHERS) as u64, None));
    house.world.run_until_idle();
    println!("resurrected {} of {ERASED}", rows(&house) - OTHERS);
    assert_eq!(rows(&house), OTHERS);
    assert_eq!(replay(&house, None).unwrap().jobs, []);
}

#[test]
fn a_row_that_an_erasure_has_left_is_nobody_who_is_back() {
    let mut house = shop(true);
    let snapshot = house.world.memory.inspect(|state| state.sources.clone());
    let identities = json!([{"type": "email", "value": address(3)}]);
    let body = json!({"type": "erasure", "grace_period_days": 0, "subject": {"identities": identities}});
    let id = house.post(&session("acme", &address(3)), "/requests", &body).job();
    house.world.run_until_idle();
    approved(&mut house, &id);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows(&house)), ("completed", ERASED + OTHERS));
    assert_eq!(replay(&house, None).unwrap().jobs, [], "the row is there, and nothing of the person");
    house.world.memory.change_sources(|sources| *sources = (*snapshot).clone());
    assert_eq!(replay(&house, None).unwrap().jobs.len(), 1);
}
