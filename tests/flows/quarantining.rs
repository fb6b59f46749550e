//! Rows are out of use while their erasure may still be taken back, and come back exactly as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::{Fault, Point, Side};
use domain::datum::Datum;
use domain::step::StepKind;
use habeas_tests::sample::{ADA, BOB, MAP, MEDIA_MAP, tenant};
use habeas_tests::world::World;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::subject;
use crate::erasure::{approved, planned, rows_of};
use crate::house::{House, Settings};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Users and notes have a flag; of orders the goods are rewritten, and the rows stay with their flag.
fn house() -> House {
    let world = World::new(7);
    let flag = "quarantine: { field: state, value: quarantined }";
    let map = MAP
        .replace("organization_id: by-organization }", &format!("organization_id: by-organization }}, {flag}"))
        .replace("owner: by-owner }", &format!("owner: by-owner }}, {flag}"))
        .replace("buyer: by-buyer }", &format!("buyer: by-buyer }}, {flag}"))
        .replace(
            "- name: goods\n            data_categories: [user.financial]",
            "- name: goods\n            data_categories: [user.financial]\n            fides_meta: { masking_strategy_override: { strategy: null_rewrite } }",
        );
    let checked = datamap::read_strs(&[("sample.yml", &map), ("media.yml", MEDIA_MAP)]);
    let map = checked.map.unwrap_or_else(|| panic!("{:#?}", checked.findings));
    world.memory.publish(&tenant("acme"), Arc::new(map)).unwrap();
    world.memory.change_sources(|sources| {
        // Some rows hold something where the flag will be.
        let table = sources.table("app.notes");
        let rows: Vec<(u64, Datum)> = table.numbered().map(|(at, row)| (at, row.clone())).collect();
        for (at, row) in rows.into_iter().step_by(2) {
            let Datum::Map(mut entries) = row else { panic!("a row") };
            let held = if at % 4 == 1 { Datum::Null } else { Datum::Text("active".to_owned()) };
            entries.insert(1, ("state".to_owned(), held));
            table.replace(at, Datum::Map(entries));
        }
    });
    House::over(world, Settings::default())
}

type Rows = BTreeMap<(String, u64), Vec<u8>>;

/// Every row, byte for byte.
fn rows(house: &House) -> Rows {
    house.world.memory.inspect(|state| {
        let all = state.sources.tables.iter();
        all.flat_map(|(name, table)| table.numbered().map(move |(at, row)| ((name.clone(), at), row.to_json())))
            .collect()
    })
}

fn flagged(house: &House) -> Vec<Vec<u8>> {
    let is_flagged = |row: &Vec<u8>| String::from_utf8_lossy(row).contains(r#""state":"quarantined""#);
    rows(house).into_values().filter(is_flagged).collect()
}

fn cancel(house: &mut House, id: &str) {
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
}

#[test]
fn the_rows_of_the_plan_are_out_of_use_from_the_approval_and_come_back_byte_for_byte() {
    let mut house = house();
    let before = rows(&house);
    let id = planned(&mut house, ADA);
    assert!(rows(&house) == before, "a plan flags nothing");
    approved(&mut house, &id);
    house.world.run_until_idle();
    let set = flagged(&house);
    assert_eq!(set.len(), rows_of(&house, ADA) - 1, "all but the picture");
    assert!(set.iter().all(|row| !String::from_utf8_lossy(row).contains(BOB.canary)));
    house.world.advance(SignedDuration::from_hours(24));
    cancel(&mut house, &id);
    house.world.run_until_idle();
    assert!(rows(&house) == before, "nothing tells that it was asked for");
    house.world.advance(WEEK);
    assert!(!house.has_key("acme", &id), "what the flags held is kept no longer");
    house.assert_rest();
}

#[test]
fn an_erasure_takes_flagged_rows_as_planned_and_unflags_those_that_stay() {
    let mut house = house();
    let others: Rows =
        rows(&house).into_iter().filter(|(_, row)| !String::from_utf8_lossy(row).contains(ADA.canary)).collect();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "completed", "no drift: {:?}", house.job("acme", &id).parked_because);
    assert_eq!(flagged(&house), [b""; 0]);
    let left = rows(&house);
    assert!(others.iter().all(|(at, row)| left.get(at) == Some(row)), "everybody else's are as they were");
    assert_eq!(left.len(), others.len() + habeas_tests::sample::ROWS_EACH, "the orders stay");
    house.world.advance(SignedDuration::from_hours(2));
    assert!(!house.has_key("acme", &id));
}

#[test]
fn what_somebody_changes_meanwhile_is_not_overwritten() {
    let mut house = house();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.run_until_idle();
    house.world.memory.change_sources(|sources| {
        let table = sources.table("app.users");
        let (at, row) = table.numbered().find(|(_, row)| row.to_json().ends_with(b"quarantined\"}")).unwrap();
        let Datum::Map(mut entries) = row.clone() else { panic!("a row") };
        entries.last_mut().unwrap().1 = Datum::Text("blocked".to_owned());
        table.replace(at, Datum::Map(entries));
    });
    cancel(&mut house, &id);
    house.world.run_until_idle();
    let blocked = rows(&house).into_values().filter(|row| row.ends_with(b"\"state\":\"blocked\"}")).count();
    assert_eq!((blocked, flagged(&house).len()), (1, 0));
}

/// Runs on from a state with a crash at each call in turn; says how many struck.
fn crashes(house: &mut House, check: impl Fn(&mut House, &str)) -> u64 {
    let start = house.world.memory.snapshot();
    let mut struck = 0;
    for side in [Side::Before, Side::After] {
        for call in 0..400 {
            house.world.restore(&start);
            house.world.memory.change(|state| {
                state.faults.reset();
                state.faults.plan(Point { call, side }, Fault::Crash);
            });
            house.world.run_until_idle();
            let has_struck = house.world.memory.inspect(|state| state.faults.is_settled());
            house.world.memory.change(|state| state.faults.reset());
            check(house, &format!("{side:?} {call}"));
            if !has_struck {
                break;
            }
            struck += 1;
        }
    }
    struck
}

#[test]
fn a_crash_at_any_call_leaves_no_row_flagged_and_none_changed() {
    let mut house = house();
    let before = rows(&house);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    let all = rows_of(&house, ADA) - 1;
    let while_set = crashes(&mut house, |house, at| {
        assert_eq!(flagged(house).len(), all, "{at}");
        cancel(house, &id);
        house.world.run_until_idle();
        assert!(rows(house) == before, "{at}");
    });
    house.world.run_until_idle();
    assert!(rows(&house) == before);
    assert!(while_set > 20, "{while_set}");
}

#[test]
fn a_crash_while_flags_are_given_back_gives_all_of_them_back() {
    let mut house = house();
    let before = rows(&house);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.run_until_idle();
    cancel(&mut house, &id);
    let while_lifted = crashes(&mut house, |house, at| {
        assert!(rows(house) == before, "{at}");
        let steps = house.steps("acme", &id);
        assert!(steps.iter().any(|it| it.kind == StepKind::LiftQuarantine && it.done_at.is_some()), "{at}");
    });
    assert!(while_lifted > 20, "{while_lifted}");
}

#[test]
fn cancelling_while_flags_are_set_leaves_none() {
    let mut house = house();
    let before = rows(&house);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    // Nothing has run since the approval: the flags are still to be set.
    cancel(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(2));
    assert!(rows(&house) == before);
    assert!(!house.has_key("acme", &id));
}
