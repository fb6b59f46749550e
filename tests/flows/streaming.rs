//! Masked streams: nothing lost, nothing doubled once equal ids are dropped, order kept, nobody readable, through any fault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adapters_memory::{Chaos, MemoryWorld, SplitMix};
use domain::ids::{JobId, OpNonce};
use domain::record::{Record, SuppressionRecord};
use domain::restriction::{guard_of, mark_of};
use domain::transition::{Change, Expect, Transition};
use habeas_tests::executor::{Ended, run};
use habeas_tests::sample::tenant;
use jiff::Timestamp;
use masking::Method;
use masking_stream::{handle, records_of};
use serde_json::{Value, json};
use workflow::keyring::Keyring;
use workflow::mask_stream::{KeptMasker, MaskStream, ObjectSink, StreamRecord, StreamReport};
use workflow::ports::EventSink;

const MAP: &str = "dataset:\n  - fides_key: shop\n    name: Shop\n    collections:\n      - name: customers\n        fields:\n          - name: id\n            data_categories: [user.unique_id]\n            fides_meta: { primary_key: true, identity: customer_id }\n          - name: full\n            data_categories: [user.name]\n          - name: n\n            data_categories: [system.operations]\n          - name: note\n            data_categories: [system.operations]\n";
const RECORDS: usize = 600;
const SHARDS: usize = 2;
const PEOPLE: usize = 37;
const BATCH: usize = 48;

fn world() -> MemoryWorld {
    let world = MemoryWorld::new(5, "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap());
    let map = datamap::read_strs(&[("shop.yml", MAP)]).map.unwrap();
    world.publish(&tenant("acme"), Arc::new(map)).unwrap();
    world
}

fn masking(world: &MemoryWorld, sink: Arc<dyn EventSink>) -> MaskStream {
    MaskStream {
        store: world.job_store(),
        maps: world.data_maps(),
        keyring: Arc::new(Keyring::new(world.job_store(), world.key_service(), world.entropy())),
        sink,
        clock: world.clock(),
        tenant: tenant("acme"),
        method: Method::Masking,
        consent: None,
        kept: KeptMasker::default(),
    }
}

fn objects(world: &MemoryWorld) -> Arc<dyn EventSink> {
    Arc::new(ObjectSink::new(world.export_store(), "masked"))
}

/// Record `at` of a shard; a person's records are all in one shard.
fn record(at: usize) -> StreamRecord {
    let person = at * 7 % PEOPLE;
    let row = json!({ "id": format!("canary-{person}"), "full": format!("Canary Person {person}"), "n": at,
        "note": format!("write to canary-{person}@example.com"), "phone": "+1 415 555 9317" });
    let operation = ["c", "u", "d"][at % 3];
    let (before, after) = if operation == "d" { (row, Value::Null) } else { (Value::Null, row) };
    let event = json!({ "before": before, "after": after, "source": { "table": "customers" }, "op": operation });
    StreamRecord {
        shard: format!("changes/shard-{}", person % SHARDS),
        sequence: (1_000 + at).to_string(),
        key: format!("canary-{person}").into_bytes(),
        collection: None,
        body: event.to_string().into_bytes(),
    }
}

fn shards() -> Vec<Vec<StreamRecord>> {
    let mut shards = vec![Vec::new(); SHARDS];
    for at in 0..RECORDS {
        shards[at * 7 % PEOPLE % SHARDS].push(record(at));
    }
    shards
}

/// Feeds a shard as Lambda does: the same records again after a crash, perhaps in other cuts; on from the failed one otherwise.
fn feed(world: &MemoryWorld, sink: &Arc<dyn EventSink>, shard: &[StreamRecord], random: &mut SplitMix) -> usize {
    let (mut at, mut attempts) = (0, 0);
    let mut stream = masking(world, Arc::clone(sink));
    while at < shard.len() {
        attempts += 1;
        assert!(attempts < 5_000, "the shard does not move");
        let size = 1 + usize::try_from(random.below(BATCH as u64)).unwrap();
        let batch = &shard[at..shard.len().min(at + size)];
        if random.happens(100) {
            world.change(|state| state.stream.takes = Some(size / 2));
        }
        match run(world, stream.run(batch)) {
            Ended::With(Ok(report)) => match report.failed.values().next() {
                Some(failed) => at += batch.iter().position(|record| record.sequence == *failed).unwrap(),
                None => at += batch.len(),
            },
            Ended::With(Err(_)) => {}
            Ended::Crashed => stream = masking(world, Arc::clone(sink)),
        }
    }
    attempts
}

fn weather(random: SplitMix) -> Option<Chaos> {
    Some(Chaos { random, crash: 30, fail: 50, lose_answer: 50, retried: 20, throttle: 20 })
}

/// None lost, order within each key, nobody readable; says how many were there twice.
fn check(lines: &[Value]) -> usize {
    let text = serde_json::to_string(lines).unwrap();
    for canary in ["canary", "Canary", "9317\\\"", "415 555"] {
        assert!(!text.contains(canary), "{canary} is in the output");
    }
    let mut seen = BTreeSet::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| seen.insert(line["id"].as_str().unwrap())) {
        let event = &line["event"];
        let row = if event["op"] == "d" { &event["before"] } else { &event["after"] };
        let (key, number) = (line["key"].as_str().unwrap(), row["n"].as_u64().unwrap());
        let before = last.insert(key, number);
        assert!(before.is_none_or(|before| before < number), "{key}: {number} came after {before:?}");
    }
    assert_eq!((seen.len(), last.len()), (RECORDS, PEOPLE));
    lines.len() - seen.len()
}

