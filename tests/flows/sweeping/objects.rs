//! Objects that outlived their policy: pictures by the day in their key, rows in objects by their time; held ones stay.

use std::sync::{Arc, LazyLock};

use adapters_memory::{Fault, MediaObject, Mutants, Point, Side};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use datamap::DataMap;
use domain::retention_run::{RunPhase, Tally};
use habeas_tests::executor::run;
use habeas_tests::handlers::Handlers;
use habeas_tests::sample::tenant;
use serde_json::{Value, json};

use super::scene::{DAY, ROOMY, Scene, row_of};
use super::{place, tally};
use crate::caller::dpo;
use crate::house::House;

const MAP: &str = r"
dataset:
  - fides_key: chat
    name: Chat
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
      - name: pictures
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }] }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
      - name: visits
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }], primary_key: true }
          - { name: at, data_categories: [system.operations], fides_meta: { data_type: string } }
      - name: events
        fides_meta: { skip_processing: true }
        fields:
          - { name: id, data_categories: [system.operations], fides_meta: { primary_key: true, data_type: string } }
          - { name: at, data_categories: [system.operations], fides_meta: { data_type: string } }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
connection:
  - fides_key: tables
    datasets: [chat]
    connector: dynamodb
    region: eu-central-1
    collections:
      people: { table: people, indexes: { email: by-email } }
      events:
        table: events
        retention:
          class: job_executions_days
          time_field: at
          index: { name: by-day, partition_field: day, days_since: 2025-01-01 }
  - fides_key: objects
    datasets: [chat]
    connector: s3
    region: eu-central-1
    collections:
      pictures:
        bucket: b
        format: media
        key_template: pictures/{person}/{day}/
        retention: { class: messages_days, time_field: day, archive: true }
      visits:
        bucket: b
        prefix: visits/
        format: ndjson
        retention: { class: messages_days, time_field: at, archive: true }
";

static COMPILED: LazyLock<Arc<DataMap>> = LazyLock::new(|| {
    let checked = datamap::read_strs(&[("chat.yml", MAP)]);
    Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)))
});

const OLD: &str = "2025-06-01";
const NEW: &str = "2026-02-20";

/// Ada and Bob, each with an old and a new picture and visit, and two events; the new policy was reported.
fn reported() -> Scene {
    let mut scene = Scene::bare(Mutants::NONE, ROOMY, &COMPILED);
    scene.memory.change_sources(|sources| {
        for person in ["ada", "bob"] {
            let (id, email) = (format!("p-{person}"), format!("{person}.canary@example.com"));
            sources.table("chat.people").insert(row_of(&[("id", &id), ("email", &email)]));
            for day in [OLD, NEW] {
                let key = format!("pictures/{id}/{day}/a.png");
                sources.put_media("chat.pictures", &key, picture(&format!("canary {person} {day}")));
                let at = format!("{day}T10:00:00Z");
                sources.table("chat.visits").insert(row_of(&[("person", &id), ("at", &at)]));
                sources.table("chat.events").insert(row_of(&[("id", &key), ("at", &at), ("day", day)]));
            }
        }
    });
    scene.night("acme");
    scene.memory.advance(DAY);
    scene
}

fn picture(text: &str) -> MediaObject {
    let bytes = Arc::new(text.as_bytes().to_vec());
    MediaObject { etag: text.len().to_string(), content_type: None, written_at: None, bytes }
}

fn pictures(scene: &Scene) -> Vec<String> {
    scene.memory.inspect(|state| state.sources.media["chat.pictures"].keys().cloned().collect())
}

/// What the archived pictures hold.
fn archived_pictures(scene: &Scene) -> Vec<String> {
    let content = |row: Vec<u8>| {
        let row: Value = serde_json::from_slice(&row).unwrap();
        Some(String::from_utf8(BASE64.decode(row["content"].as_str()?).unwrap()).unwrap())
    };
    scene.archived(&tenant("acme")).into_iter().filter_map(content).collect()
}

#[test]
fn objects_and_rows_in_objects_leave_archived_and_those_of_held_people_stay() {
    let mut scene = reported();
    let handlers = Handlers::new(&scene.memory);
    run(&scene.memory, place(&handlers, "ada")).answer();
    scene.night("acme");
    let told = Tally { scanned: 4, expired: 2, archived: 1, deleted: 1, held: 1, ..Tally::default() };
    assert_eq!((tally(&scene, "chat.pictures"), tally(&scene, "chat.visits")), (told, told));
    let left = ["p-ada/2025-06-01", "p-ada/2026-02-20", "p-bob/2026-02-20"];
    assert_eq!(pictures(&scene), left.map(|it| format!("pictures/{it}/a.png")));
    assert_eq!(archived_pictures(&scene), ["canary bob 2025-06-01"]);
    let events = tally(&scene, "chat.events");
    assert_eq!((events.archived, events.deleted, scene.archived(&tenant("acme")).len()), (2, 2, 4));
}

