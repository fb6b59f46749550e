//! Single items and their place in the sweep's index.

use std::sync::{Arc, LazyLock};

use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::{ENDED_SHARDS, Record};

use crate::mutants::{Mutant, Mutants};
use crate::state::State;

static NOBODY: LazyLock<TenantId> = LazyLock::new(|| "nobody".parse().expect("a word of letters is a slug"));

/// Where an item is kept: under its own key, unless a deliberate bug drops the tenant.
pub(crate) fn address(mutants: Mutants, key: &TenantKey) -> TenantKey {
    if mutants.has(Mutant::NoTenantInKey) {
        TenantKey::new(&NOBODY, key.partition().clone(), key.sort())
    } else {
        key.clone()
    }
}

/// The item under a key.
pub(crate) fn read_item<'a>(state: &'a State, key: &TenantKey) -> Option<&'a Record> {
    if state.mutants.has(Mutant::NoTenantInKey) {
        return state.items.get(&address(state.mutants, key)).map(Arc::as_ref);
    }
    state.items.get(key).map(Arc::as_ref)
}

/// Writes or deletes the item at an address, and its entry in the sweep's index.
pub(crate) fn write_item(state: &mut State, key: Arc<TenantKey>, record: Option<Arc<Record>>) {
    let wake = record.as_ref().and_then(|record| record.wake());
    let before = match record {
        Some(record) => state.items.insert(Arc::clone(&key), record),
        None => state.items.remove(&key),
    };
    if let Some(old) = before.and_then(|record| record.wake()) {
        let is_moved = !state.wake.remove(&(old.shard, old.at, Arc::clone(&key)));
        // An entry of an ended job may have moved without its job.
        if is_moved && ENDED_SHARDS.contains(&old.shard) {
            state.wake.retain(|(shard, _, of)| *shard != old.shard || *of != key);
        }
    }
    if let Some(wake) = wake.filter(|_| !state.mutants.has(Mutant::NoOutbox)) {
        state.wake.insert((wake.shard, wake.at, key));
    }
}
