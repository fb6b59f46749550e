//! What must hold of a corrected identity (GDPR Art. 16): the right value is everywhere or nowhere, and before the first
//! row holds it, whatever stands for the person under the wrong value stands under the right one too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adapters_memory::{Commit, Effect, Sources, State};
use domain::datum::Datum;
use domain::hold::{Hold, HoldScope, HoldStatus};
use domain::ids::{HoldId, JobId, TenantId};
use domain::job::{Job, JobStatus};
use domain::record::Record;

use super::erasure::is_of;
use super::{Expected, Renamed};

/// What was learnt from the commits so far.
struct Seen<'a> {
    renamed: &'a Renamed,
    tenant: TenantId,
    jobs: BTreeMap<&'a JobId, &'a Job>,
    holds: BTreeMap<&'a HoldId, &'a Hold>,
    /// What stands behind guards, by their partition.
    guards: BTreeMap<String, &'a BTreeSet<HoldId>>,
    /// Whether somebody was erased under the right value.
    is_suppressed: bool,
    /// Since the correction stands behind both guards: whether it came too late for that, and what restricted the person.
    guarded: Option<(bool, Vec<&'a JobId>)>,
    has_written: bool,
}

/// Checks what must hold at any time.
pub(super) fn check(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    for renamed in &expected.renamed {
        let Some(mut seen) = Seen::of(renamed, expected) else { continue };
        let mut effects = state.effects.iter().enumerate().peekable();
        for (number, commit) in state.journal.iter().enumerate() {
            while let Some((at, effect)) = effects.next_if(|(_, effect)| effect.after_commits <= number) {
                seen.check_effect(effect, sources_after(state, at), broken);
            }
            seen.learn(commit);
            seen.check_restrictions(broken);
        }
        for (at, effect) in effects {
            seen.check_effect(effect, sources_after(state, at), broken);
        }
        if !seen.job().is_some_and(has_begun) && seen.count(&state.sources, renamed.right) > 0 {
            broken.push("ART-16 a right value is there though no correction of it has begun".to_owned());
        }
    }
}

/// Checks what must hold once nothing is under way.
pub(super) fn check_ends(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    for renamed in &expected.renamed {
        let Some(mut seen) = Seen::of(renamed, expected) else { continue };
        let mut asked_by_then = Vec::new();
        for commit in &state.journal {
            let was_done = seen.is_done();
            seen.learn(commit);
            if seen.is_done() && !was_done {
                asked_by_then = seen.jobs.values().filter(|job| job.restriction.is_some()).map(|job| &job.id).collect();
            }
        }
        if !seen.is_done() {
            continue;
        }
        let first = state.effects.iter().find(|effect| seen.row(effect).is_some()).map(|effect| &effect.before);
        let was = first.unwrap_or(&state.sources);
        let copies = [renamed.person.email, renamed.right].map(|value| seen.count(was, value)).iter().sum::<usize>();
        let left = [renamed.person.email, renamed.right].map(|value| seen.count(&state.sources, value));
        if left != [0, copies] {
            let [wrong, right] = left;
            broken.push(format!("ART-16 of {copies} copies {wrong} are still wrong and {right} are right"));
        }
        if seen.is_suppressed {
            broken.push("ART-16 whoever has the right value is taken for somebody who was erased".to_owned());
        }
        let standing = seen.restricting();
        let asked_before = |job: &&JobId| asked_by_then.contains(job);
        if standing.into_iter().filter(asked_before).any(|job| !seen.restricts_under_both(job)) {
            broken.push("ART-18 a restriction from before a correction was done is not under both values".to_owned());
        }
    }
}

/// The sources once an effect was made.
fn sources_after(state: &State, at: usize) -> &Arc<Sources> {
    state.effects.get(at + 1).map_or(&state.sources, |next| &next.before)
}

fn has_begun(job: &Job) -> bool {
    job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some())
}

/// Whether something of this job stands behind a guard.
fn names(marks: &BTreeSet<HoldId>, job: &JobId) -> bool {
    let digits = job.as_str().trim_start_matches("job_");
    marks.iter().any(|mark| mark.as_str().trim_start_matches("hold_") == digits)
}

impl<'a> Seen<'a> {
    fn of(renamed: &'a Renamed, expected: &Expected) -> Option<Self> {
        let accepted = expected.accepted.iter().find(|(_, job, _)| *job == renamed.job);
        accepted.map(|(tenant, ..)| Self {
            renamed,
            tenant: tenant.clone(),
            jobs: BTreeMap::new(),
            holds: BTreeMap::new(),
            guards: BTreeMap::new(),
            is_suppressed: false,
            guarded: None,
            has_written: false,
        })
    }

    fn learn(&mut self, commit: &'a Commit) {
        if commit.tenant != self.tenant {
            return;
        }
        for record in commit.writes.iter().filter_map(|write| write.after.as_deref()) {
            match record {
                Record::Job(job) => drop(self.jobs.insert(&job.id, job)),
                Record::Hold(hold) => drop(self.holds.insert(&hold.id, hold)),
                Record::Suppression(entry) => self.is_suppressed |= entry.alias == self.renamed.aliases[1],
                other => {
                    if let Some(guard) = other.as_guard() {
                        self.guards.insert(guard.key.stored_partition(), &guard.holds);
                    }
                }
            }
        }
        if self.guarded.is_none() && self.is_behind_both("corrected", &self.renamed.job) {
            self.guarded = Some((self.is_suppressed, self.restricting()));
        }
    }

