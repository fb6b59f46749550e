//! The writing half of the store: all changes or none, with the limits of a `DynamoDB` transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::hold::Guard;
use domain::ids::{HoldId, OpNonce, TenantId};
use domain::key::TenantKey;
use domain::record::{Counter, Record};
use domain::step::{Nudge, StepState};
use domain::transition::{Change, Expect, Transition};
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{CommitError, PortError, PortErrorKind};

use super::expect::holds;
use super::items::{address, write_item};
use crate::mutants::{Mutant, Mutants};
use crate::state::State;

/// Most changes of one transaction.
const MAXIMUM_CHANGES: usize = 100;
/// How long a client token is remembered.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// A transition that was committed, with what it met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// When.
    pub at: Timestamp,
    /// The transition's tenant.
    pub tenant: TenantId,
    /// The transition's nonce.
    pub op_nonce: OpNonce,
    /// Its changes in order.
    pub writes: Vec<Write>,
}

/// One change that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The item.
    pub key: Arc<TenantKey>,
    /// What was done.
    pub verb: Verb,
    /// What was there.
    pub before: Option<Arc<Record>>,
    /// What is there now.
    pub after: Option<Arc<Record>>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Writes the item.
    Put(Expect),
    /// Deletes it.
    Delete,
    /// Adds to a counter.
    Add(i64),
    /// Puts a hold behind a guard, or takes it away.
    Guard(bool),
    /// Only looks.
    Check(Expect),
}

pub(super) fn commit(state: &mut State, transition: &Transition) -> Result<(), CommitError> {
    let transition = &*super::partners::bent(state, transition);
    let transition = &*super::corrections::bent(state, transition);
    let keys = checked_keys(state, transition)?;
    let knows_nonces = !state.mutants.has(Mutant::NoOpNonce);
    if knows_nonces
        && !state.is_retry
        && let Some(earlier) = earlier_commit(state, &transition.op_nonce)
    {
        let same = is_same(earlier, transition);
        return if same { Ok(()) } else { Err(PortError::new(PortErrorKind::Corrupt, "commit").into()) };
    }
    let writes: Vec<Write> =
        keys.iter().zip(&transition.changes).map(|(key, change)| plan(state, key, change)).collect();
    let refused = refused(state, transition, &writes);
    if !refused.is_empty() {
        // A conflict with our own earlier write is a success: the first answer was lost.
        let is_own =
            |at: &usize| writes[*at].before.as_ref().and_then(|it| it.op_nonce()) == Some(&transition.op_nonce);
        return if knows_nonces && refused.iter().any(is_own) { Ok(()) } else { Err(refusal(transition, refused)) };
    }
    apply(state, transition, writes);
    Ok(())
}

/// The addresses of the changed items; refuses what no transaction can hold (INV-T1).
fn checked_keys(state: &mut State, transition: &Transition) -> Result<Vec<TenantKey>, PortError> {
    let corrupt = || PortError::new(PortErrorKind::Corrupt, "commit");
    state.check_tenant("commit", &transition.tenant);
    let count = transition.changes.len();
    if count == 0 || count > MAXIMUM_CHANGES {
        state.violations.push(format!("a transaction of {count} changes"));
        return Err(corrupt());
    }
    let keys: Vec<TenantKey> = transition.changes.iter().map(Change::key).collect();
    if keys.iter().any(|key| key.tenant() != &transition.tenant) {
        state.violations.push("INV-T1 commit to a foreign tenant's key".to_owned());
        return Err(corrupt());
    }
    if keys.iter().collect::<BTreeSet<_>>().len() < count {
        state.violations.push("a transaction that names an item twice".to_owned());
        return Err(corrupt());
    }
    Ok(keys.iter().map(|key| address(state.mutants, key)).collect())
}

fn earlier_commit<'a>(state: &'a State, nonce: &OpNonce) -> Option<&'a Commit> {
    let recent = state.journal.iter().rev().take_while(|commit| commit.at + TOKEN_LIFE >= state.now);
    recent.map(Arc::as_ref).find(|commit| commit.op_nonce == *nonce)
}

fn is_same(commit: &Commit, transition: &Transition) -> bool {
    let same = |(write, change): (&Write, &Change)| match change {
        Change::Put { record, expect } => write.verb == Verb::Put(*expect) && write.after.as_deref() == Some(record),
        Change::Delete { key, expect: _ } => write.verb == Verb::Delete && *write.key == *key,
        Change::Add { key, by, limit: _ } => write.verb == Verb::Add(*by) && *write.key == *key,
        Change::Guard { key, hold: _, holds } => write.verb == Verb::Guard(*holds) && *write.key == *key,
        Change::Check { key, expect } => write.verb == Verb::Check(*expect) && *write.key == *key,
    };
    commit.writes.len() == transition.changes.len() && commit.writes.iter().zip(&transition.changes).all(same)
}

fn plan(state: &State, key: &TenantKey, change: &Change) -> Write {
    let stored = state.items.get_key_value(key);
    let key = stored.map_or_else(|| Arc::new(key.clone()), |(key, _)| Arc::clone(key));
    let before = stored.map(|(_, record)| Arc::clone(record));
    let (verb, after) = match change {
        Change::Put { record, expect } => (Verb::Put(*expect), Some(Arc::new(record.clone()))),
        Change::Delete { .. } => (Verb::Delete, None),
        Change::Add { key: counter, by, limit: _ } => {
            let value = counted(before.as_deref()) + by;
            (Verb::Add(*by), Some(Arc::new(Record::Counter(Counter { key: counter.clone(), value }))))
        }
        Change::Guard { key: guard, hold, holds } => {
            let mut behind = held(before.as_deref());
            if *holds {
                behind.insert(hold.clone());
            } else {
                behind.remove(hold);
            }
            (Verb::Guard(*holds), Some(Arc::new(Record::Guard(Guard { key: guard.clone(), holds: behind }))))
        }
        Change::Check { key: _, expect } => (Verb::Check(*expect), before.clone()),
    };
    Write { key, verb, before, after }
}

