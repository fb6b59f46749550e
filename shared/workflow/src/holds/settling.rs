//! Brings a hold to where it belongs: guards written and old claims over, or guards gone. Every part may run twice.

use std::collections::{BTreeMap, BTreeSet};

use domain::hold::{Claim, GUARD_COPIES, Hold, HoldStatus};
use domain::ids::OpNonce;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::retention_run::RetentionRun;
use domain::transition::{Cause, Expect, Transition, TransitionBuilder};

use super::{InFlight, Underway};
use crate::ports::{CommitError, PortError, PortErrorKind};
use crate::step_context::StepPorts;

/// How often a store that refuses for load is asked again; the adapter waits in between (INV-E2).
const MAX_TRIES: u32 = 40;
/// Items of one `load`.
const AT_ONCE: usize = 100;

/// Commits, and tries again while the store is too busy.
pub(super) async fn persist(ports: &StepPorts, transition: &Transition) -> Result<(), CommitError> {
    let mut last = PortError::new(PortErrorKind::Transient, "commit");
    for _ in 0..MAX_TRIES {
        match ports.store.commit(transition).await {
            Err(CommitError::Port(error)) if error.is_transient() => last = error,
            ended => return ended,
        }
    }
    Err(CommitError::Port(last))
}

/// An empty transition of a hold's tenant.
fn transition(ports: &StepPorts, hold: &Hold, reason: &str) -> TransitionBuilder {
    let entropy = ports.entropy.as_ref();
    let cause = Cause::worker(ports.clock.now()).because(reason);
    TransitionBuilder::new(&hold.tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes())
}

/// Settles a hold as far as it goes now, and says what it still waits for.
pub(super) async fn settle(ports: &StepPorts, mut hold: Hold) -> Result<(Hold, Vec<InFlight>), PortError> {
    for _ in 0..MAX_TRIES {
        let moved = match hold.status {
            HoldStatus::Pending => {
                if guard(ports, &hold).await? {
                    // Only now: a claim that is not found here meets a guard (INV-E1).
                    let mut in_flight = in_flight(ports, &hold).await?;
                    in_flight.extend(sweeping(ports, &hold).await?);
                    if !in_flight.is_empty() {
                        return Ok((hold, in_flight));
                    }
                    let at = Some(ports.clock.now());
                    let after = Hold { status: HoldStatus::Effective, effective_at: at, ..hold.clone() };
                    write(ports, &hold, after, "what had begun before is over").await?
                } else {
                    None
                }
            }
            HoldStatus::Released if !hold.cleared => {
                clear(ports, &hold).await?;
                let after = Hold { cleared: true, ..hold.clone() };
                write(ports, &hold, after, "nothing waits for it any more").await?
            }
            HoldStatus::Effective | HoldStatus::Released => return Ok((hold, Vec::new())),
        };
        hold = match moved {
            Some(hold) => hold,
            None => reload(ports, &hold).await?,
        };
    }
    Err(PortError::new(PortErrorKind::Transient, "settle hold"))
}

/// Writes the next version of a hold; `None` if somebody else did.
async fn write(ports: &StepPorts, before: &Hold, after: Hold, reason: &str) -> Result<Option<Hold>, PortError> {
    let mut builder = transition(ports, before, reason);
    let op_nonce = builder.op_nonce().clone();
    builder.write_hold(Some(before), after.clone());
    match persist(ports, &builder.build()).await {
        Ok(()) => Ok(Some(Hold { version: before.version + 1, op_nonce, ..after })),
        Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(None),
        Err(CommitError::Port(error)) => Err(error),
    }
}

async fn reload(ports: &StepPorts, hold: &Hold) -> Result<Hold, PortError> {
    let found = ports.store.load(&[hold.key()]).await?;
    let hold = found.into_iter().flatten().find_map(Record::into_hold);
    hold.map(|hold| *hold).ok_or(PortError::new(PortErrorKind::Corrupt, "load hold"))
}

