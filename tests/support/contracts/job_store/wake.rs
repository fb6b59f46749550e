//! The sweep's index: what is due is found, oldest first, and moves without a version.

use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobStatus};
use domain::record::{Record, WAKE_SHARDS, deadline_shard, ended_shard, wake_shard};
use domain::step::{Step, StepKind, StepState};
use domain::transition::{Change, Expect};
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{JobStore, WakeEntry};

use super::{commit, load_one, plant, put};
use crate::contracts::cases;
use crate::fixtures::{job as job_fixture, step};
use crate::names::Names;

cases!(dyn JobStore:
    due_steps_are_found_in_their_shard_oldest_first,
    limit_takes_the_oldest,
    settled_steps_leave_the_index,
    postponed_entry_moves_once,
    postponing_writes_no_version,
    open_jobs_stand_in_the_shards_of_deadlines,
    ended_jobs_wait_for_retention_and_move_without_a_version,
);

/// Long past, so that on a used stack our entries come before everybody else's.
fn early(names: &mut Names) -> Timestamp {
    let minutes = i64::from(u32::from_be_bytes(names.bytes()) % 5_000_000);
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes + 1)
}

async fn due_of(store: &dyn JobStore, tenant: &TenantId, job: &JobId, until: Timestamp) -> Vec<WakeEntry> {
    let found = store.due(wake_shard(job), until, 500).await.unwrap();
    assert!(found.is_sorted_by_key(|entry| entry.seen), "oldest first");
    found.into_iter().filter(|entry| entry.key.tenant() == tenant).collect()
}

async fn plant_due(store: &dyn JobStore, names: &mut Names, tenant: &TenantId, job: &JobId, at: Timestamp) -> Step {
    let it = Step { next_check_at: Some(at), ..step(names, tenant, job, StepKind::Locate, at) };
    plant(store, names, tenant, Record::Step(Box::new(it.clone()))).await;
    it
}

/// Takes the test's steps out again: they would stay the oldest of a used stack for ever.
async fn settle(store: &dyn JobStore, names: &mut Names, step: &Step) {
    let done = Step { next_check_at: None, state: StepState::Done, ..step.clone() };
    plant(store, names, &step.tenant, Record::Step(Box::new(done))).await;
}

async fn due_steps_are_found_in_their_shard_oldest_first(store: &dyn JobStore, names: &mut Names) {
    let (tenant, at) = (names.tenant(), early(names));
    let later = at + SignedDuration::from_mins(1);
    let mut planted = Vec::new();
    for _ in 0..8 {
        let job = names.job();
        planted.push(plant_due(store, names, &tenant, &job, later).await);
        let second = Step { shard: 1, ..step(names, &tenant, &job, StepKind::Locate, at) };
        let second = Step { next_check_at: Some(at), ..second };
        plant(store, names, &tenant, Record::Step(Box::new(second.clone()))).await;
        planted.push(second);
    }
    let due = |until| async move {
        let mut found = Vec::new();
        for shard in 0..WAKE_SHARDS {
            let entries = store.due(shard, until, 500).await.unwrap();
            assert!(entries.is_sorted_by_key(|entry| entry.seen), "oldest first");
            found.extend(entries);
        }
        found
    };
    let mine = |entries: Vec<WakeEntry>| {
        let mut mine: Vec<_> = entries.into_iter().filter(|entry| entry.key.tenant() == &tenant).collect();
        mine.sort();
        mine
    };
    let expected = |until: Timestamp| {
        let due = planted.iter().filter(|step| step.next_check_at.is_some_and(|at| at <= until));
        let mut entries: Vec<_> =
            due.map(|step| WakeEntry { key: step.key(), seen: step.next_check_at.unwrap() }).collect();
        entries.sort();
        entries
    };
    for until in [at - SignedDuration::from_secs(1), at, later] {
        assert_eq!(mine(due(until).await), expected(until), "until {until}");
    }
    for step in &planted {
        settle(store, names, step).await;
    }
}

async fn limit_takes_the_oldest(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job) = (names.tenant(), names.job());
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
    let old = plant_due(store, names, &tenant, &job, now).await;
    let young = Step { shard: 1, next_check_at: Some(now + SignedDuration::from_secs(5)), ..old.clone() };
    plant(store, names, &tenant, Record::Step(Box::new(young.clone()))).await;
    let found = store.due(wake_shard(&job), now + SignedDuration::from_mins(1), 1).await.unwrap();
    assert_eq!(found, [WakeEntry { key: old.key(), seen: now }]);
    settle(store, names, &old).await;
    settle(store, names, &young).await;
}

async fn settled_steps_leave_the_index(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job, at) = (names.tenant(), names.job(), early(names));
    let it = plant_due(store, names, &tenant, &job, at).await;
    assert_eq!(due_of(store, &tenant, &job, at).await.len(), 1);
    let moved = Step { version: 2, next_check_at: Some(at + SignedDuration::from_mins(9)), ..it.clone() };
    plant(store, names, &tenant, Record::Step(Box::new(moved.clone()))).await;
    assert_eq!(due_of(store, &tenant, &job, at).await, []);
    settle(store, names, &moved).await;
    assert_eq!(due_of(store, &tenant, &job, at + SignedDuration::from_mins(9)).await, []);
}

