//! The contracts of the ports on the adapters in memory. The AWS adapters meet the same suites on the local stack.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use adapters_memory::{MediaObject, MemoryWorld};
use async_trait::async_trait;
use domain::datum::Datum;
use domain::step::{Nudge, QueueName};
use habeas_tests::contracts::{
    audit_index, audit_log, connector, data_maps, eraser, event_sink, export_store, job_queue, job_store, key_service,
    mailer, notices, outgoing, retention_objects, retention_source, run_all,
};
use habeas_tests::executor::run;
use habeas_tests::names::Names;
use jiff::Timestamp;
use workflow::ports::{ExportStore, KeyService, Mailer, NoticeTopic, PortErrorKind, Secrets};

fn world() -> (MemoryWorld, Names) {
    let now = "2026-03-01T09:00:00Z".parse::<Timestamp>().unwrap();
    (MemoryWorld::new(7, now), Names::new(8, now))
}

#[test]
fn job_store_keeps_its_contract() {
    for suite in job_store::SUITES {
        let (world, mut names) = world();
        run(&world, run_all(world.job_store().as_ref() as _, suite, &mut names)).answer();
        assert_eq!(world.inspect(|state| state.violations.iter().filter(|it| it.contains("INV")).count()), 0);
    }
}

/// Takes what lies in the queues of the world.
struct WorldInbox(MemoryWorld, Mutex<VecDeque<Nudge>>);

#[async_trait]
impl job_queue::Inbox for WorldInbox {
    async fn drain(&self, queue: QueueName) -> Vec<Nudge> {
        let mut taken = self.1.lock().unwrap();
        let drained = self.0.change(|state| {
            let now = state.now;
            std::iter::from_fn(|| {
                let delivery = state.queues.receive(Some(queue), now)?;
                state.queues.acknowledge(delivery.id);
                Some(Nudge::clone(&delivery.nudge))
            })
            .collect::<Vec<_>>()
        });
        taken.extend(drained);
        taken.drain(..).collect()
    }
}

#[test]
fn job_queue_keeps_its_contract() {
    let (world, mut names) = world();
    let inbox = WorldInbox(world.clone(), Mutex::default());
    run(&world, job_queue::run(world.job_queue().as_ref(), &inbox, &mut names)).answer();
}

#[test]
fn key_service_keeps_its_contract() {
    let (world, mut names) = world();
    let keys = world.key_service();
    for suite in [key_service::CASES, key_service::INTEGRITY_CASES] {
        run(&world, run_all(keys.as_ref() as &dyn KeyService, suite, &mut names)).answer();
    }
}

#[test]
fn audit_feed_keeps_its_contract() {
    let (world, mut names) = world();
    let log = audit_log::Log { store: world.job_store(), feed: world.audit_feed() };
    run(&world, run_all(&log, audit_log::FEED_CASES, &mut names)).answer();
}

#[test]
fn audit_index_keeps_its_contract() {
    let (world, mut names) = world();
    let shown = audit_index::Shown { store: world.job_store(), index: world.audit_index() };
    run(&world, run_all(&shown, audit_index::CASES, &mut names)).answer();
}

#[test]
fn evidence_store_and_signer_keep_their_contracts() {
    let (world, mut names) = world();
    let evidence = audit_log::Evidence { store: world.evidence_store(), signer: world.checkpoint_signer() };
    run(&world, run_all(&evidence, audit_log::EVIDENCE_CASES, &mut names)).answer();
}

#[test]
fn destroyed_master_key_opens_nothing() {
    let (world, mut names) = world();
    let keys = world.key_service();
    let context = workflow::ports::KeyContext { tenant: names.tenant(), owner: "tenant".to_owned() };
    let made = run(&world, keys.generate(&context)).answer().unwrap();
    world.change(|state| state.master_key.disable());
    let kind = |result: Result<_, workflow::ports::PortError>| {
        result.map(|_: zeroize::Zeroizing<[u8; 32]>| ()).unwrap_err().kind
    };
    assert_eq!(kind(run(&world, keys.unwrap(&context, &made.wrapped)).answer()), PortErrorKind::Denied);
    world.change(|state| state.master_key.enable());
    assert_eq!(run(&world, keys.unwrap(&context, &made.wrapped)).answer().unwrap(), made.plain);
    world.change(|state| state.master_key.destroy());
    assert_eq!(kind(run(&world, keys.unwrap(&context, &made.wrapped)).answer()), PortErrorKind::Denied);
}

#[test]
fn export_store_keeps_its_contract() {
    let (world, mut names) = world();
    run(&world, export_store::run(world.export_store().as_ref(), &mut names, world.now())).answer();
}

