//! Checks what must always hold (design page "Invariants") over a world, from the store's journal alone.
//!
//! Written from the page, not from the workflow: nothing here asks the code it checks.

use std::sync::Arc;

use adapters_memory::{Sources, State};
use domain::ids::{JobId, TenantId};
use domain::request::Alias;

use crate::sample::Person;

mod ends;
mod erasure;
mod journal;
mod privacy;
mod processors;
mod renaming;
mod rest;

pub use self::ends::receipt_of;
pub use self::erasure::is_of;
pub use self::privacy::check_archive;

/// What a test knows that the world can't: who asked for what, and what was answered.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Each accepted job with the person it is about.
    pub accepted: Vec<(TenantId, JobId, Person)>,
    /// Links that were handed to a caller.
    pub links_handed_out: usize,
    /// Each plan of erasure that was approved, by its job and its hash, with the sources it was made of.
    pub approved: Vec<(JobId, String, Arc<Sources>)>,
    /// Each identity that is to be corrected.
    pub renamed: Vec<Renamed>,
}

/// An identity that is to be corrected, and by which names it goes.
#[derive(Debug, Clone)]
pub struct Renamed {
    /// By which job.
    pub job: JobId,
    /// Whose, by the value that is wrong.
    pub person: Person,
    /// The value that is right.
    pub right: &'static str,
    /// The keyed hashes of the two.
    pub aliases: [Alias; 2],
}

/// What is broken, each with the invariant's name. Holds at any time, also between two calls.
#[must_use]
pub fn check_always(state: &State, expected: &Expected) -> Vec<String> {
    let mut broken = state.violations.clone();
    journal::check(state, &mut broken);
    erasure::check(state, expected, &mut broken);
    renaming::check(state, expected, &mut broken);
    rest::check_waiting(state, &mut broken);
    privacy::check_mail(state, expected, &mut broken);
    privacy::check_links(state, expected, &mut broken);
    broken
}

/// What is broken once nothing is under way: also what may lag behind while something is.
#[must_use]
pub fn check_at_rest(state: &State, expected: &Expected) -> Vec<String> {
    let mut broken = check_always(state, expected);
    rest::check_ends(state, expected, &mut broken);
    rest::check_counters(state, &mut broken);
    ends::check_ends(state, expected, &mut broken);
    renaming::check_ends(state, expected, &mut broken);
    broken
}

/// Looks for planted values in everything that must hold none (INV-A4).
#[must_use]
pub fn check_canaries(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    privacy::check_canaries(state, &mut broken);
    broken
}
