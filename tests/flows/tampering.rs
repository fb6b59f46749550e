//! Stored things that somebody has changed: the job is parked, and nothing of it is handed out.

use std::sync::Arc;

use domain::record::Record;
use domain::step::{Checkpoint, StepKind};
use habeas_tests::sample::{ADA, BOB, Person, tenant};
use serde_json::json;

use crate::caller::{operator, subject};
use crate::house::{House, access};

/// A job of a person up to the message after which `fits` holds.
fn until(house: &mut House, person: Person, fits: impl Fn(&House, &str) -> bool) -> String {
    let id = house.submit(&subject(person), "/me/export", &json!({}), person);
    for _ in 0..200 {
        if fits(house, &id) {
            return id;
        }
        assert_eq!(house.deliver(1), 1, "the moment never came");
    }
    panic!("the moment never came");
}

fn flip(house: &House, key: &str, at: usize) {
    house.world.memory.change(|state| {
        let object = state.objects.stored.get_mut(key).unwrap();
        let bytes = Arc::make_mut(&mut object.bytes);
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1;
    });
}

/// The job waits for a person and nobody gets a byte.
fn assert_parked(house: &mut House, person: Person, id: &str, because: &str) {
    house.world.run_until_idle();
    let job = house.job("acme", id);
    assert_eq!(job.status.to_string(), "needs_human", "{because}");
    let told = job.parked_because.unwrap();
    assert!(told.contains(because) && !told.contains("canary"), "{told}");
    let answer = house.get(&subject(person), &format!("/jobs/{id}/download"));
    assert!(matches!(answer.status, 403 | 409), "{}", answer.body);
    assert!(house.world.memory.inspect(|state| !state.alerts.is_empty()));
    let links = house.world.memory.inspect(|state| state.objects.links.len());
    assert_eq!(links, 0);
}

fn shards(house: &House, id: &str) -> Vec<String> {
    house.objects(id).into_iter().filter(|key| key.contains("/shard-")).collect()
}

#[test]
fn a_changed_byte_anywhere_in_a_plan_parks_the_job() {
    for at in [0, 1, 32, 44, 60, usize::MAX] {
        let mut house = House::new();
        let id = until(&mut house, ADA, |house, id| !shards(house, id).is_empty());
        for key in shards(&house, &id) {
            flip(&house, &key, at);
        }
        assert_parked(&mut house, ADA, &id, "the sealed plan does not open");
    }
}

#[test]
fn a_plan_of_somebody_else_or_of_another_shard_parks_the_job() {
    let mut house = House::new();
    let bob = until(&mut house, BOB, |house, id| house.status("acme", id) == "completed");
    let ada = until(&mut house, ADA, |house, id| !shards(house, id).is_empty());
    let (own, foreign) = (shards(&house, &ada), shards(&house, &bob));
    house.world.memory.change(|state| {
        let stolen = state.objects.stored[foreign[0].as_str()].clone();
        for key in &own {
            state.objects.stored.insert(key.as_str().into(), stolen.clone());
        }
    });
    assert_parked(&mut house, ADA, &ada, "the sealed plan does not open");
    let mut house = House::new();
    let id = until(&mut house, ADA, |house, id| shards(house, id).len() > 1);
    let keys = shards(&house, &id);
    house.world.memory.change(|state| {
        let first = state.objects.stored[keys[0].as_str()].clone();
        let second = state.objects.stored.insert(keys[1].as_str().into(), first).unwrap();
        state.objects.stored.insert(keys[0].as_str().into(), second);
    });
    assert_parked(&mut house, ADA, &id, "the sealed plan does not open");
}

#[test]
fn a_missing_plan_parks_the_job() {
    let mut house = House::new();
    let id = until(&mut house, ADA, |house, id| !shards(house, id).is_empty());
    let keys = shards(&house, &id);
    house.world.memory.change(|state| state.objects.stored.retain(|key, _| !keys.contains(&key.to_string())));
    assert_parked(&mut house, ADA, &id, "collect: ");
}

