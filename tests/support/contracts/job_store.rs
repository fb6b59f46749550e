//! The contract of the tables: transactions, conditions, counters, reads, lists, the sweep's index.

use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::Record;
use domain::transition::{Change, Expect, Transition};
use workflow::ports::{CommitError, JobStore, PortErrorKind};

use crate::contracts::Case;
use crate::names::Names;

pub mod conditions;
pub mod counters;
pub mod guards;
pub mod lists;
pub mod mail;
pub mod reads;
pub mod wake;

/// Every suite of the port.
pub const SUITES: &[&[Case<dyn JobStore>]] =
    &[conditions::CASES, counters::CASES, guards::CASES, reads::CASES, lists::CASES, mail::CASES, wake::CASES];

/// Runs the whole contract.
pub async fn run(store: &(dyn JobStore + 'static), names: &mut Names) {
    for suite in SUITES {
        crate::contracts::run_all(store, suite, names).await;
    }
}

/// A transition of these changes.
pub(crate) fn transition(names: &mut Names, tenant: &TenantId, changes: Vec<Change>) -> Transition {
    Transition { tenant: tenant.clone(), op_nonce: names.nonce(), changes }
}

/// Commits these changes.
pub(crate) async fn commit(
    store: &dyn JobStore,
    names: &mut Names,
    tenant: &TenantId,
    changes: Vec<Change>,
) -> Result<(), CommitError> {
    store.commit(&transition(names, tenant, changes)).await
}

/// Writes a record whatever is there.
pub(crate) async fn plant(store: &dyn JobStore, names: &mut Names, tenant: &TenantId, record: Record) {
    commit(store, names, tenant, vec![put(record, Expect::Any)]).await.unwrap();
}

pub(crate) const fn put(record: Record, expect: Expect) -> Change {
    Change::Put { record, expect }
}

pub(crate) async fn load_one(store: &dyn JobStore, key: &TenantKey) -> Option<Record> {
    let mut found = store.load(std::slice::from_ref(key)).await.unwrap();
    assert_eq!(found.len(), 1, "one place per key");
    found.remove(0)
}

/// The positions of a conflict; anything else stops the test.
pub(crate) fn conflict_at(result: Result<(), CommitError>) -> Vec<usize> {
    match result {
        Err(CommitError::Conflict { at }) => at,
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

/// The kind of a port error; anything else stops the test.
pub(crate) fn port_error(result: Result<(), CommitError>) -> PortErrorKind {
    match result {
        Err(CommitError::Port(error)) => error.kind,
        other => panic!("a port error was expected, not {other:?}"),
    }
}