    fn job(&self) -> Option<&'a Job> {
        self.jobs.get(&self.renamed.job).copied()
    }

    fn is_done(&self) -> bool {
        self.job().is_some_and(|job| job.status == JobStatus::Completed)
    }

    /// Whether a job stands behind the guards of this name, of the wrong value and of the right one.
    fn is_behind_both(&self, name: &str, job: &JobId) -> bool {
        let behind = |partition: String| self.guards.get(&partition).is_some_and(|marks| names(marks, job));
        self.renamed.aliases.iter().all(|alias| behind(format!("t#{}#guard#{name}#{}", self.tenant, alias.as_str())))
    }

    fn restricts_under_both(&self, job: &JobId) -> bool {
        self.is_behind_both("restricted", job)
    }

    fn stands(&self, job: &JobId) -> bool {
        let restriction = self.jobs.get(job).and_then(|job| job.restriction.as_deref());
        restriction.is_some_and(|it| it.set_at.is_some() && it.lifted_at.is_none())
    }

    /// The restrictions that stand under the wrong value.
    fn restricting(&self) -> Vec<&'a JobId> {
        let [was, _] = &self.renamed.aliases;
        let is_its = |job: &&&'a Job| {
            let restriction = job.restriction.as_deref().filter(|it| it.purpose.is_none());
            restriction.is_some_and(|it| it.aliases.contains(was))
        };
        self.jobs.values().filter(is_its).map(|job| &job.id).filter(|job| self.stands(job)).collect()
    }

    /// What stood when the correction was about to write stands under both values from its first write until it is lifted.
    fn check_restrictions(&self, broken: &mut Vec<String>) {
        let Some((_, stood)) = self.guarded.as_ref().filter(|_| self.has_written) else { return };
        let mut lost = stood.iter().filter(|job| self.stands(job) && !self.restricts_under_both(job));
        if lost.next().is_some() {
            broken.push("ART-18 a restriction does not stand under both values of a corrected identity".to_owned());
        }
    }

    /// The row of the person's that an effect met, and its number.
    fn row<'b>(&self, effect: &'b Effect) -> Option<(u64, &'b Datum)> {
        let number = effect.locator.parse().ok()?;
        let row = effect.before.tables.get(&effect.collection)?.row(number)?;
        (effect.tenant == self.tenant && self.is_own(row)).then_some((number, row))
    }

    fn is_own(&self, row: &Datum) -> bool {
        is_of(row, self.renamed.person) && row.get("tenant").and_then(Datum::as_text) == Some(self.tenant.as_str())
    }

    /// How many rows of the person's hold a value.
    fn count(&self, sources: &Sources, value: &str) -> usize {
        let rows = sources.tables.values().flat_map(adapters_memory::Table::rows);
        rows.filter(|row| self.is_own(row) && holds(row, value)).count()
    }

    fn check_effect(&mut self, effect: &Effect, after: &Sources, broken: &mut Vec<String>) {
        let Some((number, row)) = self.row(effect) else { return };
        // What goes altogether is an erasure's.
        let Some(now) = after.tables.get(&effect.collection).and_then(|table| table.row(number)) else { return };
        self.has_written = true;
        if !self.job().is_some_and(has_begun) {
            broken.push("ART-16 a row was corrected before the correction has begun".to_owned());
        }
        match &self.guarded {
            None => broken.push("ART-16 a row was corrected before both values lead to the correction".to_owned()),
            Some((true, _)) => broken.push("ART-16 the value of somebody erased was written".to_owned()),
            Some((false, _)) => {}
        }
        if self.holds.values().any(|hold| self.is_covered(hold)) {
            broken.push("INV-E1 an identity was corrected under an effective hold".to_owned());
        }
        if *now != self.corrected(row) {
            broken.push("ART-16 a correction wrote something else than the right value".to_owned());
        }
        if !is_untouched_but(&effect.before, after, (&effect.collection, number)) {
            broken.push("ART-16 a correction of one row changed another".to_owned());
        }
        self.check_restrictions(broken);
    }

    fn is_covered(&self, hold: &Hold) -> bool {
        let covers = match &hold.scope {
            HoldScope::Subject { aliases } => self.renamed.aliases.iter().any(|alias| aliases.contains(alias)),
            HoldScope::Tenant => true,
            HoldScope::Organization { .. } => false,
        };
        covers && hold.status == HoldStatus::Effective && hold.tenant == self.tenant
    }

    /// A row as it is when it is right.
    fn corrected(&self, row: &Datum) -> Datum {
        let Datum::Map(fields) = row else { return row.clone() };
        let right = |value: &Datum| match value.as_text() {
            Some(text) if text == self.renamed.person.email => Datum::Text(self.renamed.right.to_owned()),
            _ => value.clone(),
        };
        Datum::Map(fields.iter().map(|(name, value)| (name.clone(), right(value))).collect())
    }
}

fn holds(row: &Datum, value: &str) -> bool {
    let Datum::Map(fields) = row else { return false };
    fields.iter().any(|(_, field)| field.as_text() == Some(value))
}

/// Whether all rows but one are as they were.
fn is_untouched_but(before: &Sources, after: &Sources, (collection, number): (&String, u64)) -> bool {
    let is_other = |(name, at, _): &(&String, u64, &Datum)| (*name, *at) != (collection, number);
    all_rows(before).filter(is_other).eq(all_rows(after).filter(is_other))
}

fn all_rows(sources: &Sources) -> impl Iterator<Item = (&String, u64, &Datum)> {
    sources.tables.iter().flat_map(|(name, table)| table.numbered().map(move |(number, row)| (name, number, row)))
}