#[test]
fn a_changed_request_contact_or_cursor_does_not_open() {
    let spoil = |body: &mut String| {
        let at = body.len() / 2;
        let other = if body.as_bytes()[at] == b'A' { "B" } else { "A" };
        body.replace_range(at..=at, other);
    };
    for field in ["request", "contact"] {
        let mut house = House::new();
        let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
        if field == "contact" {
            house.world.run_until_idle();
        }
        let mut job = house.job("acme", &id);
        match field {
            "request" => spoil(&mut job.request.body),
            _ => spoil(&mut job.contact.as_mut().unwrap().body),
        }
        house.world.memory.plant(Record::Job(Box::new(job)));
        if field == "contact" {
            house.prove(&operator("acme"), &id);
        }
        assert_parked(&mut house, ADA, &id, &format!("the sealed {field} does not open"));
    }
}

#[test]
fn a_sealed_field_of_another_job_does_not_open() {
    let mut house = House::new();
    let ada = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let bob = house.submit(&operator("acme"), "/requests", &access(BOB.email), BOB);
    let mut job = house.job("acme", &ada);
    job.request = house.job("acme", &bob).request;
    house.world.memory.plant(Record::Job(Box::new(job)));
    assert_parked(&mut house, ADA, &ada, "the sealed request does not open");
    assert_eq!(house.mails(&ada), []);
}

#[test]
fn a_changed_cursor_parks_the_shard() {
    let cut = |house: &House, id: &str| {
        house.steps("acme", id).into_iter().find(|step| {
            matches!(&step.checkpoint, Some(Checkpoint::Collect(state)) if state.cursor.is_some())
                && step.kind == StepKind::Collect
        })
    };
    let found = (6..40).find_map(|calls| {
        let mut house = House::new();
        let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
        house.world.slice = jiff::SignedDuration::from_millis(calls);
        house.world.memory.change(|state| state.tick = jiff::SignedDuration::from_millis(1));
        let step = (0..60).find_map(|_| {
            house.deliver(1);
            cut(&house, &id)
        });
        step.map(|step| (house, id, step))
    });
    let (mut house, id, mut step) = found.expect("no slice was cut");
    let Some(Checkpoint::Collect(state)) = &mut step.checkpoint else { panic!("found by its cursor") };
    let body = &mut state.cursor.as_mut().unwrap().body;
    let swapped: String = body.chars().rev().collect();
    *body = swapped;
    house.world.memory.plant(Record::Step(Box::new(step)));
    house.world.memory.change(|state| state.tick = jiff::SignedDuration::ZERO);
    house.world.slice = jiff::SignedDuration::from_secs(96);
    assert_parked(&mut house, ADA, &id, "the sealed cursor does not open");
}

#[test]
fn a_changed_key_record_opens_nothing() {
    let mut house = House::new();
    let ada = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let bob = house.submit(&operator("acme"), "/requests", &access(BOB.email), BOB);
    house.world.memory.change(|state| {
        let key_of = |id: &str| {
            domain::record::KeyRecord::key_of(
                &tenant("acme"),
                &domain::record::KeyRecord::job_owner(&id.parse().unwrap()),
            )
        };
        let foreign = Arc::clone(&state.items[&key_of(&bob)]);
        let Record::Key(mut stolen) = Record::clone(&foreign) else { panic!("keys are keys") };
        stolen.owner = domain::record::KeyRecord::job_owner(&ada.parse().unwrap());
        state.items.insert(Arc::new(key_of(&ada)), Arc::new(Record::Key(stolen)));
    });
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &ada), house.mails(&ada)), ("needs_human".to_owned(), Vec::new()));
    assert_eq!(house.mails(&bob).len(), 2);
}

fn part_keys(house: &House, id: &str) -> Vec<String> {
    house.objects(id).into_iter().filter(|key| key.starts_with("parts/")).collect()
}

#[test]
fn a_changed_or_foreign_part_is_not_joined() {
    let mut house = House::new();
    let bob = until(&mut house, BOB, |house, id| house.status("acme", id) == "completed");
    let foreign = part_keys(&house, &bob);
    let id = until(&mut house, ADA, |house, id| part_keys(house, id).len() == 2);
    let keys = part_keys(&house, &id);
    house.world.memory.change(|state| {
        let stolen = state.objects.stored[foreign[0].as_str()].clone();
        state.objects.stored.insert(keys[0].as_str().into(), stolen);
    });
    house.world.run_until_idle();
    let leaked = house.world.memory.inspect(|state| {
        let archive = state.objects.stored.get(format!("exports/acme/{id}.zip").as_str());
        archive.is_some_and(|archive| {
            let found = crate::house::files(&archive.bytes);
            found.values().any(|bytes| String::from_utf8_lossy(bytes).contains("canary-bob"))
        })
    });
    assert!(!leaked, "a part of somebody else is in the archive");
    assert_eq!(house.status("acme", &id), "needs_human");
}