/// Writes every copy of every guard; `false` if the hold moved meanwhile. A write that arrives late can't bring back
/// what a release has removed: it asks for the version of the hold.
async fn guard(ports: &StepPorts, hold: &Hold) -> Result<bool, PortError> {
    for copy in 0..GUARD_COPIES {
        let mut builder = transition(ports, hold, "placed");
        builder.check(hold.key(), Expect::Version(hold.version));
        for key in hold.guard_keys(copy) {
            builder.guard(key, hold.id.clone(), true);
        }
        match persist(ports, &builder.build()).await {
            Ok(()) => {}
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => return Ok(false),
            Err(CommitError::Port(error)) => return Err(error),
        }
    }
    Ok(true)
}

/// Removes a released hold from every copy of every guard.
async fn clear(ports: &StepPorts, hold: &Hold) -> Result<(), PortError> {
    for copy in 0..GUARD_COPIES {
        let mut builder = transition(ports, hold, "released");
        for key in hold.guard_keys(copy) {
            builder.guard(key, hold.id.clone(), false);
        }
        match persist(ports, &builder.build()).await {
            // Nothing is expected, so nothing is refused.
            Ok(()) | Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
            Err(CommitError::Port(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Every claim past the guards of a hold that still runs: a consistent query, then the steps themselves.
async fn in_flight(ports: &StepPorts, hold: &Hold) -> Result<Vec<InFlight>, PortError> {
    let mut claims: BTreeMap<TenantKey, Claim> = BTreeMap::new();
    for scope in hold.scope.guards() {
        let found = ports.store.query(&hold.tenant, &scope.partition(), Claim::PREFIX).await?;
        claims.extend(found.into_iter().filter_map(Record::into_claim).map(|claim| (claim.step_key(), claim)));
    }
    let keys: Vec<TenantKey> = claims.keys().cloned().collect();
    let mut running = Vec::new();
    for chunk in keys.chunks(AT_ONCE) {
        for step in ports.store.load(chunk).await?.into_iter().flatten().filter_map(Record::into_step) {
            if claims.get(&step.key()).is_some_and(|claim| claim.runs(&step)) {
                let work = Underway::Step { job: step.job.clone(), step: step.kind, shard: step.shard };
                running.push(InFlight { work, lease_until: step.lease_until });
            }
        }
    }
    Ok(running)
}

/// Chunks of the retention sweep that may have begun before the hold was there to be read: the sweep says that it begins,
/// and then reads the holds.
async fn sweeping(ports: &StepPorts, hold: &Hold) -> Result<Vec<InFlight>, PortError> {
    let now = ports.clock.now();
    let found = ports.store.query(&hold.tenant, &Partition::Tenant, RetentionRun::PREFIX).await?;
    let runs = found.into_iter().filter_map(Record::into_retention_run);
    let underway = runs.filter(|run| run.may_have_begun_before(hold.placed_at, now));
    let told = |run: Box<RetentionRun>| {
        let work = Underway::Sweep { collection: run.collection.clone() };
        InFlight { work, lease_until: run.removing.map(|window| window.until) }
    };
    Ok(underway.map(told).collect())
}

/// Settles the holds behind these guards, if any.
///
/// # Errors
/// When the store fails.
pub async fn settle_behind(ports: &StepPorts, guards: &[TenantKey]) -> Result<(), PortError> {
    let found = ports.store.load(guards).await?;
    let guards: Vec<_> = found.into_iter().flatten().filter_map(Record::into_guard).collect();
    let keys: BTreeSet<TenantKey> =
        guards.iter().flat_map(|guard| guard.holds.iter().map(|id| Hold::key_of(guard.key.tenant(), id))).collect();
    let keys: Vec<TenantKey> = keys.into_iter().collect();
    for chunk in keys.chunks(AT_ONCE) {
        for hold in ports.store.load(chunk).await?.into_iter().flatten().filter_map(Record::into_hold) {
            settle(ports, *hold).await?;
        }
    }
    Ok(())
}
