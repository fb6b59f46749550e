//! What was written is what is read, by key and by partition.

use domain::event::{Action, Actor, AuditEvent, EventOutcome, EventType, ItemVersion, Level, SealedDetail};
use domain::ids::{EventId, JobId, TenantId};
use domain::key::Partition;
use domain::record::{Challenge, DataMapPointer, IdempotencyRecord, KeyRecord, Record, Ticket};
use domain::role::{Pseudonym, Role};
use domain::sealed::Sealed;
use domain::step::{ObjectRef, Step, StepKind};
use workflow::ports::{JobStore, SortRange};

use super::{load_one, plant};
use crate::contracts::cases;
use crate::fixtures::{checkpoints, full_job, job, step};
use crate::names::Names;

cases!(dyn JobStore:
    every_record_reads_back_exactly,
    load_keeps_the_order_of_its_keys,
    load_of_nothing_is_nothing,
    query_is_sorted_and_stays_in_its_partition,
    query_reads_past_one_page,
    newest_come_first_below_a_sort_key,
    tenants_do_not_meet,
    all_keys_of_a_person_are_one_partition,
);

async fn all_keys_of_a_person_are_one_partition(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let owners =
        ["subject#ab".to_owned(), KeyRecord::act_owner("subject#ab", &names.nonce()), "subject#abc".to_owned()];
    for owner in &owners {
        let (owner, wrapped, op_nonce) = (owner.clone(), "d3JhcHBlZA==".to_owned(), names.nonce());
        plant(store, names, &tenant, Record::Key(KeyRecord { v: 1, tenant: tenant.clone(), owner, wrapped, op_nonce }))
            .await;
    }
    let found = store.query(&tenant, &Partition::Keys("subject#ab".to_owned()), "").await.unwrap();
    let found: Vec<String> = found.into_iter().filter_map(Record::into_key).map(|key| key.owner).collect();
    assert_eq!(found, [owners[1].clone(), owners[0].clone()], "by sort key: acts, then the lasting one");
}

async fn every_record_reads_back_exactly(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    for record in one_of_each(names, &tenant, &id) {
        plant(store, names, &tenant, record.clone()).await;
        assert_eq!(load_one(store, &record.key()).await, Some(record));
    }
}

fn one_of_each(names: &mut Names, tenant: &TenantId, id: &JobId) -> Vec<Record> {
    let now = names.tick();
    let mut records = vec![
        Record::Job(Box::new(full_job(names, tenant, id, now))),
        Record::Event(Box::new(full_event(names, tenant, id))),
        Record::Challenge(Challenge {
            v: 1,
            tenant: tenant.clone(),
            job: id.clone(),
            version: 3,
            op_nonce: names.nonce(),
            code_hash: "ab".repeat(32),
            expires_at: now,
            attempts: 2,
            used: true,
        }),
        Record::Ticket(Ticket {
            v: 1,
            tenant: tenant.clone(),
            job: id.clone(),
            version: 1,
            op_nonce: names.nonce(),
            secret_hash: "cd".repeat(32),
        }),
        Record::Idempotency(IdempotencyRecord {
            v: 1,
            tenant: tenant.clone(),
            scope: "5c".repeat(32),
            body: "b0".repeat(32),
            job: id.clone(),
            op_nonce: names.nonce(),
            expires_at: now,
        }),
        Record::Key(KeyRecord {
            v: 1,
            tenant: tenant.clone(),
            owner: KeyRecord::job_owner(id),
            wrapped: "d3JhcHBlZA==".to_owned(),
            op_nonce: names.nonce(),
        }),
        Record::Key(KeyRecord {
            v: 1,
            tenant: tenant.clone(),
            owner: KeyRecord::act_owner("subject#ab", &names.nonce()),
            wrapped: "d3JhcHBlZA==".to_owned(),
            op_nonce: names.nonce(),
        }),
        Record::DataMapPointer(DataMapPointer {
            v: 1,
            tenant: tenant.clone(),
            version: 1,
            op_nonce: names.nonce(),
            hash: "ef".repeat(32),
            published_at: now,
        }),
    ];
    for (shard, checkpoint) in (0..).zip(checkpoints()) {
        let input = ObjectRef { key: "exports/a/b/plan".to_owned(), count: 1, sha256: "00".repeat(32) };
        records.push(Record::Step(Box::new(Step {
            shard,
            checkpoint: Some(checkpoint),
            input: Some(input),
            lease_until: Some(now),
            done_at: Some(now),
            fence: 12,
            attempts: 3,
            stalls: 1,
            ..step(names, tenant, id, StepKind::Collect, now)
        })));
    }
    records
}

fn full_event(names: &mut Names, tenant: &TenantId, id: &JobId) -> AuditEvent {
    let at = names.tick();
    AuditEvent {
        v: 1,
        id: EventId::new(at, names.bytes()),
        tenant: tenant.clone(),
        at,
        event_type: EventType::Authentication,
        action: Action::Read,
        level: Level::Critical,
        outcome: EventOutcome::Failure,
        actor: Actor::Person { pseudonym: Pseudonym::from_keyed_hash("ab".repeat(16)), role: Some(Role::Dpo) },
        job: Some(id.clone()),
        resource_type: "challenge".to_owned(),
        item: Some(ItemVersion { item: "challenge".to_owned(), version: 4 }),
        from: Some("open".to_owned()),
        to: Some("used".to_owned()),
        reason: Some("a wrong code was given".to_owned()),
        counts: vec![("rows".to_owned(), u64::MAX), ("files".to_owned(), 0)],
        request_id: Some("req-1".to_owned()),
        ip_hash: Some("12".repeat(16)),
        user_agent_family: Some("curl".to_owned()),
        control_id: Some("CC6.1".to_owned()),
        detail: Some(SealedDetail { owner: "subject#ab".to_owned(), sealed: Sealed { v: 1, body: "YWJj".to_owned() } }),
        actor_detail: Some(SealedDetail {
            owner: "tenant".to_owned(),
            sealed: Sealed { v: 1, body: "eHl6".to_owned() },
        }),
        organization_id: Some("org-1".to_owned()),
    }
}

