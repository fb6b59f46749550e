//! Addresses as sources spell them: what is asked in one spelling is found in that one and in small letters.

use habeas_tests::sample::Person;
use serde_json::json;

use crate::caller::{operator, session};
use crate::house::{House, Settings, access, files, rows};
use crate::maps::{map, row, set, table, world};

const MIXED: &str = "Max.Canary@Example.com";
const SMALL: &str = "max.canary@example.com";

fn house() -> House {
    let sets = [
        set("a", &[table("users", &["id key", "email email", "tenant"])]),
        set("b", &[table("posts", &["id key", "email email", "tenant"])]),
    ];
    let world = world(&map(&sets));
    world.memory.change_sources(|sources| {
        sources.table("a.users").insert(row("acme", &[("id", "u1"), ("email", MIXED)]));
        sources.table("b.posts").insert(row("acme", &[("id", "p1"), ("email", SMALL)]));
        sources.table("b.posts").insert(row("acme", &[("id", "p2"), ("email", MIXED)]));
    });
    House::over(world, Settings::default())
}

fn ids(house: &mut House, id: &str) -> Vec<String> {
    let found = files(&house.fetch(&session("acme", MIXED), id));
    let rows = ["a.users", "b.posts"].map(|name| rows(&found, name)).concat();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_session_finds_both_spellings() {
    let mut house = house();
    let person = Person { tenant: "acme", id: "", email: MIXED, canary: "" };
    let id = house.submit(&session("acme", MIXED), "/me/export", &json!({}), person);
    house.world.run_until_idle();
    assert_eq!(ids(&mut house, &id), ["u1", "p1", "p2"]);
}

#[test]
fn a_code_is_mailed_as_the_record_spells_it_and_proves_both_spellings() {
    let mut house = house();
    let person = Person { tenant: "acme", id: "", email: MIXED, canary: "" };
    let id = house.submit(&operator("acme"), "/requests", &access(MIXED), person);
    house.world.run_until_idle();
    let addresses: Vec<String> = house.mails(&id).into_iter().map(|(to, _)| to).collect();
    assert!(!addresses.is_empty() && addresses.iter().all(|to| to == MIXED || to == SMALL), "{addresses:?}");
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(ids(&mut house, &id), ["u1", "p1", "p2"]);
}

#[test]
fn two_spellings_are_one_subject() {
    let mut house = house();
    let small = house.post(&operator("acme"), "/requests", &access(SMALL)).body;
    let mixed = house.post(&operator("acme"), "/requests", &access(MIXED)).body;
    assert_eq!(small["subject_ref"], mixed["subject_ref"]);
}