#[test]
fn link_opens_until_it_ends_and_not_when_changed() {
    let (world, _) = world();
    let store = world.export_store();
    run(&world, store.put("exports/a/b", b"archive".to_vec())).answer().unwrap();
    let (now, until) = (world.now(), world.now() + jiff::SignedDuration::from_hours(1));
    let link = run(&world, store.sign_link("exports/a/b", "b.zip", now, until)).answer().unwrap();
    let url = link.url.expose();
    assert_eq!(world.follow_link(url).unwrap(), b"archive");
    assert_eq!(world.follow_link(&url.replace("/b?", "/c?")).unwrap_err().kind, PortErrorKind::Denied);
    assert_eq!(world.follow_link(&url.replace("until=2026", "until=2027")).unwrap_err().kind, PortErrorKind::Denied);
    world.set_now(link.expires_at);
    assert_eq!(world.follow_link(url).unwrap_err().kind, PortErrorKind::Denied);
}

#[test]
fn mailer_keeps_its_contract() {
    let (world, mut names) = world();
    let it = world.mailer();
    run(&world, run_all(it.as_ref() as &dyn Mailer, mailer::CASES, &mut names)).answer();
    world.change(|state| state.outbox.suppressed.insert("eve@example.com".to_owned()));
    let refused = run(&world, it.send(&mailer::mail("eve@example.com", "n"))).answer();
    assert_eq!(refused.unwrap_err().kind, PortErrorKind::Denied);
}

/// Reads what the world's stream took.
struct WorldStream(MemoryWorld);

#[async_trait]
impl event_sink::Outlet for WorldStream {
    async fn drain(&self, _count: usize) -> Vec<Vec<u8>> {
        self.0.change(|state| state.stream.events.drain(..).map(|event| event.body).collect())
    }
}

/// Reads the objects of the world's bucket.
struct WorldObjects(MemoryWorld);

#[async_trait]
impl event_sink::Outlet for WorldObjects {
    async fn drain(&self, _count: usize) -> Vec<Vec<u8>> {
        let stored =
            self.0.inspect(|state| state.objects.stored.values().map(|it| it.bytes.to_vec()).collect::<Vec<_>>());
        let lines = stored.iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()));
        lines.map(<[u8]>::to_vec).collect()
    }
}

#[test]
fn event_sinks_keep_their_contract() {
    let (world, mut names) = world();
    run(&world, event_sink::run(world.event_sink().as_ref(), &WorldStream(world.clone()), &mut names)).answer();
    let objects = workflow::mask_stream::ObjectSink::new(world.export_store(), "masked");
    run(&world, event_sink::run(&objects, &WorldObjects(world.clone()), &mut names)).answer();
}

#[test]
fn data_maps_keep_their_contract() {
    let (world, mut names) = world();
    let map = Arc::new(datamap::read_strs(&[("shop.yml", connector::MAP)]).map.unwrap());
    let tenant = names.tenant();
    world.publish(&tenant, Arc::clone(&map)).unwrap();
    run(&world, data_maps::run(world.data_maps().as_ref(), &tenant, &map, &mut names)).answer();
}

