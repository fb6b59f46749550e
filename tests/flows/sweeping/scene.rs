//! Two tenants that share tables whose rows expire: what is planted in them, the sweep over them, and what must hold after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use adapters_memory::{MemoryWorld, Mutant, Mutants};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use datamap::DataMap;
use domain::datum::Datum;
use domain::event::Actor;
use domain::ids::{OpNonce, TenantId};
use domain::record::Record;
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::retention_run::RetentionRun;
use habeas_tests::executor::{Ended, run};
use habeas_tests::retention_archives::{MANIFEST, RetentionArchive, opened_row};
use habeas_tests::sample::tenant;
use jiff::{SignedDuration, Timestamp};
use workflow::keyring::Keyring;
use workflow::sealing::{Place, sha256};
use workflow::sweep_retention::{Asked, Cap, RetentionReport, SweepRetention};

/// Every kind of rule: archived rows of people, rows that stay without them, archived rows of nobody.
pub(crate) const MAP: &str = r"
dataset:
  - fides_key: chat
    name: Chat
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
          - { name: organization_id, data_categories: [user.workplace], fides_meta: { identity: organization_id } }
          - { name: tenant, data_categories: [system.operations] }
      - name: messages
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }] }
          - { name: organization_id, data_categories: [user.workplace] }
          - { name: sent_at, data_categories: [system.operations], fides_meta: { data_type: string } }
          - { name: text, data_categories: [user.content] }
          - { name: tenant, data_categories: [system.operations] }
      - name: posts
        fields:
          - { name: id, data_categories: [system.operations], fides_meta: { primary_key: true, data_type: string } }
          - name: author
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }] }
          - { name: created, data_categories: [system.operations], fides_meta: { data_type: integer } }
          - { name: body, data_categories: [user.content] }
          - { name: likes, data_categories: [system.operations], fides_meta: { data_type: integer } }
          - { name: tenant, data_categories: [system.operations] }
      - name: runs
        fides_meta: { skip_processing: true }
        fields:
          - { name: id, data_categories: [system.operations], fides_meta: { primary_key: true, data_type: string } }
          - { name: ended_at, data_categories: [system.operations], fides_meta: { data_type: integer } }
          - { name: tenant, data_categories: [system.operations] }
connection:
  - fides_key: tables
    datasets: [chat]
    connector: dynamodb
    region: eu-central-1
    tenant_field: tenant
    collections:
      people: { table: people, indexes: { email: by-email, organization_id: by-organization } }
      messages:
        table: messages
        scan: allow
        indexes: { person: by-person }
        retention: { class: messages_days, time_field: sent_at, organization_field: organization_id, archive: true }
      posts:
        table: posts
        scan: allow
        indexes: { author: by-author }
        retention: { class: messages_days, time_field: created, time_unit: milliseconds, act: anonymize }
      runs:
        table: runs
        scan: allow
        retention: { class: job_executions_days, time_field: ended_at, time_unit: seconds }
";

static COMPILED: LazyLock<Arc<DataMap>> = LazyLock::new(|| {
    let checked = datamap::read_strs(&[("chat.yml", MAP)]);
    let wrong = || checked.findings.iter().filter(|it| it.severity == datamap::Severity::Error).collect::<Vec<_>>();
    Arc::new(checked.map.clone().unwrap_or_else(|| panic!("{:?}", wrong())))
});

/// Tenant, id, organisation.
pub(crate) const PEOPLE: [(&str, &str, &str); 3] =
    [("acme", "ada", "org-1"), ("acme", "bob", "org-2"), ("globex", "ada", "org-1")];
/// How old the rows of each are at the start, in days and six hours.
const AGES: [i64; 5] = [5, 40, 88, 95, 200];
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);
pub(crate) const ROOMY: Cap = Cap { rows: 100_000, percent: 90 };

/// A row as it was planted.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub(crate) tenant: &'static str,
    pub(crate) person: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) collection: &'static str,
    pub(crate) number: u64,
    pub(crate) row: Datum,
    at: Timestamp,
}

/// The world with its sweep.
pub(crate) struct Scene {
    pub(crate) memory: MemoryWorld,
    pub(crate) sweep: SweepRetention,
    pub(crate) planted: Vec<Planted>,
    pub(crate) cap: Cap,
}

