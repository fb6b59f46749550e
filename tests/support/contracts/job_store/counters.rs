//! Counters move by transactions only and never pass their limit (INV-Q1).

use domain::key::TenantKey;
use domain::record::{Counter, Record};
use domain::step::StepKind;
use domain::transition::{Change, Expect};
use futures::future::join_all;
use workflow::ports::{CommitError, JobStore};

use super::{commit, conflict_at, load_one, put, transition};
use crate::contracts::cases;
use crate::fixtures::step;
use crate::names::Names;

cases!(dyn JobStore:
    first_add_makes_the_counter,
    full_counter_refuses_and_is_named,
    limit_holds_under_concurrency,
    budget_is_never_overspent,
    other_conflicts_are_no_full_counter,
);

async fn value(store: &dyn JobStore, key: &TenantKey) -> Option<i64> {
    match load_one(store, key).await {
        Some(Record::Counter(counter)) => {
            assert_eq!(counter.key, *key);
            Some(counter.value)
        }
        None => None,
        Some(other) => panic!("not a counter: {other:?}"),
    }
}

async fn first_add_makes_the_counter(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let key = Counter::open_jobs(&tenant);
    assert_eq!(value(store, &key).await, None);
    for (by, limit, expected) in [(1, Some(10), 1), (5, None, 6), (-2, None, 4)] {
        commit(store, names, &tenant, vec![Change::Add { key: key.clone(), by, limit }]).await.unwrap();
        assert_eq!(value(store, &key).await, Some(expected));
    }
}

async fn full_counter_refuses_and_is_named(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let key = Counter::open_jobs(&tenant);
    let add = || Change::Add { key: key.clone(), by: 1, limit: Some(2) };
    for _ in 0..2 {
        commit(store, names, &tenant, vec![add()]).await.unwrap();
    }
    let made = step(names, &tenant, &id, StepKind::Screen, now);
    let made_key = made.key();
    let changes = vec![put(Record::Step(Box::new(made)), Expect::Absent), add()];
    match commit(store, names, &tenant, changes).await {
        Err(CommitError::LimitReached { key: full, limit }) => assert_eq!((full, limit), (key.clone(), 2)),
        other => panic!("a full counter was expected, not {other:?}"),
    }
    assert_eq!(value(store, &key).await, Some(2));
    assert_eq!(load_one(store, &made_key).await, None);
}

async fn limit_holds_under_concurrency(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let key = Counter::open_jobs(&tenant);
    let adds: Vec<_> = (0..20)
        .map(|_| transition(names, &tenant, vec![Change::Add { key: key.clone(), by: 1, limit: Some(5) }]))
        .collect();
    let results = join_all(adds.iter().map(|add| store.commit(add))).await;
    let done = results.iter().filter(|result| result.is_ok()).count();
    // A busy counter may give up early, but what it answers and what it counts must agree.
    assert!((1..=5).contains(&done), "{results:?}");
    assert_eq!(value(store, &key).await, i64::try_from(done).ok());
}

/// Costs of several units: what may stand before is the limit without the cost, so that the sum never passes it.
async fn budget_is_never_overspent(store: &dyn JobStore, names: &mut Names) {
    const LIMIT: i64 = 10_000_000;
    let tenant = names.tenant();
    let key = Counter::privacy_spent(&tenant);
    let costs: Vec<i64> = (0..16).map(|at| [1_500_000, 2_000_000, 700_001, 3_000_000][at % 4]).collect();
    let spends: Vec<_> = costs
        .iter()
        .map(|cost| {
            let add = Change::Add { key: key.clone(), by: *cost, limit: Some(LIMIT - cost + 1) };
            transition(names, &tenant, vec![add])
        })
        .collect();
    let results = join_all(spends.iter().map(|spend| store.commit(spend))).await;
    let paid: i64 = costs.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(cost, _)| cost).sum();
    assert!(paid > 0 && paid <= LIMIT, "{paid}: {results:?}");
    // A busy counter may answer late that it had paid; it never has paid less than it says, nor more than it may.
    let spent = value(store, &key).await.unwrap();
    assert!((paid..=LIMIT).contains(&spent), "{spent} were spent, {paid} were answered");
    let left = LIMIT - spent;
    let more = Change::Add { key: key.clone(), by: left + 1, limit: Some(LIMIT - left) };
    let refused = commit(store, names, &tenant, vec![more]).await;
    assert!(matches!(refused, Err(CommitError::LimitReached { .. })), "{refused:?}");
    if left > 0 {
        let rest = Change::Add { key: key.clone(), by: left, limit: Some(LIMIT - left + 1) };
        commit(store, names, &tenant, vec![rest]).await.unwrap();
    }
    assert_eq!(value(store, &key).await, Some(LIMIT));
}

async fn other_conflicts_are_no_full_counter(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let key = Counter::open_jobs(&tenant);
    let it = step(names, &tenant, &id, StepKind::Screen, now);
    let changes = || {
        let add = Change::Add { key: key.clone(), by: 1, limit: Some(10) };
        vec![put(Record::Step(Box::new(it.clone())), Expect::Absent), add]
    };
    commit(store, names, &tenant, changes()).await.unwrap();
    assert_eq!(conflict_at(commit(store, names, &tenant, changes()).await), [0]);
    assert_eq!(value(store, &key).await, Some(1));
}
