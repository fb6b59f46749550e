//! All or nothing, and only if every expectation holds.

use domain::job::{Job, JobStatus};
use domain::record::{IdempotencyRecord, Record, Ticket};
use domain::step::{Step, StepKind};
use domain::transition::{Change, Expect};
use futures::future::join_all;
use workflow::ports::{CommitError, JobStore, PortErrorKind};

use super::{commit, conflict_at, load_one, plant, port_error, put, transition};
use crate::contracts::cases;
use crate::fixtures::{job, step};
use crate::names::Names;

cases!(dyn JobStore:
    refused_transition_writes_nothing,
    what_is_there_is_not_absent,
    other_version_is_refused,
    old_fence_is_refused,
    what_has_run_out_counts_as_absent,
    only_an_open_job_passes_the_guard,
    same_transition_twice_is_once,
    another_writer_is_no_success,
    of_many_claims_one_wins,
    more_than_a_hundred_changes_are_refused,
    a_hundred_changes_are_committed_together,
    deleted_item_is_gone,
);

async fn refused_transition_writes_nothing(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let new = step(names, &tenant, &id, StepKind::Locate, now);
    let key = new.key();
    let guard = Change::Check { key: domain::key::TenantKey::job(&tenant, &id), expect: Expect::OpenJob };
    let result = commit(store, names, &tenant, vec![put(Record::Step(Box::new(new)), Expect::Absent), guard]).await;
    assert_eq!(conflict_at(result), [1], "the refused change is named by its position");
    assert_eq!(load_one(store, &key).await, None);
}

async fn what_is_there_is_not_absent(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let first = job(names, &tenant, &id, now);
    plant(store, names, &tenant, Record::Job(Box::new(first.clone()))).await;
    let second = job(names, &tenant, &id, now);
    let result = commit(store, names, &tenant, vec![put(Record::Job(Box::new(second)), Expect::Absent)]).await;
    assert_eq!(conflict_at(result), [0]);
    assert_eq!(load_one(store, &first.key()).await, Some(Record::Job(Box::new(first))));
}

async fn other_version_is_refused(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let first = job(names, &tenant, &id, now);
    plant(store, names, &tenant, Record::Job(Box::new(first.clone()))).await;
    let second = Job { version: 2, op_nonce: names.nonce(), ..first.clone() };
    let write = |expect| vec![put(Record::Job(Box::new(second.clone())), expect)];
    assert_eq!(conflict_at(commit(store, names, &tenant, write(Expect::Version(2))).await), [0]);
    assert_eq!(conflict_at(commit(store, names, &tenant, write(Expect::Version(0))).await), [0]);
    commit(store, names, &tenant, write(Expect::Version(1))).await.unwrap();
    assert_eq!(conflict_at(commit(store, names, &tenant, write(Expect::Version(1))).await), [0]);
    let nowhere = job(names, &tenant, &names.clone().job(), now);
    let absent = vec![put(Record::Job(Box::new(nowhere)), Expect::Version(1))];
    assert_eq!(conflict_at(commit(store, names, &tenant, absent).await), [0], "what is absent has no version");
}

async fn old_fence_is_refused(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let claimed = Step { fence: 7, ..step(names, &tenant, &id, StepKind::Collect, now) };
    plant(store, names, &tenant, Record::Step(Box::new(claimed.clone()))).await;
    let next = Step { version: 2, op_nonce: names.nonce(), ..claimed.clone() };
    let write = |expect| vec![put(Record::Step(Box::new(next.clone())), expect)];
    for wrong in [6, 8] {
        assert_eq!(conflict_at(commit(store, names, &tenant, write(Expect::Fence(wrong))).await), [0]);
    }
    commit(store, names, &tenant, write(Expect::Fence(7))).await.unwrap();
    let again = Step { op_nonce: names.nonce(), ..next.clone() };
    let again = vec![put(Record::Step(Box::new(again)), Expect::Fence(7))];
    assert_eq!(
        conflict_at(commit(store, names, &tenant, again).await),
        [0],
        "a version is written once, also by its owner"
    );
    let check = vec![Change::Check { key: claimed.key(), expect: Expect::Fence(6) }];
    assert_eq!(conflict_at(commit(store, names, &tenant, check).await), [0]);
}

async fn what_has_run_out_counts_as_absent(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let now = names.tick();
    let record = |names: &mut Names, expires_at| {
        Record::Idempotency(IdempotencyRecord {
            v: 1,
            tenant: tenant.clone(),
            scope: "5c".repeat(32),
            body: "b0".repeat(32),
            job: names.job(),
            op_nonce: names.nonce(),
            expires_at,
        })
    };
    let second = jiff::SignedDuration::from_secs(1);
    let first = record(names, now + second);
    commit(store, names, &tenant, vec![put(first.clone(), Expect::Forgotten(now))]).await.unwrap();
    let later = record(names, now + second * 9);
    let early = commit(store, names, &tenant, vec![put(later.clone(), Expect::Forgotten(now))]).await;
    assert_eq!(conflict_at(early), [0], "what has not run out is there");
    assert_eq!(load_one(store, &first.key()).await, Some(first));
    commit(store, names, &tenant, vec![put(later.clone(), Expect::Forgotten(now + second))]).await.unwrap();
    assert_eq!(load_one(store, &later.key()).await, Some(later));
    let unlimited = step(names, &tenant, &names.clone().job(), StepKind::Locate, now);
    let unlimited = Record::Step(Box::new(unlimited));
    plant(store, names, &tenant, unlimited.clone()).await;
    let over = commit(store, names, &tenant, vec![put(unlimited, Expect::Forgotten(now + second))]).await;
    assert_eq!(conflict_at(over), [0], "what never runs out is there");
}