fn sweep_over(memory: &MemoryWorld, cap: Cap) -> SweepRetention {
    let is_blind = memory.inspect(|state| state.mutants.has(Mutant::CapIgnored));
    SweepRetention {
        store: memory.job_store(),
        feed: memory.audit_feed(),
        maps: memory.data_maps(),
        source: memory.retention_source(),
        connector: memory.source(),
        evidence: memory.evidence_store(),
        tables: Arc::new(connectors::ParquetTables),
        keyring: Arc::new(Keyring::new(memory.job_store(), memory.key_service(), memory.entropy())),
        alerts: memory.alerts(),
        clock: memory.clock(),
        entropy: memory.entropy(),
        cap: if is_blind { Cap { rows: u64::MAX, percent: 100 } } else { cap },
        keep_days: 2_557,
    }
}

impl Scene {
    pub(crate) fn new(mutants: Mutants) -> Self {
        Self::with_cap(mutants, ROOMY)
    }

    /// Nothing planted, under another map.
    pub(crate) fn bare(mutants: Mutants, cap: Cap, map: &Arc<DataMap>) -> Self {
        let memory = MemoryWorld::new(11, "2026-03-02T09:00:00Z".parse().unwrap());
        memory.change(|state| {
            state.mutants = mutants;
            state.tick = SignedDuration::from_millis(1);
        });
        for slug in ["acme", "globex"] {
            memory.publish(&tenant(slug), Arc::clone(map)).unwrap();
        }
        Self::over(memory, cap)
    }

    /// A sweep over a world that is there.
    pub(crate) fn over(memory: MemoryWorld, cap: Cap) -> Self {
        let sweep = sweep_over(&memory, cap);
        Self { memory, sweep, planted: Vec::new(), cap }
    }

    pub(crate) fn with_cap(mutants: Mutants, cap: Cap) -> Self {
        let mut scene = Self::bare(mutants, cap, &COMPILED);
        scene.memory.change_sources(|sources| {
            sources.page_rows = 4;
            for name in ["messages", "posts"] {
                sources.labels.insert(format!("chat.{name}"), "retention_class".to_owned());
            }
        });
        for (tenant, person, organization) in PEOPLE {
            scene.plant_person(tenant, person, organization);
        }
        scene.plant_policy("acme", "org-2", 30);
        scene
    }

    fn plant_person(&mut self, tenant: &'static str, person: &'static str, organization: &'static str) {
        let id = format!("p-{person}");
        let email = format!("{person}.canary@example.com");
        let row = map(&[("id", &id), ("email", &email), ("organization_id", organization), ("tenant", tenant)]);
        self.memory.change_sources(|sources| sources.table("chat.people").insert(row));
        let now = self.memory.now();
        for age in AGES {
            let at = now - DAY * i32::try_from(age).unwrap() - SignedDuration::from_hours(6);
            let named = |kind: &str| format!("{kind}-{tenant}-{person}-{age}");
            let said = format!("canary-{tenant}-{person} said {age}");
            let (sent_at, id_of) = (at.to_string(), named("m"));
            let message = [
                ("id", id_of.as_str()),
                ("person", &id),
                ("organization_id", organization),
                ("sent_at", &sent_at),
                ("text", &said),
                ("tenant", tenant),
            ];
            let number = |value: i64| Datum::Number(value.to_string());
            let mut post = map(&[("id", &named("t")), ("author", &id), ("body", &said), ("tenant", tenant)]);
            let mut ended = map(&[("id", &named("r")), ("tenant", tenant)]);
            insert(&mut post, "created", number(at.as_millisecond()));
            insert(&mut post, "likes", number(age));
            insert(&mut ended, "ended_at", number(at.as_second()));
            for (collection, row) in [("chat.messages", map(&message)), ("chat.posts", post), ("chat.runs", ended)] {
                let number = self.memory.change_sources(|sources| sources.table(collection).insert(row.clone()));
                self.planted.push(Planted { tenant, person, organization, collection, number, row, at });
            }
        }
    }

    pub(crate) fn plant_policy(&self, slug: &str, organization: &str, days: u32) {
        let rule = |rule: ClassRule| match rule.class {
            RetentionClass::Messages => ClassRule { kept: Kept::For(days), ..rule },
            _ => rule,
        };
        self.memory.plant(Record::Retention(Box::new(RetentionPolicy {
            v: 1,
            tenant: tenant(slug),
            organization_id: organization.to_owned(),
            version: 1,
            op_nonce: OpNonce::new([0; 16]),
            at: self.memory.now(),
            by: Actor::Worker,
            justification: None,
            rules: RetentionPolicy::default_rules().into_iter().map(rule).collect(),
        })));
    }