fn lines(world: &MemoryWorld) -> Vec<Value> {
    world.inspect(|state| state.stream.events.iter().map(|it| serde_json::from_slice(&it.body).unwrap()).collect())
}

#[test]
fn streams_survive_kills_in_the_midst_of_a_batch() {
    for seed in 0..12 {
        let world = world();
        let mut random = SplitMix::new(seed);
        world.change(|state| state.faults.set_chaos(weather(SplitMix::new(seed + 100))));
        let sink: Arc<dyn EventSink> = world.event_sink();
        for shard in shards() {
            feed(&world, &sink, &shard, &mut random);
        }
        check(&lines(&world));
    }
}

#[test]
fn a_bucket_holds_no_event_twice_whatever_dies() {
    for seed in 0..12 {
        let world = world();
        let mut random = SplitMix::new(seed);
        world.change(|state| state.faults.set_chaos(weather(SplitMix::new(seed + 200))));
        let sink = objects(&world);
        for shard in shards() {
            feed(&world, &sink, &shard, &mut random);
        }
        let stored: Vec<(String, Vec<u8>)> = world.inspect(|state| {
            let stored = state.objects.stored.iter().filter(|(name, _)| name.ends_with(".ndjson"));
            stored.map(|(name, object)| (name.to_string(), object.bytes.to_vec())).collect()
        });
        let lines =
            stored.iter().flat_map(|(_, bytes)| bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()));
        let lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(check(&lines), 0, "raw doubles in the bucket");
    }
}

#[test]
fn what_is_no_event_stops_its_shard_alone_and_says_nothing_of_it() {
    let world = world();
    let stream = masking(&world, world.event_sink());
    let mut records: Vec<StreamRecord> = (0..20).map(record).collect();
    records[4].body = b"canary@example.com is no JSON".to_vec();
    let (shard, sequence) = (records[4].shard.clone(), records[4].sequence.clone());
    let report = run(&world, stream.run(&records)).answer().unwrap();
    assert_eq!(report.failed, BTreeMap::from([(shard.clone(), sequence)]));
    let of_shard = |it: &&StreamRecord| it.shard == shard;
    let before = records[..4].iter().filter(of_shard).count() + records.iter().filter(|it| it.shard != shard).count();
    assert_eq!((report.written, report.unreadable), (before as u64, 1));
}