#[test]
fn source_keeps_the_contract_of_connectors() {
    let (world, mut names) = world();
    let checked = datamap::read_strs(&[("shop.yml", connector::MAP)]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    let (tenant, other) = (names.tenant(), names.tenant());
    for page_rows in [1, 7, 100, 1000] {
        world.change_sources(|sources| {
            sources.tables.clear();
            sources.page_rows = page_rows;
            for row in connector::rows(&tenant, &other) {
                sources.table("shop.orders").insert(row);
            }
        });
        run(&world, connector::run(world.source().as_ref(), &map, &tenant, &other)).answer();
        let stranger = names.tenant();
        run(&world, connector::sample(world.source().as_ref(), &map, &tenant, &stranger)).answer();
        run(&world, connector::whole(world.source().as_ref(), &map, &tenant, &other)).answer();
    }
}

/// Changes the rows of the shared table.
struct WorldRows(MemoryWorld);

#[async_trait]
impl eraser::Rows for WorldRows {
    async fn put(&self, row: Datum) {
        let id = row.get("id").cloned();
        self.0.change_sources(|sources| {
            let table = sources.table("shop.orders");
            let found = table.numbered().find(|(_, it)| it.get("id") == id.as_ref()).map(|(number, _)| number);
            table.replace(found.unwrap(), row);
        });
    }

    async fn remove(&self, id: &str) {
        self.0.change_sources(|sources| {
            sources.table("shop.orders").remove(|row| row.get("id").and_then(Datum::as_text) == Some(id));
        });
    }
}

#[test]
fn source_keeps_the_contract_of_erasers() {
    let checked = datamap::read_strs(&[("shop.yml", connector::MAP)]);
    let map = Arc::new(checked.map.unwrap());
    for page_rows in [1, 7, 1000] {
        let (world, mut names) = world();
        let (tenant, other) = (names.tenant(), names.tenant());
        world.change_sources(|sources| {
            sources.page_rows = page_rows;
            for row in connector::rows(&tenant, &other) {
                sources.table("shop.orders").insert(row);
            }
        });
        let (eraser, source, rows) = (world.eraser(), world.source(), WorldRows(world.clone()));
        let (map, tenant, other) = (&map, &tenant, &other);
        let under = eraser::Under { eraser: &*eraser, connector: &*source, rows: &rows, map, tenant, other };
        run(&world, eraser::run(under)).answer();
    }
}

/// The objects of the world's lake.
struct WorldLake(MemoryWorld);

#[async_trait]
impl eraser::together::Objects for WorldLake {
    async fn add(&self, key: &str, rows: Vec<Datum>) {
        self.0.change_sources(|sources| {
            for row in rows {
                sources.table("lake.visits").insert_in(key, row);
            }
        });
    }

    async fn rows(&self, key: &str) -> Vec<Datum> {
        self.0.inspect(|state| state.sources.tables["lake.visits"].rows_in(key).cloned().collect())
    }

    async fn rewrites(&self, key: &str) -> usize {
        self.0.inspect(|state| state.rewritten.iter().filter(|(_, it)| it == key).count())
    }
}

#[test]
fn source_keeps_the_contract_of_erasers_of_objects() {
    for page_rows in [1, 2, 1000] {
        let (world, mut names) = world();
        world.change_sources(|sources| sources.page_rows = page_rows);
        let (eraser, lake, tenant) = (world.eraser(), WorldLake(world.clone()), names.tenant());
        run(&world, eraser::together::run(&*eraser, &lake, &tenant)).answer();
    }
}

#[test]
fn source_keeps_the_contract_of_what_takes_expired_rows_away() {
    let checked = datamap::read_strs(&[("shop.yml", retention_source::map_text().as_str())]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    for page_rows in [7, 1000] {
        let (world, mut names) = world();
        let (tenant, other) = (names.tenant(), names.tenant());
        world.change_sources(|sources| {
            sources.page_rows = page_rows;
            for row in connector::rows(&tenant, &other) {
                sources.table("shop.orders").insert(row);
            }
        });
        let (source, connector, rows) = (world.retention_source(), world.source(), WorldRows(world.clone()));
        let (map, tenant, other) = (&map, &tenant, &other);
        let under =
            retention_source::Under { source: &*source, connector: &*connector, rows: &rows, map, tenant, other };
        run(&world, retention_source::run(under)).answer();
    }
}

/// Changes the media of a world.
struct WorldMedia(MemoryWorld);

#[async_trait]
impl retention_objects::Objects for WorldMedia {
    async fn put(&self, key: &str, bytes: &[u8]) {
        let etag = format!("{:x}", bytes.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte)));
        let object = MediaObject { etag, content_type: None, written_at: None, bytes: Arc::new(bytes.to_vec()) };
        self.0.change_sources(|sources| sources.put_media("shop.pictures", key, object));
    }

    async fn remove(&self, key: &str) {
        self.0.change_sources(|sources| drop(sources.media.entry("shop.pictures".to_owned()).or_default().remove(key)));
    }

    async fn keys(&self) -> Vec<String> {
        self.0.inspect(|state| state.sources.media["shop.pictures"].keys().cloned().collect())
    }
}

#[test]
fn source_keeps_the_contract_of_what_takes_expired_objects_away() {
    let checked = datamap::read_strs(&[("shop.yml", retention_objects::MAP)]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    for page_rows in [2, 1000] {
        let (world, mut names) = world();
        let (tenant, other) = (&names.tenant(), &names.tenant());
        world.change_sources(|sources| sources.page_rows = page_rows);
        let (source, objects) = (world.retention_source(), WorldMedia(world.clone()));
        let under = retention_objects::Under { source: &*source, objects: &objects, map: &map, tenant, other };
        run(&world, retention_objects::run(under)).answer();
    }
}

#[test]
fn webhooks_and_topic_keep_their_contracts() {
    let (world, mut names) = world();
    let hooks = notices::Hooks { sender: world.webhooks(), url: "https://hooks.example.com/habeas".to_owned() };
    run(&world, run_all(&hooks, notices::WEBHOOK_CASES, &mut names)).answer();
    run(&world, run_all(world.topic().as_ref() as &dyn NoticeTopic, notices::TOPIC_CASES, &mut names)).answer();
    world.change(|state| state.outbox.receivers_are_down = true);
    let down = run(&world, hooks.send(&names.job().to_string())).answer();
    assert_eq!(down, Err(PortErrorKind::Transient));
}

#[test]
fn calls_and_secrets_keep_their_contracts() {
    let (world, mut names) = world();
    let outgoing = outgoing::Outgoing { calls: world.outgoing(), url: "https://processor.example.com/".to_owned() };
    run(&world, run_all(&outgoing, outgoing::CALL_CASES, &mut names)).answer();
    run(&world, run_all(world.secrets().as_ref() as &dyn Secrets, outgoing::SECRET_CASES, &mut names)).answer();
}
