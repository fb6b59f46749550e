//! The walk through the reference graph, seen from the archive: fan-out, composite keys, cycles, several identities, two paths.

use habeas_tests::sample::Person;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{dpo, operator, session};
use crate::house::{House, Settings, files, rows};
use crate::maps::{map, row, set, table, world};

const MAX: Person = Person { tenant: "acme", id: "u1", email: "max.canary@example.com", canary: "canary-max" };

type Filler = fn(&mut adapters_memory::Sources);

/// The rows of Max in each collection, as JSON lists of the field `id`.
fn exported(sets: &[(String, String)], fill: Filler, collections: &[&str]) -> Vec<Vec<String>> {
    let world = world(&map(sets));
    world.memory.change_sources(fill);
    let mut house = House::over(world, Settings::default());
    let caller = session("acme", MAX.email);
    let id = house.submit(&caller, "/me/export", &json!({}), MAX);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    let found = files(&house.fetch(&caller, &id));
    let ids = |name: &&str| {
        let mut ids: Vec<String> =
            rows(&found, name).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let read = collections.iter().map(ids).collect();
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
    read
}

#[test]
fn a_chain_fans_out_through_four_hops_and_no_further_than_its_own() {
    let sets = [set(
        "a",
        &[
            table("users", &["id key", "email email", "tenant"]),
            table("teams", &["id key", "owner -> a.users.id", "tenant"]),
            table("boards", &["id key", "team -> a.teams.id", "tenant"]),
            table("cards", &["id key", "board -> a.boards.id", "tenant"]),
            table("marks", &["id key", "card -> a.cards.id", "tenant"]),
        ],
    )];
    let fill: Filler = |sources| {
        for (user, email) in [("u1", MAX.email), ("u2", "eva.canary@example.com")] {
            sources.table("a.users").insert(row("acme", &[("id", user), ("email", email)]));
            for a in 0..3 {
                let team = format!("{user}-{a}");
                sources.table("a.teams").insert(row("acme", &[("id", &team), ("owner", user)]));
                for b in 0..3 {
                    let board = format!("{team}-{b}");
                    sources.table("a.boards").insert(row("acme", &[("id", &board), ("team", &team)]));
                    for c in 0..3 {
                        let card = format!("{board}-{c}");
                        sources.table("a.cards").insert(row("acme", &[("id", &card), ("board", &board)]));
                        let mark = format!("{card}-m");
                        sources.table("a.marks").insert(row("acme", &[("id", &mark), ("card", &card)]));
                    }
                }
            }
        }
    };
    let found = exported(&sets, fill, &["a.users", "a.teams", "a.boards", "a.cards", "a.marks"]);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3, 9, 27, 27]);
    assert!(found.iter().flatten().all(|id| id.starts_with("u1")));
}

#[test]
fn a_row_that_two_paths_reach_is_exported_once() {
    let sets = [set(
        "a",
        &[
            table("users", &["id key", "email email", "tenant"]),
            table(
                "messages",
                &["id key", "sender -> a.users.id", "receiver -> a.users.id", "reply_email email", "tenant"],
            ),
        ],
    )];
    let fill: Filler = |sources| {
        for (user, email) in [("u1", MAX.email), ("u2", "eva.canary@example.com"), ("u3", "tom.canary@example.com")] {
            sources.table("a.users").insert(row("acme", &[("id", user), ("email", email)]));
        }
        let messages = [
            ("m1", "u1", "u2", ""),
            ("m2", "u2", "u1", ""),
            ("m3", "u1", "u1", MAX.email),
            ("m4", "u2", "u3", ""),
            ("m5", "u2", "u3", MAX.email),
            ("m6", "u1", "u3", "eva.canary@example.com"),
        ];
        for (id, sender, receiver, email) in messages {
            let cells = [("id", id), ("sender", sender), ("receiver", receiver), ("reply_email", email)];
            sources.table("a.messages").insert(row("acme", &cells));
        }
    };
    let found = exported(&sets, fill, &["a.messages"]);
    assert_eq!(found[0], ["m1", "m2", "m3", "m5", "m6"]);
}