#[test]
fn records_of_erased_people_do_not_pass_and_their_deletion_says_nothing() {
    held_back(false);
}

#[test]
fn records_of_restricted_people_do_not_pass_and_their_deletion_says_nothing() {
    held_back(true);
}

fn held_back(only_restricted: bool) {
    let world = world();
    let stream = masking(&world, world.event_sink());
    let keyring = Keyring::new(world.job_store(), world.key_service(), world.entropy());
    let secrets = run(&world, keyring.tenant(&tenant("acme"), world.now())).answer().unwrap();
    let nonce = OpNonce::new([9; 16]);
    let (alias, job) = (secrets.alias_of_found("customer_id", "canary-7"), JobId::new(world.now(), [1; 10]));
    let change = if only_restricted {
        Change::Guard { key: guard_of(&tenant("acme"), &alias), hold: mark_of(&job), holds: true }
    } else {
        let (op_nonce, erased_at) = (nonce.clone(), world.now());
        let erased = SuppressionRecord { v: 1, tenant: tenant("acme"), alias, job, op_nonce, erased_at };
        Change::Put { record: Record::Suppression(erased), expect: Expect::Any }
    };
    let transition = Transition { tenant: tenant("acme"), op_nonce: nonce, changes: vec![change] };
    run(&world, stream.store.commit(&transition)).answer().unwrap();
    let about: Vec<StreamRecord> = (0..RECORDS).filter(|at| at * 7 % PEOPLE == 7).map(record).collect();
    let StreamReport { written, suppressed, restricted, failed, .. } =
        run(&world, stream.run(&about)).answer().unwrap();
    let (lines, all) = (lines(&world), about.len() as u64);
    assert_eq!((suppressed, restricted), if only_restricted { (0, all) } else { (all, 0) });
    assert!(failed.is_empty() && written < all && written > 0);
    for line in lines {
        assert_eq!(line["event"]["op"], "d");
        let before = line["event"]["before"].as_object().unwrap();
        assert!(before.iter().all(|(name, value)| name == "id" || value.is_null()), "{before:?}");
    }
}

#[test]
fn every_kind_of_source_is_handled_from_its_sample() {
    let world = world();
    let stream = masking(&world, world.event_sink());
    for sample in [
        include_str!("../../functions/masking-stream/events/kinesis.json"),
        include_str!("../../functions/masking-stream/events/dynamodb.json"),
        include_str!("../../functions/masking-stream/events/kafka.json"),
    ] {
        let event: Value = serde_json::from_str(sample).unwrap();
        let count = records_of(event.clone()).unwrap().1.len();
        let before = lines(&world).len();
        let answer = run(&world, handle(&stream, "dev", event)).answer().unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        assert_eq!(lines(&world).len() - before, count);
    }
    let all = serde_json::to_string(&lines(&world)).unwrap();
    assert!(!all.contains("ada@example.com") && !all.contains("customer-7"), "{all}");
    assert!(all.contains("\"event\":null"), "the tombstone passes");
}

#[test]
fn failures_are_answered_as_each_source_reads_them() {
    let world = world();
    let stream = masking(&world, world.event_sink());
    let mut kinesis: Value =
        serde_json::from_str(include_str!("../../functions/masking-stream/events/kinesis.json")).unwrap();
    kinesis["Records"][0]["kinesis"]["data"] = json!("e30x");
    let sequence = kinesis["Records"][0]["kinesis"]["sequenceNumber"].clone();
    let answer = run(&world, handle(&stream, "dev", kinesis)).answer().unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": sequence }] }));
    let mut kafka: Value =
        serde_json::from_str(include_str!("../../functions/masking-stream/events/kafka.json")).unwrap();
    kafka["records"]["shop.public.customers-0"][0]["value"] = json!("e30x");
    assert!(run(&world, handle(&stream, "dev", kafka)).answer().is_err());
    assert!(run(&world, handle(&stream, "dev", json!({ "Records": [] }))).answer().is_err());
}