    /// One slice for one tenant; a crash starts a new sandbox.
    pub(crate) fn slice(&mut self, slug: &str, asked: &Asked) -> Ended<RetentionReport> {
        let asked = Asked { tenant: Some(tenant(slug)), ..asked.clone() };
        let ends_at = self.memory.now() + SignedDuration::from_mins(14);
        self.memory.change(|state| state.acting_for = Some(tenant(slug)));
        let ended = run(&self.memory, self.sweep.run(&asked, ends_at));
        self.memory.change(|state| state.acting_for = None);
        match ended {
            Ended::With(report) => Ended::With(report.expect("a tenant that is named is told")),
            Ended::Crashed => {
                self.restart();
                Ended::Crashed
            }
        }
    }

    /// A new sandbox, as after a crash.
    pub(crate) fn restart(&mut self) {
        self.sweep = sweep_over(&self.memory, self.cap);
    }

    /// Slices until nothing is left to do, through crashes and failures.
    pub(crate) fn night(&mut self, slug: &str) {
        for _ in 0..20 {
            if let Ended::With(report) = self.slice(slug, &Asked::default())
                && report.failed == 0
                && !report.is_unfinished
            {
                return;
            }
        }
        panic!("the sweep never comes to rest");
    }

    /// The night in which a new policy is only reported, and the morning after it.
    pub(crate) fn first_night(&mut self) {
        for slug in ["acme", "globex"] {
            self.night(slug);
        }
        self.memory.advance(DAY);
    }

    pub(crate) fn run_of(&self, slug: &str, collection: &str) -> RetentionRun {
        let key = RetentionRun::key_of(&tenant(slug), collection);
        let found = self.memory.inspect(|state| state.items.get(&key).map(|it| Record::clone(it)));
        *found.and_then(Record::into_retention_run).expect("the collection was swept")
    }

    pub(crate) fn has_expired(&self, it: &Planted) -> bool {
        let days =
            if it.collection == "chat.messages" && (it.tenant, it.organization) == ("acme", "org-2") { 30 } else { 90 };
        let begun_at = self.run_of(it.tenant, it.collection).begun_at;
        it.at + DAY * days < begun_at
    }

    fn removed(&self) -> BTreeSet<(String, u64)> {
        self.memory.inspect(|state| state.removed.iter().map(|(_, id, number)| (id.clone(), *number)).collect())
    }

    pub(crate) fn is_removed(&self, it: &Planted) -> bool {
        self.removed().contains(&(it.collection.to_owned(), it.number))
    }

    /// What must hold at any time: only what expired went, archived before where the map asks, of nobody who asked for
    /// something else; nothing was done for another tenant; the record of each run tells its moves.
    pub(crate) fn broken(&self) -> Vec<String> {
        let state = self.memory.inspect(|state| habeas_tests::invariants::check_always(state, &Default::default()));
        let mut broken = state;
        broken.extend(self.memory.inspect(habeas_tests::invariants::check_canaries));
        let archived: BTreeMap<&str, BTreeSet<Vec<u8>>> =
            ["acme", "globex"].map(|slug| (slug, self.archived(&tenant(slug)))).into();
        for (collection, number) in self.removed() {
            let found = self.planted.iter().find(|it| it.collection == collection && it.number == number);
            let Some(it) = found else {
                broken.push(format!("{collection} {number} was never planted"));
                continue;
            };
            if !self.has_expired(it) {
                broken.push(format!("{} {} had not expired", it.tenant, it.row.get("id").unwrap().as_text().unwrap()));
            }
            if collection != "chat.posts" && !archived[it.tenant].contains(&settled(&it.row)) {
                broken.push(format!("INV-E6 {collection} {number} went without an archive"));
            }
        }
        broken
    }