async fn postponed_entry_moves_once(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job, at) = (names.tenant(), names.job(), early(names));
    let it = plant_due(store, names, &tenant, &job, at).await;
    let entry = due_of(store, &tenant, &job, at).await.remove(0);
    let to = at + SignedDuration::from_mins(2);
    assert!(store.postpone(&entry, to).await.unwrap());
    assert!(!store.postpone(&entry, to).await.unwrap(), "another sweep was first");
    assert_eq!(due_of(store, &tenant, &job, at).await, []);
    assert_eq!(due_of(store, &tenant, &job, to).await, [WakeEntry { key: it.key(), seen: to }]);
    let gone = WakeEntry { key: Step::key_of(&tenant, &job, StepKind::Package, 0), seen: at };
    assert!(!store.postpone(&gone, to).await.unwrap(), "what isn't there can't be postponed");
    settle(store, names, &it).await;
}

async fn postponing_writes_no_version(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job, at) = (names.tenant(), names.job(), early(names));
    let it = plant_due(store, names, &tenant, &job, at).await;
    let to = at + SignedDuration::from_mins(2);
    assert!(store.postpone(&WakeEntry { key: it.key(), seen: at }, to).await.unwrap());
    let moved = Step { next_check_at: Some(to), ..it.clone() };
    assert_eq!(load_one(store, &it.key()).await, Some(Record::Step(Box::new(moved.clone()))));
    let next = Step { version: 2, next_check_at: None, op_nonce: names.nonce(), ..moved };
    let write = vec![put(Record::Step(Box::new(next)), Expect::Version(1))];
    commit(store, names, &tenant, write).await.unwrap();
    assert_eq!(due_of(store, &tenant, &job, to).await, []);
}

async fn open_jobs_stand_in_the_shards_of_deadlines(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id, at) = (names.tenant(), names.job(), early(names));
    let due_at = at + SignedDuration::from_hours(24 * 7);
    let it = Job { status: JobStatus::Pending, due_at, ..job_fixture(names, &tenant, &id, at) };
    plant(store, names, &tenant, Record::Job(Box::new(it.clone()))).await;
    let mine =
        |found: Vec<WakeEntry>| found.into_iter().filter(|entry| entry.key.tenant() == &tenant).collect::<Vec<_>>();
    let seen = it.next_look_at().unwrap();
    let found = mine(store.due(deadline_shard(&id), seen, 500).await.unwrap());
    assert_eq!(found, [WakeEntry { key: it.key(), seen }]);
    assert_eq!(mine(store.due(wake_shard(&id), seen, 500).await.unwrap()), [], "no step is due");
    let early = seen - SignedDuration::from_secs(1);
    assert_eq!(mine(store.due(deadline_shard(&id), early, 500).await.unwrap()), []);
    let ended = Job { status: JobStatus::Completed, version: 2, ..it };
    plant(store, names, &tenant, Record::Job(Box::new(ended))).await;
    assert_eq!(mine(store.due(deadline_shard(&id), seen, 500).await.unwrap()), []);
}

async fn ended_jobs_wait_for_retention_and_move_without_a_version(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id, at) = (names.tenant(), names.job(), early(names));
    let day = SignedDuration::from_hours(24);
    let fixture = job_fixture(names, &tenant, &id, at);
    let it = Job { status: JobStatus::Completed, completed_at: Some(at), ..fixture };
    plant(store, names, &tenant, Record::Job(Box::new(it.clone()))).await;
    let mine = async |until: Timestamp| {
        let found = store.due(ended_shard(&id), until, 500).await.unwrap();
        found.into_iter().filter(|entry| entry.key.tenant() == &tenant).collect::<Vec<_>>()
    };
    let (first, second) =
        (WakeEntry { key: it.key(), seen: at + day }, WakeEntry { key: it.key(), seen: at + day * 8 });
    assert_eq!(mine(at + day).await, std::slice::from_ref(&first));
    assert!(store.postpone(&first, second.seen).await.unwrap());
    assert!(!store.postpone(&first, second.seen).await.unwrap(), "moved once");
    assert_eq!((mine(at + day).await, mine(second.seen).await), (vec![], vec![second.clone()]));
    assert_eq!(load_one(store, &it.key()).await, Some(Record::Job(Box::new(it.clone()))));
    let retired =
        Job { retired_at: Some(at + day * 9), version: it.version + 1, op_nonce: names.nonce(), ..it.clone() };
    let write = vec![put(Record::Job(Box::new(retired)), Expect::Version(it.version))];
    commit(store, names, &tenant, write).await.unwrap();
    assert_eq!(mine(at + day * 10).await, [WakeEntry { key: it.key(), seen: at + day * 10 }]);
    let gone = vec![Change::Delete { key: it.key(), expect: Expect::Version(it.version + 1) }];
    commit(store, names, &tenant, gone).await.unwrap();
    assert_eq!(mine(at + day * 400).await, [], "what is gone is looked at no more");
}
