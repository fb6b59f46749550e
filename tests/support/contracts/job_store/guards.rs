//! Guards of legal holds: sets that grow and shrink without a version, looked at within a transaction.

use std::collections::BTreeSet;

use domain::hold::{Claim, Guard, GuardScope, Hold, HoldScope, HoldStatus};
use domain::ids::{HoldId, TenantId};
use domain::key::TenantKey;
use domain::record::Record;
use domain::role::Pseudonym;
use domain::sealed::Sealed;
use domain::step::{Step, StepKind, StepState};
use domain::transition::{Change, Expect};
use futures::future::join_all;
use workflow::ports::{CommitError, JobStore};

use super::{commit, conflict_at, load_one, plant, put, transition};
use crate::contracts::cases;
use crate::fixtures::step;
use crate::names::Names;

cases!(dyn JobStore:
    a_guard_holds_until_its_last_hold_is_gone,
    holds_come_and_go_any_number_of_times,
    holds_placed_at_once_are_all_there,
    a_claim_and_a_hold_meet_in_one_order,
    holds_and_claims_read_back,
);

fn guard(tenant: &TenantId) -> TenantKey {
    Guard::key_of(tenant, &GuardScope::tenant(), 3)
}

fn hold_id(names: &mut Names) -> HoldId {
    HoldId::new(names.tick(), names.bytes())
}

const fn change(key: TenantKey, hold: HoldId, holds: bool) -> Change {
    Change::Guard { key, hold, holds }
}

async fn is_free(store: &dyn JobStore, names: &mut Names, tenant: &TenantId) -> bool {
    let check = Change::Check { key: guard(tenant), expect: Expect::NoHold };
    match commit(store, names, tenant, vec![check]).await {
        Ok(()) => true,
        refused => {
            assert_eq!(conflict_at(refused), [0]);
            false
        }
    }
}

async fn behind(store: &dyn JobStore, tenant: &TenantId) -> BTreeSet<HoldId> {
    load_one(store, &guard(tenant)).await.and_then(Record::into_guard).map(|guard| guard.holds).unwrap_or_default()
}

async fn a_guard_holds_until_its_last_hold_is_gone(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    assert!(is_free(store, names, &tenant).await, "an absent guard holds nothing");
    let (one, other) = (hold_id(names), hold_id(names));
    for hold in [&one, &other] {
        commit(store, names, &tenant, vec![change(guard(&tenant), hold.clone(), true)]).await.unwrap();
        assert!(!is_free(store, names, &tenant).await);
    }
    commit(store, names, &tenant, vec![change(guard(&tenant), one.clone(), false)]).await.unwrap();
    assert!(!is_free(store, names, &tenant).await);
    assert_eq!(behind(store, &tenant).await, BTreeSet::from([other.clone()]));
    commit(store, names, &tenant, vec![change(guard(&tenant), other, false)]).await.unwrap();
    assert!(is_free(store, names, &tenant).await);
    assert_eq!(behind(store, &tenant).await, BTreeSet::new());
}

async fn holds_come_and_go_any_number_of_times(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let hold = hold_id(names);
    for holds in [false, true, true, false, false] {
        commit(store, names, &tenant, vec![change(guard(&tenant), hold.clone(), holds)]).await.unwrap();
        assert_eq!(is_free(store, names, &tenant).await, !holds);
    }
}

async fn holds_placed_at_once_are_all_there(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let holds: Vec<HoldId> = (0..5).map(|_| hold_id(names)).collect();
    let writes: Vec<_> =
        holds.iter().map(|hold| transition(names, &tenant, vec![change(guard(&tenant), hold.clone(), true)])).collect();
    // Whoever is in another's way comes again, as those who place holds do.
    let write = async |one| {
        for _ in 0..20 {
            match store.commit(one).await {
                Err(CommitError::Port(error)) if error.is_transient() => {}
                ended => return ended,
            }
        }
        panic!("the store is too busy")
    };
    for ended in join_all(writes.iter().map(write)).await {
        ended.unwrap();
    }
    assert_eq!(behind(store, &tenant).await, holds.into_iter().collect());
}

/// Of a claim and a hold at once: the claim is refused, or whoever has placed the hold finds it (INV-E1, INV-E2).
async fn a_claim_and_a_hold_meet_in_one_order(store: &dyn JobStore, names: &mut Names) {
    for _ in 0..5 {
        let (tenant, id) = (names.tenant(), names.job());
        let now = names.tick();
        let claimed = Step { state: StepState::Claimed, ..step(names, &tenant, &id, StepKind::Erase, now) };
        let claim = Claim::of(&claimed, GuardScope::tenant(), now);
        let hold = hold_id(names);
        let claims = transition(
            names,
            &tenant,
            vec![
                put(Record::Step(Box::new(claimed)), Expect::Absent),
                Change::Check { key: guard(&tenant), expect: Expect::NoHold },
                put(Record::Claim(claim.clone()), Expect::Any),
            ],
        );
        let holds = transition(names, &tenant, vec![change(guard(&tenant), hold, true)]);
        let place = async {
            for _ in 0..20 {
                match store.commit(&holds).await {
                    Err(CommitError::Port(error)) if error.is_transient() => {}
                    ended => {
                        ended.unwrap();
                        return store.query(&tenant, &claim.scope.partition(), Claim::PREFIX).await.unwrap();
                    }
                }
            }
            panic!("the store is too busy")
        };
        let (claimed, found) = futures::future::join(store.commit(&claims), place).await;
        let expected = if claimed.is_ok() { vec![Record::Claim(claim)] } else { Vec::new() };
        assert_eq!(found, expected, "{claimed:?}");
    }
}

async fn holds_and_claims_read_back(store: &dyn JobStore, names: &mut Names) {
    let (tenant, id) = (names.tenant(), names.job());
    let now = names.tick();
    let hold = Hold {
        v: 1,
        tenant: tenant.clone(),
        id: hold_id(names),
        version: 1,
        op_nonce: names.nonce(),
        scope: HoldScope::Organization {
            organization_id: "org-1".to_owned(),
            alias: domain::request::Alias::from_keyed_hash("ab".repeat(16)),
        },
        words: Sealed { v: 1, body: "c2VhbGVk".to_owned() },
        placed_by: Pseudonym::from_keyed_hash("cd".repeat(16)),
        placed_at: now,
        status: HoldStatus::Released,
        effective_at: Some(now),
        released_by: Some(Pseudonym::from_keyed_hash("ef".repeat(16))),
        released_at: Some(now),
        cleared: true,
        body: Some("12".repeat(32)),
    };
    let claimed = step(names, &tenant, &id, StepKind::Conclude, now);
    let claim = Claim::of(&claimed, GuardScope::tenant(), now);
    for record in [Record::Hold(Box::new(hold)), Record::Claim(claim)] {
        plant(store, names, &tenant, record.clone()).await;
        assert_eq!(load_one(store, &record.key()).await, Some(record));
    }
}