    /// What must hold once a tenant's night is over: everything that expired went, but for those who are held.
    pub(crate) fn left_behind(&self, slug: &str, held: &[&str]) -> Vec<String> {
        let mut broken = self.broken();
        for it in self.planted.iter().filter(|it| it.tenant == slug) {
            let now = self.memory.inspect(|state| state.sources.tables[it.collection].row(it.number).cloned());
            let goes = self.has_expired(it) && !(held.contains(&it.person) && it.collection != "chat.runs");
            let is_as_it_must = match (goes, it.collection) {
                (false, _) => now.as_ref() == Some(&it.row),
                (true, "chat.posts") => now.is_some_and(|row| {
                    row.get("likes") == it.row.get("likes")
                        && row.get("created") == it.row.get("created")
                        && !String::from_utf8_lossy(&row.to_json()).contains("canary")
                        && row.get("author") != it.row.get("author")
                }),
                (true, _) => now.is_none(),
            };
            if !is_as_it_must {
                broken.push(format!("{} {} {} is not as it must be", it.tenant, it.collection, it.number));
            }
        }
        broken
    }

    /// Every row in an archive of a tenant whose manifest and checksum hold, opened with the keys of its people.
    pub(crate) fn archived(&self, tenant: &TenantId) -> BTreeSet<Vec<u8>> {
        let world = self.memory.fork();
        world.change(|state| {
            state.faults.reset();
            state.acting_for = None;
        });
        let keyring = Keyring::new(world.job_store(), world.key_service(), world.entropy());
        let newest = |name: &str| {
            world.inspect(|state| {
                state.evidence.objects.get(name).and_then(|it| it.last()).map(|(bytes, _)| bytes.to_vec())
            })
        };
        let names: Vec<String> = world.inspect(|state| state.evidence.objects.keys().cloned().collect());
        let mut rows = BTreeSet::new();
        for name in names.iter().filter(|name| name.starts_with(&format!("retention/{tenant}/"))) {
            if !name.ends_with(MANIFEST) {
                continue;
            }
            let Some(archive) = RetentionArchive::of(&newest(name).unwrap(), newest) else { continue };
            if archive.manifest["format"] == "parquet" {
                rows.extend(table_rows(&archive.bytes));
                continue;
            }
            for (place, line) in archive.lines() {
                if archive.manifest["sealed"] == false {
                    rows.insert(settled(&Datum::parse_json(line.as_bytes()).unwrap()));
                    continue;
                }
                let (key, mut row) = opened_row(&world, &keyring, tenant, (&place, &line));
                let piece = |name: &Datum| {
                    let name = name.as_text().unwrap();
                    let place = Place::object(tenant.as_str(), name);
                    key.open_bytes(&place, &newest(name).unwrap()).unwrap().to_vec()
                };
                if let Some(Datum::List(pieces)) = row.get("pieces").cloned() {
                    let content: Vec<u8> = pieces.iter().flat_map(piece).collect();
                    assert_eq!(row.get("sha256").and_then(Datum::as_text), Some(sha256(&content).as_str()));
                    ["pieces", "sha256", "bytes"].iter().for_each(|name| remove(&mut row, name));
                    insert(&mut row, "content", Datum::Text(BASE64.encode(content)));
                }
                rows.insert(settled(&row));
            }
        }
        rows
    }
}

/// The same for the same fields in any order.
fn settled(row: &Datum) -> Vec<u8> {
    let mut row = row.clone();
    if let Datum::Map(fields) = &mut row {
        fields.sort_by(|one, other| one.0.cmp(&other.0));
    }
    row.to_json()
}

/// The rows of a Parquet file as another reader gives them.
fn table_rows(bytes: &[u8]) -> Vec<Vec<u8>> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("habeas-sweeping-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut table = connectors::LocalTable::open(std::fs::File::open(&path).unwrap()).unwrap();
    std::fs::remove_file(path).unwrap();
    let mut rows = Vec::new();
    while let Some(some) = table.next_rows().unwrap() {
        rows.extend(some.iter().map(settled));
    }
    rows
}

fn map(fields: &[(&str, &str)]) -> Datum {
    Datum::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), Datum::Text((*value).to_owned()))).collect())
}

pub(crate) fn row_of(fields: &[(&str, &str)]) -> Datum {
    map(fields)
}

fn remove(row: &mut Datum, name: &str) {
    if let Datum::Map(fields) = row {
        fields.retain(|(known, _)| known != name);
    }
}

pub(crate) fn insert(row: &mut Datum, name: &str, value: Datum) {
    if let Datum::Map(fields) = row {
        fields.retain(|(known, _)| known != name);
        fields.push((name.to_owned(), value));
    }
}