async fn load_keeps_the_order_of_its_keys(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let records = one_of_each(names, &tenant, &id);
    let mut keys = Vec::new();
    let mut expected = Vec::new();
    for (at, record) in records.into_iter().enumerate() {
        keys.push(record.key());
        // Every third is asked for but not there; both tables are mixed.
        if at % 3 == 2 {
            expected.push(None);
        } else {
            plant(store, names, &tenant, record.clone()).await;
            expected.push(Some(record));
        }
    }
    keys.reverse();
    expected.reverse();
    assert_eq!(store.load(&keys).await.unwrap(), expected);
}

async fn load_of_nothing_is_nothing(store: &dyn JobStore, names: &mut Names) {
    assert_eq!(store.load(&[]).await.unwrap(), []);
    let (tenant, id) = (names.tenant(), names.job());
    let key = Step::key_of(&tenant, &id, StepKind::Locate, 0);
    assert_eq!(load_one(store, &key).await, None);
    assert_eq!(store.query(&tenant, &Partition::Job(id), "step#").await.unwrap(), []);
}

async fn query_is_sorted_and_stays_in_its_partition(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id, other) = (names.tenant(), names.job(), names.job());
    let now = names.tick();
    let it = job(names, &tenant, &id, now);
    plant(store, names, &tenant, Record::Job(Box::new(it))).await;
    for shard in [10, 2, 0, 100_000] {
        for job in [&id, &other] {
            let it = Step { shard, ..step(names, &tenant, job, StepKind::Collect, now) };
            plant(store, names, &tenant, Record::Step(Box::new(it))).await;
        }
    }
    let found = store.query(&tenant, &Partition::Job(id.clone()), "step#").await.unwrap();
    let shard = |record: &Record| match record {
        Record::Step(step) if step.job == id => step.shard,
        other => panic!("not a step of the job: {other:?}"),
    };
    assert_eq!(found.iter().map(shard).collect::<Vec<_>>(), [0, 2, 10, 100_000]);
    let all = store.query(&tenant, &Partition::Job(id), "").await.unwrap();
    assert_eq!(all.len(), 5, "an empty prefix is the whole partition");
}

async fn query_reads_past_one_page(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    // More than the megabyte of one page of DynamoDB: 40 steps with a path of 32 kB.
    for shard in 0..40 {
        let input = ObjectRef { key: "k".repeat(32 * 1024), count: 1, sha256: String::new() };
        let it = Step { shard, input: Some(input), ..step(names, &tenant, &id, StepKind::Collect, now) };
        plant(store, names, &tenant, Record::Step(Box::new(it))).await;
    }
    let found = store.query(&tenant, &Partition::Job(id), "step#collect#").await.unwrap();
    assert_eq!(found.len(), 40);
}

async fn newest_come_first_below_a_sort_key(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    for shard in 0..7 {
        let one = Step { shard, ..step(names, &tenant, &id, StepKind::Collect, now) };
        plant(store, names, &tenant, Record::Step(Box::new(one))).await;
    }
    let other = step(names, &tenant, &id, StepKind::Expire, now);
    plant(store, names, &tenant, Record::Step(Box::new(other))).await;
    let partition = Partition::Job(id.clone());
    let sort = |shard| Step::sort_of(StepKind::Collect, shard);
    let cases: [(&str, usize, &[u32]); 6] = [
        ("step#d", 3, &[6, 5, 4]),
        (&sort(4), 3, &[3, 2, 1]),
        (&sort(2), 9, &[1, 0]),
        (&sort(0), 9, &[]),
        ("step#", 9, &[]),
        (&sort(9), 0, &[]),
    ];
    for (below, limit, expected) in cases {
        let range = SortRange { prefix: "step#collect#", below };
        let found = store.query_newest(&tenant, &partition, range, limit).await.unwrap();
        let shards: Vec<u32> = found.into_iter().filter_map(Record::into_step).map(|step| step.shard).collect();
        assert_eq!(shards, expected, "below {below}");
    }
    let none = store
        .query_newest(&names.tenant(), &partition, SortRange { prefix: "step#", below: "step#z" }, 9)
        .await
        .unwrap();
    assert_eq!(none, Vec::new(), "another tenant's");
}

async fn tenants_do_not_meet(store: &dyn JobStore, names: &mut Names) {
    let (one, other, id) = (names.tenant(), names.tenant(), names.job());
    let now = names.tick();
    let it = step(names, &one, &id, StepKind::Locate, now);
    plant(store, names, &one, Record::Step(Box::new(it))).await;
    assert_eq!(load_one(store, &Step::key_of(&other, &id, StepKind::Locate, 0)).await, None);
    assert_eq!(store.query(&other, &Partition::Job(id), "").await.unwrap(), []);
}