#[test]
fn cycles_end() {
    let sets = [
        set("a", &[table("users", &["id key", "email email", "boss -> a.users.id", "tenant"])]),
        set("b", &[table("notes", &["id key", "user -> a.users.id", "about -> b.notes.id", "tenant"])]),
    ];
    let fill: Filler = |sources| {
        sources.table("a.users").insert(row("acme", &[("id", "u1"), ("email", MAX.email), ("boss", "u1")]));
        for (id, user, about) in [("n1", "u1", "n2"), ("n2", "u1", "n3"), ("n3", "u1", "n1"), ("n4", "u9", "n9")] {
            sources.table("b.notes").insert(row("acme", &[("id", id), ("user", user), ("about", about)]));
        }
    };
    let found = exported(&sets, fill, &["a.users", "b.notes"]);
    assert_eq!(found, [vec!["u1".to_owned()], ["n1", "n2", "n3"].map(str::to_owned).to_vec()]);
}

#[test]
fn identities_met_on_the_way_lead_further_within_the_tenant() {
    let sets = [
        set("a", &[table("users", &["id key", "email email", "phone phone_number", "tenant"])]),
        set("b", &[table("calls", &["id key", "phone phone_number", "tenant"])]),
        set("c", &[table("posts", &["id key", "email email", "tenant"])]),
    ];
    let fill: Filler = |sources| {
        sources.table("a.users").insert(row("acme", &[("id", "u1"), ("email", MAX.email), ("phone", "+49301234567")]));
        sources.table("b.calls").insert(row("acme", &[("id", "c1"), ("phone", "+49301234567")]));
        sources.table("b.calls").insert(row("globex", &[("id", "c2"), ("phone", "+49301234567")]));
        sources.table("b.calls").insert(row("acme", &[("id", "c3"), ("phone", "+49307654321")]));
        sources.table("c.posts").insert(row("acme", &[("id", "p1"), ("email", MAX.email)]));
        sources.table("c.posts").insert(row("globex", &[("id", "p2"), ("email", MAX.email)]));
    };
    let found = exported(&sets, fill, &["a.users", "b.calls", "c.posts"]);
    assert_eq!(found.concat(), ["u1", "c1", "p1"]);
}

#[test]
fn several_identities_of_a_request_are_searched_when_an_officer_vouches_and_only_the_proven_one_otherwise() {
    for (vouched, expected) in [(true, vec!["u1", "u7"]), (false, vec!["u1"])] {
        let sets = [set("a", &[table("users", &["id key", "email email", "account user_id", "tenant"])])];
        let world = world(&map(&sets));
        world.memory.change_sources(|sources| {
            sources.table("a.users").insert(row("acme", &[("id", "u1"), ("email", MAX.email), ("account", "a1")]));
            sources
                .table("a.users")
                .insert(row("acme", &[("id", "u7"), ("email", "old.canary@example.com"), ("account", "a7")]));
        });
        let mut house = House::over(world, Settings::default());
        let identities = json!([{"type": "email", "value": MAX.email}, {"type": "user_id", "value": "a7"}]);
        let body: Value = json!({"type": "access", "subject": {"identities": identities}});
        let id = house.submit(&operator("acme"), "/requests", &body, MAX);
        house.world.run_until_idle();
        if vouched {
            let word = json!({"method": "passport", "note": "n"});
            assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &word).status, 200);
        } else {
            house.prove(&operator("acme"), &id);
        }
        house.world.run_until_idle();
        let found = files(&house.fetch(&session("acme", MAX.email), &id));
        let mut ids: Vec<String> =
            rows(&found, "a.users").iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        assert_eq!(ids, expected, "vouched: {vouched}");
    }
}