async fn only_an_open_job_passes_the_guard(store: &dyn JobStore, names: &mut Names) {
    for status in JobStatus::ALL {
        let (tenant, id) = (names.tenant(), names.job());
        let now = names.tick();
        let it = Job { status: *status, ..job(names, &tenant, &id, now) };
        plant(store, names, &tenant, Record::Job(Box::new(it.clone()))).await;
        let ticket = Ticket {
            v: 1,
            tenant: tenant.clone(),
            job: id,
            version: 1,
            op_nonce: names.nonce(),
            secret_hash: "00".to_owned(),
        };
        let guard = Change::Check { key: it.key(), expect: Expect::OpenJob };
        let result = commit(store, names, &tenant, vec![guard, put(Record::Ticket(ticket), Expect::Absent)]).await;
        assert_eq!(result.is_ok(), it.is_open(), "{status}");
        if !it.is_open() {
            assert_eq!(conflict_at(result), [0]);
        }
    }
}

async fn same_transition_twice_is_once(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let counter = domain::record::Counter::open_jobs(&tenant);
    let made = job(names, &tenant, &id, now);
    let add = Change::Add { key: counter.clone(), by: 1, limit: Some(5) };
    let mut once = transition(names, &tenant, vec![put(Record::Job(Box::new(made)), Expect::Absent), add]);
    if let Some(Change::Put { record: Record::Job(job), .. }) = once.changes.first_mut() {
        job.op_nonce = once.op_nonce.clone();
    }
    store.commit(&once).await.unwrap();
    store.commit(&once).await.unwrap();
    store.commit(&once).await.unwrap();
    let Some(Record::Counter(counted)) = load_one(store, &counter).await else { panic!("no counter") };
    assert_eq!(counted.value, 1);
}

async fn another_writer_is_no_success(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let make = |names: &mut Names| {
        let mut it = transition(names, &tenant, Vec::new());
        let made = Job { op_nonce: it.op_nonce.clone(), ..job(names, &tenant, &id, now) };
        it.changes.push(put(Record::Job(Box::new(made)), Expect::Absent));
        it
    };
    let (mine, theirs) = (make(names), make(names));
    store.commit(&theirs).await.unwrap();
    assert_eq!(conflict_at(store.commit(&mine).await), [0]);
}

async fn of_many_claims_one_wins(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let free = step(names, &tenant, &id, StepKind::Collect, now);
    plant(store, names, &tenant, Record::Step(Box::new(free.clone()))).await;
    let claims: Vec<_> = (0..10)
        .map(|_| {
            let mut claim = transition(names, &tenant, Vec::new());
            let taken = Step { version: 2, fence: 1, op_nonce: claim.op_nonce.clone(), ..free.clone() };
            claim.changes.push(put(Record::Step(Box::new(taken)), Expect::Version(1)));
            claim
        })
        .collect();
    let results = join_all(claims.iter().map(|claim| store.commit(claim))).await;
    let won: Vec<usize> = results.iter().enumerate().filter(|(_, it)| it.is_ok()).map(|(at, _)| at).collect();
    assert_eq!(won.len(), 1, "{results:?}");
    for lost in results.iter().filter(|result| result.is_err()) {
        assert!(!matches!(lost, Err(CommitError::LimitReached { .. })), "{lost:?}");
    }
    let stored = load_one(store, &free.key()).await.unwrap();
    assert_eq!(stored.op_nonce(), Some(&claims[won[0]].op_nonce));
}

async fn more_than_a_hundred_changes_are_refused(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let changes = steps(names, &tenant, &id, 101);
    let key = changes[0].key();
    assert_eq!(port_error(commit(store, names, &tenant, changes).await), PortErrorKind::Corrupt);
    assert_eq!(load_one(store, &key).await, None);
}

async fn a_hundred_changes_are_committed_together(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let changes = steps(names, &tenant, &id, 100);
    let keys: Vec<_> = changes.iter().map(Change::key).collect();
    commit(store, names, &tenant, changes).await.unwrap();
    assert!(store.load(&keys).await.unwrap().iter().all(Option::is_some));
}

fn steps(names: &mut Names, tenant: &domain::ids::TenantId, id: &domain::ids::JobId, count: u32) -> Vec<Change> {
    let now = names.tick();
    let one = |shard| {
        let it = Step { shard, ..step(names, tenant, id, StepKind::Collect, now) };
        put(Record::Step(Box::new(it)), Expect::Absent)
    };
    (0..count).map(one).collect()
}

async fn deleted_item_is_gone(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let it = step(names, &tenant, &id, StepKind::Expire, now);
    plant(store, names, &tenant, Record::Step(Box::new(it.clone()))).await;
    let delete = |expect| vec![Change::Delete { key: it.key(), expect }];
    let refused = commit(store, names, &tenant, delete(Expect::Version(it.version + 1))).await;
    assert!(matches!(refused, Err(CommitError::Conflict { at }) if at == [0]), "another version is not deleted");
    assert_eq!(load_one(store, &it.key()).await, Some(Record::Step(Box::new(it.clone()))));
    commit(store, names, &tenant, delete(Expect::Version(it.version))).await.unwrap();
    assert_eq!(load_one(store, &it.key()).await, None);
    commit(store, names, &tenant, delete(Expect::Any)).await.unwrap();
}