fn held(record: Option<&Record>) -> BTreeSet<HoldId> {
    record.cloned().and_then(Record::into_guard).map(|guard| guard.holds).unwrap_or_default()
}

fn counted(record: Option<&Record>) -> i64 {
    let Some(Record::Counter(counter)) = record else { return 0 };
    counter.value
}

/// Positions of the changes whose expectation does not hold.
fn refused(state: &State, transition: &Transition, writes: &[Write]) -> Vec<usize> {
    let is_refused = |(write, change): (&Write, &Change)| match (write.verb, change) {
        (Verb::Put(expect) | Verb::Check(expect), _) => {
            !holds(expect, write.before.as_deref(), state.mutants, state.now)
                || is_out_of_turn(write, expect, state.mutants)
        }
        (Verb::Delete, Change::Delete { expect, .. }) => {
            !holds(*expect, write.before.as_deref(), state.mutants, state.now)
        }
        (Verb::Add(_), Change::Add { limit: Some(limit), .. }) => {
            counted(write.before.as_deref()) >= *limit && !state.mutants.has(Mutant::NoCounterLimit)
        }
        (Verb::Add(_) | Verb::Guard(_) | Verb::Delete, _) => false,
    };
    let pairs = writes.iter().zip(&transition.changes).enumerate();
    pairs.filter(|(_, pair)| is_refused(*pair)).map(|(at, _)| at).collect()
}

/// The deliberate bug: guards are looked at in a call of their own.
pub(super) fn check_holds_only(state: &State, transition: &Transition) -> Result<(), CommitError> {
    let is_held = |change: &Change| match change {
        Change::Check { key, expect: Expect::NoHold } => {
            state.items.get(key).is_some_and(|record| !record.is_free_guard())
        }
        Change::Put { .. }
        | Change::Delete { .. }
        | Change::Add { .. }
        | Change::Guard { .. }
        | Change::Check { .. } => false,
    };
    let at: Vec<usize> =
        transition.changes.iter().enumerate().filter(|(_, it)| is_held(it)).map(|(at, _)| at).collect();
    if at.is_empty() { Ok(()) } else { Err(CommitError::Conflict { at }) }
}

/// Whether a fenced write does not follow the version that is there.
fn is_out_of_turn(write: &Write, expect: Expect, mutants: Mutants) -> bool {
    let looks_away = [Mutant::NoFence, Mutant::ClockInsteadOfFence, Mutant::NoVersionUnderFence];
    match (write.verb, expect) {
        (Verb::Put(_), Expect::Fence(_)) if !looks_away.iter().any(|mutant| mutants.has(*mutant)) => {
            let version = |record: &Option<Arc<Record>>| record.as_ref().and_then(|record| record.version());
            version(&write.after) != version(&write.before).map(|version| version + 1)
        }
        (Verb::Put(_) | Verb::Delete | Verb::Add(_) | Verb::Guard(_) | Verb::Check(_), _) => false,
    }
}

/// A full counter is reported only where nothing else is wrong: then the caller may say so.
fn refusal(transition: &Transition, at: Vec<usize>) -> CommitError {
    let limit_of = |position: &usize| match transition.changes.get(*position) {
        Some(Change::Add { key, by: _, limit: Some(limit) }) => Some((key.clone(), *limit)),
        Some(
            Change::Add { .. }
            | Change::Put { .. }
            | Change::Delete { .. }
            | Change::Guard { .. }
            | Change::Check { .. },
        )
        | None => None,
    };
    let limits: Vec<_> = at.iter().filter_map(limit_of).collect();
    match limits.first() {
        Some((key, limit)) if limits.len() == at.len() => CommitError::LimitReached { key: key.clone(), limit: *limit },
        Some(_) | None => CommitError::Conflict { at },
    }
}

fn apply(state: &mut State, transition: &Transition, mut writes: Vec<Write>) {
    if state.mutants.has(Mutant::NoAuditEvent) {
        writes.retain(|write| !matches!(write.after.as_deref(), Some(Record::Event(_))));
    }
    if state.mutants.has(Mutant::TornTransaction) {
        writes.truncate(writes.len().div_ceil(2));
    }
    for write in &writes {
        match write.verb {
            Verb::Put(_) | Verb::Delete | Verb::Add(_) | Verb::Guard(_) => {
                write_item(state, Arc::clone(&write.key), write.after.clone());
            }
            Verb::Check(_) => {}
        }
    }
    let commit =
        Commit { at: state.now, tenant: transition.tenant.clone(), op_nonce: transition.op_nonce.clone(), writes };
    state.journal.push(Arc::new(commit));
}

/// Nudges for the steps a transition makes ready.
pub(super) fn nudges_of(transition: &Transition) -> Vec<Nudge> {
    let ready = transition.changes.iter().filter_map(|change| match change {
        Change::Put { record: Record::Step(step), .. } if step.state == StepState::Ready => Some(Nudge::for_step(step)),
        Change::Put { .. }
        | Change::Delete { .. }
        | Change::Add { .. }
        | Change::Guard { .. }
        | Change::Check { .. } => None,
    });
    ready.collect()
}