#[test]
fn a_changed_index_of_a_part_parks_the_job() {
    for cut in [2, 5] {
        let mut house = House::new();
        let id = until(&mut house, ADA, |house, id| part_keys(house, id).len() == 2);
        let key = part_keys(&house, &id).remove(0);
        house.world.memory.change(|state| {
            let object = state.objects.stored.get_mut(key.as_str()).unwrap();
            let bytes = Arc::make_mut(&mut object.bytes);
            bytes.truncate(bytes.len() - cut);
        });
        house.world.run_until_idle();
        assert_eq!(house.status("acme", &id), "needs_human", "cut by {cut}");
    }
}

/// Before the archive is joined: every part is there, and its job has not ended.
fn collected(house: &mut House, body: &serde_json::Value) -> (String, Vec<String>) {
    let id = house.submit(&subject(ADA), "/me/export", body, ADA);
    for _ in 0..200 {
        let steps = house.steps("acme", &id);
        let waits = steps.iter().any(|step| step.kind == StepKind::Package);
        let mut shards = steps.iter().filter(|step| step.kind == StepKind::Collect).peekable();
        if waits && shards.peek().is_some() && shards.all(|step| step.state == domain::step::StepState::Done) {
            let keys = part_keys(house, &id);
            return (id, keys);
        }
        assert_eq!(house.deliver(1), 1, "the moment never came");
    }
    panic!("the moment never came");
}

fn part_bytes(house: &House, key: &str) -> usize {
    house.world.memory.inspect(|state| state.objects.stored[key].bytes.len())
}

#[test]
fn a_changed_byte_anywhere_in_a_part_parks_the_job() {
    let mut house = House::new();
    let (_, keys) = collected(&mut house, &json!({}));
    let (parts, bytes) = (keys.len(), part_bytes(&house, &keys[0]));
    for part in 0..parts {
        for at in (0..bytes).step_by(bytes / 23 + 1).chain([bytes - 1]) {
            let mut house = House::new();
            let (id, keys) = collected(&mut house, &json!({}));
            flip(&house, &keys[part], at);
            assert_parked(&mut house, ADA, &id, "part");
            assert!(!house.objects(&id).iter().any(|key| key.starts_with("exports/")), "an archive was written");
        }
    }
}

#[test]
fn swapped_parts_and_parts_of_others_park_the_job() {
    let mut house = House::new();
    let (id, keys) = collected(&mut house, &json!({}));
    assert!(keys.len() > 1, "nothing to swap");
    house.world.memory.change(|state| {
        let first = state.objects.stored[keys[0].as_str()].clone();
        let second = state.objects.stored.insert(keys[1].as_str().into(), first).unwrap();
        state.objects.stored.insert(keys[0].as_str().into(), second);
    });
    assert_parked(&mut house, ADA, &id, "part");
}

#[test]
fn a_changed_byte_in_a_file_of_many_pieces_parks_the_job_also_after_slices() {
    const BYTES: usize = 20 * 1024 * 1024;
    for (at, sliced) in [(70, false), (BYTES / 2, false), (BYTES / 2, true), (BYTES - 1, true), (usize::MAX, false)] {
        let mut house = House::new();
        house.world.memory.change_sources(|sources| {
            let picture = adapters_memory::MediaObject {
                written_at: None,
                etag: "1".to_owned(),
                content_type: Some("image/png".to_owned()),
                bytes: Arc::new(ADA.canary.bytes().cycle().take(BYTES).collect()),
            };
            sources.put_media("media.pictures", &format!("u/{}/film.png", ADA.id), picture);
        });
        let (id, keys) = collected(&mut house, &json!({"include_media": true}));
        let large = keys.iter().find(|key| part_bytes(&house, key) > BYTES).unwrap();
        flip(&house, large, at);
        if sliced {
            house.world.slice = jiff::SignedDuration::from_millis(4);
            house.world.memory.change(|state| state.tick = jiff::SignedDuration::from_millis(1));
        }
        assert_parked(&mut house, ADA, &id, "part");
        assert!(!house.objects(&id).iter().any(|key| key.starts_with("exports/")), "an archive was written");
    }
}
