//! Every export holds its own person and nobody else (INV-X2): 210 people in two tenants who share ids and addresses.

use habeas_tests::sample::Person;

use crate::caller::session;
use crate::house::{House, Settings, files, rows};
use crate::maps::{map, row, set, table, world};
use serde_json::json;

const PEOPLE_EACH: usize = 105;

struct One {
    person: Person,
    id: String,
    phone: String,
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// People of both tenants; the same number has the same id, address and telephone in each.
fn people() -> Vec<One> {
    let one = |tenant: &'static str, at: usize| {
        let email = leaked(format!("p{at:03}.canary@example.com"));
        let canary = leaked(format!("canary-{tenant}-{at:03}-end"));
        One {
            person: Person { tenant, id: "", email, canary },
            id: format!("u{at:03}"),
            phone: format!("+4930000{at:04}"),
        }
    };
    ["acme", "globex"].iter().flat_map(|tenant| (0..PEOPLE_EACH).map(|at| one(tenant, at))).collect()
}

fn filled(people: &[One]) -> House {
    let crm = set(
        "crm",
        &[
            table("users", &["id key", "email email", "phone phone_number", "name", "tenant"]),
            table("orders", &["id key", "user -> crm.users.id", "note", "tenant"]),
            table("lines", &["order key -> crm.orders.id", "number key", "goods", "tenant"]),
        ],
    );
    let desk = set("desk", &[table("tickets", &["id key", "phone phone_number", "text", "tenant"])]);
    let world = world(&map(&[crm, desk]));
    world.memory.change_sources(|sources| {
        for one in people {
            let Person { tenant, email, canary, .. } = one.person;
            let (id, phone) = (one.id.as_str(), one.phone.as_str());
            sources
                .table("crm.users")
                .insert(row(tenant, &[("id", id), ("email", email), ("phone", phone), ("name", canary)]));
            for order in 0..2 {
                let order = format!("o-{id}-{order}");
                sources.table("crm.orders").insert(row(tenant, &[("id", &order), ("user", id), ("note", canary)]));
                for number in ["1", "2"] {
                    let line = [("order", order.as_str()), ("number", number), ("goods", canary)];
                    sources.table("crm.lines").insert(row(tenant, &line));
                }
            }
            sources.table("desk.tickets").insert(row(tenant, &[("id", id), ("phone", phone), ("text", canary)]));
        }
    });
    House::over(world, Settings::default())
}

#[test]
fn each_of_210_exports_holds_its_own_rows_and_no_other() {
    let people = people();
    let mut house = filled(&people);
    let ids: Vec<String> = people
        .iter()
        .map(|one| {
            let caller = session(one.person.tenant, one.person.email);
            house.submit(&caller, "/me/export", &json!({"format": "both"}), one.person)
        })
        .collect();
    house.world.run_until_idle();
    for (one, id) in people.iter().zip(&ids) {
        let archive = house.fetch(&session(one.person.tenant, one.person.email), id);
        let found = files(&archive);
        let counts = ["crm.users", "crm.orders", "crm.lines", "desk.tickets"].map(|name| rows(&found, name).len());
        assert_eq!(counts, [1, 2, 4, 1], "{}", one.person.canary);
        let all: Vec<u8> = found.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes].concat()).collect();
        let all = String::from_utf8_lossy(&all);
        let canaries: Vec<&str> = all.match_indices("canary-").map(|(at, _)| &all[at..]).collect();
        assert_eq!(canaries.len(), 16, "{}: eight rows, in two forms", one.person.canary);
        assert!(canaries.iter().all(|text| text.starts_with(one.person.canary)), "{}", one.person.canary);
        // Every address and every number in it is the person's own; tenants tell them apart by the canaries above.
        for (mark, own) in [("@example.com", one.person.email), ("+4930000", one.phone.as_str())] {
            assert!(all.contains(own), "{}", one.person.canary);
            assert_eq!(all.matches(mark).count(), all.matches(own).count(), "{}", one.person.canary);
        }
    }
    house.world.advance(jiff::SignedDuration::from_hours(26));
    house.assert_rest();
}
