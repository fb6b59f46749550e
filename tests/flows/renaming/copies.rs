//! Where else a wrong identity is: in objects of rows, and in a hold that the retention sweep meets later.

use adapters_memory::Mutants;
use domain::datum::Datum;
use habeas_tests::sample::{ADA, BOB, Person};
use habeas_tests::story::keep_copies;
use habeas_tests::world::World;

use super::{RENAMED, RIGHT, approve, renamed, request};
use crate::caller::operator;
use crate::holds::{person, place, release, third};
use crate::house::{House, Settings, rows};
use crate::maps::{map, row, set, table, world};
use crate::sweeping::scene::{DAY, ROOMY, Scene};

fn letters(house: &House, object: &str) -> Vec<(String, String)> {
    let text = |row: &Datum, name: &str| row.get(name).and_then(Datum::as_text).unwrap().to_owned();
    house.world.memory.inspect(|state| {
        let rows = state.sources.tables["post.letters"].rows_in(object);
        rows.map(|row| (text(row, "email"), text(row, "about"))).collect()
    })
}

#[test]
fn every_copy_in_any_spelling_is_corrected_and_what_only_looks_alike_is_not() {
    let sets = [
        set("a", &[table("users", &["id key", "email email", "tenant"])]),
        set("b", &[table("posts", &["id key", "email email", "tenant"])]),
    ];
    let world = world(&map(&sets));
    world.memory.change_sources(|sources| {
        sources.table("a.users").insert(row("acme", &[("id", "u1"), ("email", "Max.Canary@Example.com")]));
        sources.table("b.posts").insert(row("acme", &[("id", "p1"), ("email", "max.canary@example.com")]));
        sources.table("b.posts").insert(row("acme", &[("id", "p2"), ("email", "max.canary@example.com.test")]));
    });
    let mut house = House::over(world, Settings::default());
    let about = Person { tenant: "acme", id: "", email: "Max.Canary@Example.com", canary: "" };
    let body = request("email", about.email, "Max@Example.org");
    let id = house.submit(&operator("acme"), "/requests", &body, about);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    assert_eq!(approve(&mut house, &id, &plan), 200, "{plan}");
    house.world.run_until_idle();
    let emails = house.world.memory.inspect(|state| {
        let all = state.sources.tables.values().flat_map(adapters_memory::Table::rows);
        all.map(|row| row.get("email").unwrap().as_text().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(emails, ["max@example.org", "max@example.org", "max.canary@example.com.test"]);
}

/// An object is written whole: whoever else has rows in it keeps them as they are.
#[test]
fn an_address_in_objects_is_corrected_and_the_rows_of_others_beside_it_stay() {
    let world = World::new(7);
    keep_copies(&world.memory);
    let mut house = House::over(world, Settings::default());
    let letter = |owner: Person, email: &str, id: &str| (email.to_owned(), format!("{}-{id}", owner.canary));
    let [a, b, c] = ["letters/a", "letters/b", "letters/c"];
    assert_eq!(letters(&house, a), [letter(ADA, ADA.email, a), letter(BOB, BOB.email, a)]);
    renamed(&mut house);
    assert_eq!(letters(&house, a), [letter(ADA, RIGHT, a), letter(BOB, BOB.email, a)]);
    assert_eq!(letters(&house, b), [letter(ADA, RIGHT, b)]);
    assert_eq!(letters(&house, c), [letter(BOB, BOB.email, c)]);
    let mut written = house.world.memory.inspect(|state| state.rewritten.clone());
    written.sort();
    let written: Vec<&str> = written.iter().map(|(_, object)| object.as_str()).collect();
    assert_eq!(written, ["letters/a", "letters/b"], "each once, and none that nothing is wrong in");
    let export = super::accessed(&mut house, RENAMED);
    assert_eq!(rows(&export, "post.letters").len(), 2);
    house.assert_rest();
}

/// Rows that lead to the person by a key are held by whatever the person was known by.
#[test]
fn the_retention_sweep_keeps_what_is_held_under_the_address_that_was_wrong() {
    let mut scene = Scene::with_cap(Mutants::NONE, ROOMY);
    scene.first_night();
    let mut house = House::over(World::over(scene.memory.clone()), Settings::default());
    renamed(&mut house);
    let hold = place(&mut house, &person("email", ADA.email));
    scene.night("acme");
    assert_eq!(scene.left_behind("acme", &["ada"]), [""; 0]);
    assert_eq!(scene.run_of("acme", "chat.messages").told().held, 2);
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    scene.memory.advance(DAY);
    scene.night("acme");
    assert_eq!(scene.left_behind("acme", &[]), [""; 0]);
}
