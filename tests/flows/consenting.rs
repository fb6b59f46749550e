//! Masked streams that serve a purpose: only people who agreed to it pass, by the records that the data map names.

use std::sync::Arc;

use adapters_memory::MemoryWorld;
use domain::datum::Datum;
use habeas_tests::executor::run;
use habeas_tests::sample::tenant;
use habeas_tests::world::World;
use jiff::SignedDuration;
use masking::Method;
use serde_json::{Value, json};
use workflow::keyring::Keyring;
use workflow::mask_stream::{ConsentCheck, KeptConsents, KeptMasker, MaskStream, StreamRecord, StreamReport};
use workflow::ports::PortError;

use crate::maps::{map, row, set, table, world};

const CONSENT: &str = "consent: { person: user_id, purpose: purpose, status: status, expires_at: ends }, ";

fn text() -> String {
    let customers = table("customers", &["id key", "email email", "tenant"]);
    let orders = table("orders", &["number key", "buyer -> shop.customers.id", "tenant"]);
    let fields = ["consent_id key", "user_id -> shop.customers.id", "purpose", "status", "ends", "tenant"];
    map(&[set("shop", &[customers, orders, table("consents", &fields)])])
}

fn house() -> World {
    let world = world(&text().replace("{ table: shop-consents, ", &format!("{{ table: shop-consents, {CONSENT}")));
    for (person, purpose, status, ends) in [
        ("agrees", "analytics", "granted", ""),
        ("denies", "analytics", "denied", ""),
        ("ended", "analytics", "granted", "2026-03-01T00:00:00Z"),
        ("lasting", "analytics", "granted", "2026-06-01T00:00:00Z"),
        ("unreadable", "analytics", "granted", "some day"),
        ("elsewhere", "marketing", "granted", ""),
    ] {
        put(&world.memory, person, purpose, status, ends);
    }
    world
}

fn put(memory: &MemoryWorld, person: &str, purpose: &str, status: &str, ends: &str) {
    let id = format!("{person}/{purpose}");
    let mut cells = vec![("consent_id", id.as_str()), ("user_id", person), ("purpose", purpose), ("status", status)];
    if !ends.is_empty() {
        cells.push(("ends", ends));
    }
    let row: Datum = row("acme", &cells);
    memory.change_sources(|sources| sources.table("shop.consents").insert(row));
}

fn stream(world: &MemoryWorld) -> MaskStream {
    let purpose = "analytics".to_owned();
    MaskStream {
        store: world.job_store(),
        maps: world.data_maps(),
        keyring: Arc::new(Keyring::new(world.job_store(), world.key_service(), world.entropy())),
        sink: world.event_sink(),
        clock: world.clock(),
        tenant: tenant("acme"),
        method: Method::Redaction,
        consent: Some(ConsentCheck { connector: world.source(), purpose, kept: KeptConsents::default() }),
        kept: KeptMasker::default(),
    }
}

fn event(collection: &str, operation: &str, row: &Value) -> StreamRecord {
    let (before, after) = if operation == "d" { (row.clone(), Value::Null) } else { (Value::Null, row.clone()) };
    let event = json!({"before": before, "after": after, "source": {"table": collection}, "op": operation});
    let body = if operation == "tombstone" { b"null".to_vec() } else { event.to_string().into_bytes() };
    let sequence = body.iter().fold(0_u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(*byte)).to_string();
    StreamRecord { shard: "changes/0".to_owned(), sequence, key: b"k".to_vec(), collection: None, body }
}

fn customer(id: &str) -> StreamRecord {
    event("customers", "c", &json!({"id": id, "email": format!("{id}@example.com")}))
}

fn masked(world: &World, stream: &MaskStream, records: &[StreamRecord]) -> Result<StreamReport, PortError> {
    run(&world.memory, stream.run(records)).answer()
}

fn lines(world: &World) -> Vec<Value> {
    world.memory.inspect(|it| it.stream.events.iter().map(|it| serde_json::from_slice(&it.body).unwrap()).collect())
}

#[test]
fn only_who_agreed_to_the_purpose_passes() {
    let world = house();
    let stream = stream(&world.memory);
    let people = ["agrees", "denies", "nobody", "ended", "lasting", "unreadable", "elsewhere"];
    let records: Vec<StreamRecord> = people.into_iter().map(customer).collect();
    let report = masked(&world, &stream, &records).unwrap();
    assert_eq!((report.written, report.unconsented, report.failed.len()), (2, 5, 0));
    let ids: Vec<String> = records.iter().map(|it| format!("changes/0/{}", it.sequence)).collect();
    let passed: Vec<Value> = lines(&world).iter().map(|line| line["id"].clone()).collect();
    assert_eq!(passed, [json!(ids[0]), json!(ids[4])]);
}

#[test]
fn rows_are_traced_to_their_person_and_rows_of_nobody_known_stay() {
    let world = house();
    let stream = stream(&world.memory);
    let records = [
        event("orders", "c", &json!({"number": "1", "buyer": "agrees"})),
        event("orders", "c", &json!({"number": "2", "buyer": "denies"})),
        event("orders", "c", &json!({"number": "3"})),
        event("strangers", "c", &json!({"x": 1})),
        event("orders", "d", &json!({"number": "4", "buyer": "denies"})),
        event("", "tombstone", &Value::Null),
    ];
    let report = masked(&world, &stream, &records).unwrap();
    assert_eq!((report.written, report.unconsented), (3, 4));
    let lines = lines(&world);
    assert!(lines[0]["event"]["after"]["buyer"].is_string());
    assert_eq!((&lines[1]["event"]["op"], &lines[2]["event"]), (&json!("d"), &Value::Null));
    assert!(!serde_json::to_string(&lines).unwrap().contains("denies"));
}

#[test]
fn a_withdrawal_holds_after_a_minute() {
    let mut world = house();
    let stream = stream(&world.memory);
    assert_eq!(masked(&world, &stream, &[customer("agrees")]).unwrap().written, 1);
    world.memory.change_sources(|sources| {
        sources.table("shop.consents").remove(|_| true);
    });
    put(&world.memory, "agrees", "analytics", "withdrawn", "");
    assert_eq!(masked(&world, &stream, &[customer("agrees")]).unwrap().written, 1, "within the minute");
    world.advance(SignedDuration::from_secs(61));
    assert_eq!(masked(&world, &stream, &[customer("agrees")]).unwrap().unconsented, 1);
}

#[test]
fn what_cannot_be_looked_up_does_not_pass() {
    let world = house();
    let stream = stream(&world.memory);
    world.memory.change_sources(|sources| sources.denied.push("shop.consents".to_owned()));
    assert!(masked(&world, &stream, &[customer("agrees")]).is_err());
    assert_eq!(lines(&world).len(), 0);
    world.memory.change_sources(|sources| sources.denied.clear());
    assert_eq!(masked(&world, &stream, &[customer("agrees")]).unwrap().written, 1);
    let unmapped = crate::maps::world(&text());
    let stream = self::stream(&unmapped.memory);
    assert!(masked(&unmapped, &stream, &[customer("agrees")]).is_err());
    assert_eq!(lines(&unmapped).len(), 0);
}
