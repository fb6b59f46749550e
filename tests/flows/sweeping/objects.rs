//! Objects that outlived their policy: pictures by the day in their key, rows in objects by their time; held ones stay.

use std::sync::{Arc, LazyLock};

use adapters_memory::{Fault, MediaObject, Mutants, Point, Side, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use datamap::DataMap;
use domain::retention_run::{RunPhase, Tally};
use habeas_tests::executor::run;
use habeas_tests::handlers::Handlers;
use habeas_tests::retention_maps;
use habeas_tests::sample::tenant;
use serde_json::{Value, json};

use super::scene::{DAY, ROOMY, Scene, row_of};
use super::{place, tally};
use crate::caller::dpo;
use crate::house::House;

static COMPILED: LazyLock<Arc<DataMap>> = LazyLock::new(|| {
    let checked =
        datamap::read_strs(&[("chat.yml", retention_maps::objects_and_events("people", "b", "events").as_str())]);
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

/// The same where an object is longer than what is read of it at once.
fn reported_in_pieces() -> Scene {
    let scene = reported();
    scene.memory.change_sources(|sources| sources.content_bytes = 8);
    scene
}

/// The names of the pieces of long objects, by their manifests.
fn pieces(scene: &Scene) -> Vec<String> {
    let newest = |versions: &Vec<(Arc<Vec<u8>>, _)>| versions.last().unwrap().0.to_vec();
    let objects = scene.memory.inspect(|state| {
        let objects = state.evidence.objects.iter().filter(|(name, _)| name.ends_with(".manifest.json"));
        objects.map(|(_, versions)| newest(versions)).collect::<Vec<_>>()
    });
    let named = |manifest: Vec<u8>| {
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let pieces = manifest["pieces"].as_array().cloned().unwrap_or_default();
        pieces.iter().map(|piece| piece["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    objects.into_iter().flat_map(named).collect()
}

#[test]
fn a_long_object_is_archived_in_pieces_that_only_the_key_of_its_person_opens() {
    let mut scene = reported_in_pieces();
    scene.night("acme");
    assert_eq!(archived_pictures(&scene), ["canary ada 2025-06-01", "canary bob 2025-06-01"]);
    assert_eq!(pieces(&scene).len(), 6, "21 bytes each, 8 in a piece");
    let (is_plain, is_locked) = scene.memory.inspect(|state| {
        let all =
            || state.evidence.objects.iter().filter(|(name, _)| name.starts_with("retention/acme/chat.pictures/"));
        let holds = |bytes: &[u8]| bytes.windows(6).any(|some| some == b"canary");
        let begun = state.now - DAY;
        (
            all().any(|(_, versions)| versions.iter().any(|(bytes, _)| holds(bytes))),
            all().all(|(_, versions)| versions.iter().all(|(_, until)| *until > begun + DAY * 2_000)),
        )
    });
    assert!(!is_plain && is_locked, "plain {is_plain}, locked {is_locked}");
    let old = |key: &String| key.contains(OLD);
    assert!(!pictures(&scene).iter().any(old), "what is archived leaves");
}

#[test]
fn pieces_that_are_damaged_on_the_way_keep_their_object() {
    let mut scene = reported_in_pieces();
    let all = pictures(&scene);
    scene.memory.change(|state| state.evidence.is_damaging = true);
    let asked = workflow::sweep_retention::Asked { collection: Some("chat.pictures".to_owned()), ..Default::default() };
    let report = scene.slice("acme", &asked).answer();
    assert_eq!((report.failed, pictures(&scene)), (1, all));
    scene.memory.change(|state| state.evidence.is_damaging = false);
    scene.night("acme");
    assert_eq!(archived_pictures(&scene), ["canary ada 2025-06-01", "canary bob 2025-06-01"]);
}

#[test]
fn a_slice_that_ends_amid_an_object_goes_on_where_it_stood() {
    let scene = reported_in_pieces();
    let before = scene.memory.snapshot();
    let mut amid = 0;
    for milliseconds in 1..80 {
        scene.memory.restore(&before);
        let mut night = Scene::over(scene.memory.clone(), ROOMY);
        let asked = workflow::sweep_retention::Asked {
            tenant: Some(tenant("acme")),
            collection: Some("chat.pictures".to_owned()),
            ..Default::default()
        };
        let ends_at = night.memory.now() + jiff::SignedDuration::from_millis(milliseconds);
        let report = run(&night.memory, night.sweep.run(&asked, ends_at)).answer().unwrap();
        assert_eq!(report.failed, 0, "{milliseconds}");
        let written = night.memory.inspect(|state| {
            let is_piece = |name: &&String| name.starts_with("retention/acme/") && !name.contains("json");
            state.evidence.objects.keys().filter(is_piece).count()
        });
        amid += u32::from(report.is_unfinished && (1..6).contains(&written) && pictures(&night).len() == 4);
        night.night("acme");
        assert_eq!(archived_pictures(&night), ["canary ada 2025-06-01", "canary bob 2025-06-01"], "{milliseconds}");
        let told = tally(&night, "chat.pictures");
        assert_eq!((told.archived, told.deleted, told.failed, pictures(&night).len()), (2, 2, 0, 2), "{milliseconds}");
    }
    assert!(amid > 0, "no slice ended between two pieces");
}

#[test]
fn a_death_at_any_call_changes_nothing_of_what_leaves() {
    deaths_change_nothing(reported(), 1);
}

/// A piece that is there and holds the same is not written again: what is under lock can't be taken back.
#[test]
fn a_death_at_any_call_writes_no_piece_twice() {
    let scene = deaths_change_nothing(reported_in_pieces(), 3);
    assert_eq!(pieces(&scene).len(), 6);
}

/// Kills the sweep at every so many calls; what is left of the last one.
fn deaths_change_nothing(mut scene: Scene, step: usize) -> Scene {
    scene.memory.change(|state| state.faults.reset());
    let before = scene.memory.snapshot();
    scene.night("acme");
    let calls = scene.memory.inspect(|state| state.faults.calls().len()) as u64;
    let (calm, archived) = (pictures(&scene), scene.archived(&tenant("acme")));
    for call in (0..calls).step_by(step) {
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
        let names = pieces(&scene);
        let is_written_again = |state: &State| names.iter().any(|name| state.evidence.objects[name].len() != 1);
        assert!(!scene.memory.inspect(|state| is_written_again(state)), "{call}: pieces were written again");
    }
    scene
}

#[test]
fn an_object_that_is_written_anew_while_it_is_archived_stays() {
    written_anew_meanwhile(&reported());
}

#[test]
fn a_long_object_that_is_written_anew_between_two_pieces_stays() {
    written_anew_meanwhile(&reported_in_pieces());
}

fn written_anew_meanwhile(scene: &Scene) {
    let mut stayed = 0;
    let before = scene.memory.snapshot();
    for calls in 0..80 {
        scene.memory.restore(&before);
        let key = format!("pictures/p-ada/{OLD}/a.png");
        let asked = workflow::sweep_retention::Asked { tenant: Some(tenant("acme")), ..Default::default() };
        let ends_at = scene.memory.now() + jiff::SignedDuration::from_mins(14);
        let mut night = habeas_tests::executor::Held::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        night.make_calls(calls);
        let is_there = pictures(scene).contains(&key);
        if is_there {
            scene.memory.change_sources(|sources| sources.put_media("chat.pictures", &key, picture("said anew")));
        }
        night.finish().expect("nothing dies here").expect("a tenant that is named is told");
        let lost = is_there && !pictures(scene).contains(&key);
        assert!(!lost || archived_pictures(scene).contains(&"said anew".to_owned()), "{calls}: gone unarchived");
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

/// A long object goes part by part. Whoever dies behind the first part finds a row that equals one of it in what is left.
#[test]
fn a_row_that_equals_an_archived_one_is_archived_itself() {
    let scene = reported();
    let visit = |at: &str| row_of(&[("person", "p-ada"), ("at", at)]);
    scene.memory.change_sources(|sources| {
        (sources.page_rows, sources.versions) = (1, [("chat.visits".to_owned(), "v1".into())].into());
        for second in 0..40 {
            sources.table("chat.visits").insert(visit(&format!("{OLD}T11:00:{second:02}Z")));
        }
        sources.table("chat.visits").insert(visit(&format!("{OLD}T10:00:00Z")));
    });
    let before = scene.memory.snapshot();
    let mut met = 0;
    for calls in 0.. {
        scene.memory.restore(&before);
        let asked = workflow::sweep_retention::Asked {
            tenant: Some(tenant("acme")),
            collection: Some("chat.visits".to_owned()),
            ..Default::default()
        };
        let ends_at = scene.memory.now() + jiff::SignedDuration::from_mins(14);
        let mut dying = habeas_tests::executor::Held::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        dying.make_calls(calls);
        drop(dying);
        // The object is written anew once for each part, and a part is as many pages as a chunk has, two of them of what stays.
        let run = scene.run_of("acme", "chat.visits");
        if run.chunk > 0 {
            break;
        }
        if scene.memory.inspect(|state| state.removed.len()) != 30 {
            continue;
        }
        met += 1;
        scene.memory.change_sources(|sources| drop(sources.versions.insert("chat.visits".to_owned(), "v2".into())));
        let mut night = Scene::over(scene.memory.clone(), ROOMY);
        night.night("acme");
        let told = tally(&night, "chat.visits");
        assert_eq!((told.archived, told.deleted, told.failed), (43, 43, 0), "{calls}");
        assert_eq!(night.memory.inspect(|state| state.sources.tables["chat.visits"].rows().count()), 2, "{calls}");
    }
    assert!(met > 0, "nobody died behind the first part");
}