#[test]
fn a_death_at_any_call_changes_nothing_of_what_leaves() {
    let mut scene = reported();
    scene.memory.change(|state| state.faults.reset());
    let before = scene.memory.snapshot();
    scene.night("acme");
    let calls = scene.memory.inspect(|state| state.faults.calls().len()) as u64;
    let (calm, archived) = (pictures(&scene), scene.archived(&tenant("acme")));
    for call in 0..calls {
        scene.memory.restore(&before);
        scene.memory.change(|state| {
            state.faults.reset();
            state.faults.plan(Point { call, side: Side::After }, Fault::Crash);
        });
        scene.night("acme");
        assert_eq!(pictures(&scene), calm, "{call}");
        assert!(scene.archived(&tenant("acme")) == archived, "{call}: something else is archived");
        let told = tally(&scene, "chat.pictures");
        assert_eq!((told.archived, told.deleted, told.failed), (2, 2, 0), "{call}");
    }
}

#[test]
fn an_object_that_is_written_anew_while_it_is_archived_stays() {
    let mut stayed = 0;
    let scene = reported();
    let before = scene.memory.snapshot();
    for calls in 0..60 {
        scene.memory.restore(&before);
        let key = format!("pictures/p-ada/{OLD}/a.png");
        let asked = workflow::sweep_retention::Asked { tenant: Some(tenant("acme")), ..Default::default() };
        let ends_at = scene.memory.now() + jiff::SignedDuration::from_mins(14);
        let mut night = habeas_tests::executor::Held::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        night.make_calls(calls);
        let is_there = pictures(&scene).contains(&key);
        if is_there {
            scene.memory.change_sources(|sources| sources.put_media("chat.pictures", &key, picture("said anew")));
        }
        night.finish().expect("nothing dies here").expect("a tenant that is named is told");
        let lost = is_there && !pictures(&scene).contains(&key);
        assert!(!lost || archived_pictures(&scene).contains(&"said anew".to_owned()), "{calls}: gone unarchived");
        stayed += u32::from(is_there && !lost);
    }
    assert!(stayed > 0, "no change ever met the sweep");
}

#[test]
fn rows_of_nobody_are_archived_as_a_table_and_found_by_their_index() {
    let mut scene = reported();
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.events").phase, RunPhase::Ended);
    let names: Vec<String> = scene.memory.inspect(|state| state.evidence.objects.keys().cloned().collect());
    let of_events: Vec<&String> = names.iter().filter(|name| name.contains("chat.events")).collect();
    assert!(of_events.iter().any(|name| name.ends_with(".parquet")), "{of_events:?}");
    let mut house =
        House::over(habeas_tests::world::World::over(scene.memory.clone()), crate::house::Settings::default());
    let told = house.get(&dpo("acme"), "/retention/schedule").body;
    let found_by = |id: &str| {
        let one = told["collections"].as_array().unwrap().iter().find(|it| it["collection"] == id).unwrap();
        (one["found_by"].clone(), one["index"].clone())
    };
    assert_eq!(found_by("chat.events"), (json!("index"), json!("by-day")));
    assert_eq!(found_by("chat.pictures"), (json!("whole_objects"), Value::Null));
    assert_eq!(found_by("chat.visits"), (json!("rows_in_objects"), Value::Null));
}

/// With an index nothing but what expired is read: what share that is, the table itself must say.
#[test]
fn the_cap_counts_all_rows_of_a_table_that_is_found_by_index() {
    let scene = reported();
    let row = |number: u32| row_of(&[("id", &number.to_string()), ("at", "2025-06-01T10:00:00Z"), ("day", OLD)]);
    scene.memory.change_sources(|sources| {
        for number in 0..150 {
            sources.table("chat.events").insert(row(number));
        }
    });
    let percent = |percent| workflow::sweep_retention::Cap { rows: 100_000, percent };
    let before = scene.memory.snapshot();
    for (cap, phase) in [(percent(50), RunPhase::BeyondCap), (percent(99), RunPhase::Ended)] {
        scene.memory.restore(&before);
        let mut night = Scene::over(scene.memory.clone(), cap);
        night.night("acme");
        assert_eq!(night.run_of("acme", "chat.events").phase, phase);
    }
}
