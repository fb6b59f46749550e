//! Rows that stay lose what names the person: finds within free text, and values of columns that must stay apart.

use adapters_memory::Table;
use domain::datum::Datum;
use habeas_tests::sample::Person;
use jiff::SignedDuration;
use serde_json::Value;

use crate::caller::operator;
use crate::erasure::{approved, planned};
use crate::house::{House, Settings};
use crate::maps::{map, row, set, table, world};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const ADA: Person = Person { tenant: "acme", id: "", email: "ada.canary@example.com", canary: "ada.canary" };
const NUMBER: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// Tickets stay: their text loses what detection finds, names too, and their number becomes another one.
fn house() -> House {
    let fields = ["id key", "email email", "text", "number", "state", "tenant"];
    let meta = |strategy: &str| format!("fides_meta: {{ masking_strategy_override: {{ {strategy} }} }}");
    let after = |map: &str, field: &str, strategy: &str| {
        let line = format!("          - name: {field}\n            data_categories: [user.content]\n");
        assert!(map.contains(&line));
        map.replace(&line, &format!("{line}            {}\n", meta(strategy)))
    };
    let map = map(&[set("desk", &[table("tickets", &fields)])]);
    let map = after(&map, "text", "strategy: pii_rewrite, configuration: { names: true }");
    let map = after(&map, "number", "strategy: string_rewrite, configuration: { rewrite_value: \"{uuid}\" }");
    let world = world(&after(&map, "state", "strategy: preserve"));
    world.memory.change_sources(|sources| {
        let table = sources.table("desk.tickets");
        let texts = [
            ("t1", ADA.email, "Order 12 is late. Write to ada.canary@example.com or +1 415 555 2671.", NUMBER),
            ("t2", ADA.email, "Yours, Maria Schneider", "3f2504e0-4f89-41d3-9a0c-0305e82c3302"),
            ("t3", ADA.email, "Nothing to see.", NUMBER),
            ("t4", "bob.canary@example.com", "Write to carl@example.com.", NUMBER),
        ];
        for (id, email, text, number) in texts {
            let cells = [("id", id), ("email", email), ("text", text), ("number", number), ("state", "open")];
            table.insert(row("acme", &cells));
        }
    });
    House::over(world, Settings::default())
}

fn tickets(house: &House) -> Vec<Datum> {
    house.world.memory.inspect(|state| state.sources.tables.values().flat_map(Table::rows).cloned().collect())
}

fn cell<'a>(row: &'a Datum, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Datum::as_text)
}

#[test]
fn free_text_loses_what_is_found_in_it_and_numbers_that_were_apart_stay_apart() {
    let mut house = house();
    let before = tickets(&house);
    let id = planned(&mut house, ADA);
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    assert_eq!(plan["sources"][0]["would_anonymise"], 3, "{plan}");
    approved(&mut house, &id);
    house.world.run_until(house.world.memory.now() + WEEK);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    let after = tickets(&house);
    assert_eq!(cell(&after[0], "text"), Some("Order 12 is late. Write to [REDACTED] or [REDACTED]."));
    assert!(!cell(&after[1], "text").unwrap().contains("Schneider"), "{:?}", after[1]);
    assert_eq!(cell(&after[2], "text"), Some("Nothing to see."));
    let numbers: Vec<&str> = after[..3].iter().map(|row| cell(row, "number").unwrap()).collect();
    assert_eq!((numbers[0] == numbers[2], numbers[0] == numbers[1]), (true, false), "{numbers:?}");
    assert!(numbers.iter().all(|number| number.len() == NUMBER.len() && *number != NUMBER), "{numbers:?}");
    assert!(after[..3].iter().all(|row| cell(row, "state") == Some("open")));
    assert_eq!(after[3], before[3], "somebody else's row stays as it is");
    let receipt: Value = house.get(&operator("acme"), &format!("/jobs/{id}")).body;
    assert_eq!(receipt["status"], "completed", "{receipt}");
    house.assert_rest();
}

#[test]
fn what_was_rewritten_is_not_rewritten_again() {
    let mut house = house();
    let erase = |house: &mut House| {
        let id = planned(house, ADA);
        approved(house, &id);
        house.world.run_until(house.world.memory.now() + WEEK);
        house.world.run_until_idle();
        assert_eq!(house.status("acme", &id), "completed");
        tickets(house)
    };
    let once = erase(&mut house);
    // The rows that stayed are found by nothing that names the person: they are put back under the address.
    house.world.memory.change_sources(|sources| {
        let table = sources.table("desk.tickets");
        let rows: Vec<(u64, Datum)> = table.numbered().map(|(at, row)| (at, row.clone())).collect();
        for (at, row) in rows.into_iter().take(3) {
            let Datum::Map(mut entries) = row else { panic!("a row") };
            entries.push(("email".to_owned(), Datum::Text(ADA.email.to_owned())));
            table.replace(at, Datum::Map(entries));
        }
    });
    let twice = erase(&mut house);
    for (once, twice) in once.iter().zip(&twice) {
        assert_eq!((cell(once, "text"), cell(once, "number")), (cell(twice, "text"), cell(twice, "number")));
    }
}
