//! Time slices: however often work is cut, the archive is the same bytes, and nothing is collected twice.

use habeas_tests::sample::Person;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::owner;
use crate::house::{House, Settings, files, rows};
use crate::maps::{map, row, set, table, world};

const MEMBERS: usize = 120;
const NOTES_EACH: usize = 5;
const NOBODY: Person = Person { tenant: "acme", id: "", email: "", canary: "canary-none" };

fn house() -> House {
    let sets = [
        set("a", &[table("users", &["id key", "email email", "organization_id organization_id", "tenant"])]),
        set("b", &[table("notes", &["id key", "user -> a.users.id", "text", "tenant"])]),
        set("c", &[table("marks", &["id key", "note -> b.notes.id", "tenant"])]),
    ];
    let world = world(&map(&sets));
    world.memory.change_sources(|sources| {
        for at in 0..MEMBERS {
            let (user, email) = (format!("u{at:04}"), format!("m{at}.canary@example.com"));
            let organization = if at % 10 == 9 { "org-2" } else { "org-1" };
            let cells = [("id", user.as_str()), ("email", &email), ("organization_id", organization)];
            sources.table("a.users").insert(row("acme", &cells));
            for number in 0..NOTES_EACH {
                let note = format!("{user}-n{number}");
                let text = format!("canary-{organization} {}", "words ".repeat(number * 30));
                sources.table("b.notes").insert(row("acme", &[("id", &note), ("user", &user), ("text", &text)]));
                sources.table("c.marks").insert(row("acme", &[("id", &format!("{note}-m")), ("note", &note)]));
            }
        }
    });
    House::over(world, Settings::default())
}

/// The archive and how many slices ended before their work.
fn exported(slice: SignedDuration, tick: SignedDuration, stop_at: Option<usize>) -> (Vec<u8>, usize) {
    let mut house = house();
    let boss = owner("acme", "org-1");
    let id = house.submit(&boss, "/export", &json!({"format": "both"}), NOBODY);
    house.world.slice = slice;
    house.world.memory.change(|state| state.tick = tick);
    if let Some(messages) = stop_at {
        house.deliver(messages);
        house.world.memory.change(|state| state.queues.purge());
        house.world.restart();
    }
    house.world.run_until_idle();
    house.world.memory.change(|state| state.tick = SignedDuration::ZERO);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    let ended = house.world.audit_trail(&id.parse().unwrap());
    let slices = ended.iter().filter(|event| event.reason.as_deref() == Some("slice ended")).count();
    let archive = house.fetch(&boss, &id);
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
    (archive, slices)
}

/// The rows in the archive by their ids; how they are cut into segments follows the slices.
fn content(archive: &[u8]) -> Vec<Vec<serde_json::Value>> {
    let found = files(archive);
    let sorted = |name| {
        let mut rows = rows(&found, name);
        rows.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
        rows
    };
    ["a.users", "b.notes", "c.marks"].map(sorted).to_vec()
}

#[test]
fn cut_work_gives_the_rows_of_uncut_work() {
    let (whole, uncut) = exported(SignedDuration::from_secs(96), SignedDuration::ZERO, None);
    let members = MEMBERS - MEMBERS / 10;
    let counts: Vec<usize> = content(&whole).iter().map(Vec::len).collect();
    assert_eq!((uncut, counts), (0, vec![members, members * NOTES_EACH, members * NOTES_EACH]));
    let text: Vec<u8> = files(&whole).into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&text).contains("canary-org-2"));
    for seconds in [3, 10, 40] {
        let (cut, slices) = exported(SignedDuration::from_secs(seconds), SignedDuration::from_millis(250), None);
        assert!(slices >= 3, "{slices} slices at {seconds} s");
        assert_eq!(content(&cut), content(&whole), "slices of {seconds} s");
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let zero = SignedDuration::ZERO;
    let slice = SignedDuration::from_secs(96);
    let (first, second) = (exported(slice, zero, None), exported(slice, zero, None));
    assert_eq!(first.0, second.0);
    for messages in [1, 2, 3, 4] {
        let (resumed, _) = exported(slice, zero, Some(messages));
        assert_eq!(content(&resumed), content(&first.0), "queues purged after {messages}");
    }
}
