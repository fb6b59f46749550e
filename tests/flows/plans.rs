//! An officer looks at which records a plan names, page by page, before approving it.

use std::collections::BTreeSet;

use domain::datum::Datum;
use habeas_tests::sample::{ADA, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, dpo, operator, subject};
use crate::erasure::{approved, planned, rows_of};
use crate::house::House;

const NOTES: usize = 130;

fn house_with_notes() -> House {
    let house = House::new();
    house.world.memory.change_sources(|sources| {
        for number in 0..NOTES {
            let note = format!(
                r#"{{"id":"more-{number}","owner":"{}","tenant":"acme","text":"{} more"}}"#,
                ADA.id, ADA.canary
            );
            sources.table("app.notes").insert(Datum::parse_json(note.as_bytes()).unwrap());
        }
    });
    house
}

fn page(house: &mut House, caller: &Caller, id: &str, query: &str) -> (u16, Value) {
    let answer = house.get(caller, &format!("/jobs/{id}/plan?{query}"));
    (answer.status, answer.body)
}

/// Every record of a source, by pages of a size.
fn all(house: &mut House, id: &str, source: &str, limit: usize) -> Vec<Value> {
    let (mut records, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, body) = page(house, &operator("acme"), id, &format!("source={source}&limit={limit}{cursor}"));
        assert_eq!(status, 200, "{body}");
        let items = body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        records.extend(items.iter().cloned());
        let Some(next) = body["next_cursor"].as_str() else { return records };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn the_pages_name_every_record_of_the_plan_once() {
    let mut house = house_with_notes();
    let id = planned(&mut house, ADA);
    let counts = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    let mut records = 0;
    for source in counts["sources"].as_array().unwrap() {
        let name = source["source"].as_str().unwrap();
        let wanted = source["would_delete"].as_u64().unwrap();
        for limit in [7, 200] {
            let found = all(&mut house, &id, name, limit);
            let ids: BTreeSet<&str> = found.iter().map(|record| record["id"].as_str().unwrap()).collect();
            assert_eq!((ids.len() as u64, found.len() as u64), (wanted, wanted), "{name} by {limit}");
            assert!(found.iter().all(|record| record["action"] == "delete" && record["rows"] == 1));
        }
        records += wanted;
    }
    assert_eq!(records, rows_of(&house, ADA) as u64);
    assert!(records > NOTES as u64);
}

#[test]
fn only_staff_of_the_tenant_sees_records_and_only_of_sources_in_the_plan() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    for (caller, status) in [(subject(ADA), 403), (subject(EVE), 404), (dpo("globex"), 404), (dpo("acme"), 200)] {
        assert_eq!(page(&mut house, &caller, &id, "source=app.notes").0, status);
    }
    for (query, pointer) in [
        ("source=app.nothing", "?source"),
        ("source=", "?source"),
        ("source=app.notes&limit=0", "?limit"),
        ("source=app.notes&limit=201", "?limit"),
        ("source=app.notes&cursor=", "?cursor"),
        ("source=app.notes&cursor=%F0%9F%A6%80", "?cursor"),
        ("source=app.notes&cursor=MC4wLjA", "?cursor"),
        ("source=app.notes&more=1", "?more"),
        ("cursor=MC4wLjA", "?cursor"),
    ] {
        let (status, body) = page(&mut house, &operator("acme"), &id, query);
        assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!(pointer)), "{query} {body}");
    }
}

#[test]
fn a_cursor_counts_for_its_source_and_plan_only() {
    let mut house = house_with_notes();
    let (first, second) = (planned(&mut house, ADA), planned(&mut house, ADA));
    let (_, body) = page(&mut house, &operator("acme"), &first, "source=app.notes&limit=5");
    let cursor = body["next_cursor"].as_str().unwrap().to_owned();
    for (id, source, status) in [(&first, "app.notes", 200), (&first, "app.users", 422), (&second, "app.notes", 422)] {
        let query = format!("source={source}&cursor={cursor}");
        assert_eq!(page(&mut house, &operator("acme"), id, &query).0, status, "{id} {source}");
    }
}

#[test]
fn there_are_no_records_before_a_plan_and_after_its_end() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &crate::erasure::erasure(ADA.email), ADA);
    assert_eq!(page(&mut house, &operator("acme"), &id, "source=app.notes").0, 409);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    assert_eq!(page(&mut house, &operator("acme"), &id, "source=app.notes").0, 200, "also while it waits");
    house.world.advance(SignedDuration::from_hours(8 * 24));
    assert_eq!(house.status("acme", &id), "completed");
    assert_eq!(page(&mut house, &operator("acme"), &id, "source=app.notes").0, 409);
}
