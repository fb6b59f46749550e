//! The life of one erasure: asked for by staff, proven, planned, approved by another officer, carried out after its grace.
//!
//! In the drifting one the data changes twice: after the first approval, and once the erasure has begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::{MemoryWorld, Sources};
use audit_log::receipt::Receipt;
use domain::datum::Datum;
use domain::job::{Job, JobStatus};
use domain::record::Record;
use domain::request::RequestType;
use domain::role::Role;
use domain::sensitive::Sensitive;
use jiff::SignedDuration;
use workflow::act_on_job::Act as Doing;
use workflow::refusal::Refusal;
use workflow::submit_request::NewRequest;

use super::{Act, Story, TRIES};
use crate::executor::Ended;
use crate::invariants::{is_of, receipt_of};
use crate::sample::{BOB, Person, access, caller};
use crate::world::World;

/// A little more than the usual grace period.
pub(super) const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24 + 6);

/// A request to be forgotten.
pub(super) fn request(person: Person) -> NewRequest {
    NewRequest { request_type: RequestType::Erasure, ..access(person) }
}

impl Story {
    pub(super) const ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::see_erased),
    ];

    pub(super) const DRIFTING_ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::People(Self::write_a_note),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::approve),
        Act::Alone(|world| world.run_until_seen(world.memory.now() + SignedDuration::from_hours(2), has_begun)),
        Act::People(Self::move_and_give_away),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(2))),
        Act::People(Self::approve),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_erased),
    ];

    pub(super) fn stored(&self, world: &World) -> Option<Job> {
        world.job(&self.tenant(), self.job.as_ref()?)
    }

    pub(super) fn sources(world: &World) -> Arc<Sources> {
        world.memory.inspect(|state| Arc::clone(&state.sources))
    }

    /// Another officer looks at the plan and approves it, until there is an answer.
    pub fn approve(&mut self, world: &mut World) {
        let mut unanswered = false;
        self.left.get_or_insert_with(|| Self::sources(world));
        for _ in 0..TRIES {
            let Some(job) = self.stored(world) else { return };
            match job.status {
                JobStatus::AwaitingApproval => {}
                JobStatus::Cancelled => return,
                // Whoever got no answer looks again and sees that it is done.
                _ if unanswered => return,
                other => return self.broken.push(format!("INV-E4 no plan waits for approval, the job is {other}")),
            }
            let Some(plan) = job.erasure.and_then(|erasure| erasure.plan) else { return };
            self.expected.approved.push((job.id.clone(), plan.hash.clone(), Self::sources(world)));
            let dpo = caller(self.person.tenant, "dpo-2", &[Role::Dpo], None);
            let (act, words) = (Doing::Approve { plan_hash: plan.hash }, Sensitive::new("looked at".to_owned()));
            let answer = world.call(&self.tenant(), async |handlers| {
                handlers.act.act_saying(&dpo, &job.id, &act, Some(&words)).await
            });
            match answer {
                Ended::With(Ok(_)) => return,
                Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => unanswered = true,
                Ended::With(Err(refusal)) => self.broken.push(format!("INV-E4 the approval was refused: {refusal}")),
            }
        }
        self.broken.push("INV-L1 the plan was never approved".to_owned());
    }

    /// The person writes one more note, which nobody has approved to erase.
    fn write_a_note(&mut self, world: &mut World) {
        let own = |text: &str| Datum::Text(format!("{}-{text}", self.person.canary));
        let text = |text: &str| Datum::Text(text.to_owned());
        let note = [("id", own("late")), ("owner", text(self.person.id)), ("text", own("text"))];
        let tenant = ("tenant", text(self.person.tenant));
        let row = note.into_iter().chain([tenant]).map(|(name, value)| (name.to_owned(), value)).collect();
        world.memory.change_sources(|sources| sources.table("app.notes").insert(Datum::Map(row)));
        self.left = Some(Self::sources(world));
    }

    /// The person moves to another organisation, and one of the notes becomes somebody else's.
    fn move_and_give_away(&mut self, world: &mut World) {
        if !has_begun(&world.memory) {
            return;
        }
        let person = self.person;
        let change = |sources: &mut Sources, name: &str, fields: &[(&str, String)]| {
            let table = sources.table(name);
            let found = table.numbered().find(|(_, row)| is_of(row, person)).map(|(at, row)| (at, row.clone()));
            if let Some((number, Datum::Map(mut row))) = found {
                for (name, value) in &mut row {
                    if let Some((_, text)) = fields.iter().find(|(field, _)| field == name) {
                        *value = Datum::Text(text.clone());
                    }
                }
                table.replace(number, Datum::Map(row));
            }
        };
        let bobs = |text: &str| format!("{}-{text}", BOB.canary);
        let given = [("id", bobs("given")), ("owner", BOB.id.to_owned()), ("text", bobs("text"))];
        world.memory.change_sources(|sources| {
            change(sources, "app.users", &[("organization_id", "org-2".to_owned())]);
            change(sources, "app.notes", &given);
        });
        self.left = Some(Self::sources(world));
    }

    /// Every row of the person is gone and in the receipt, every other is as it was; or nothing at all has happened.
    pub fn see_erased(&mut self, world: &mut World) {
        let Some(job) = self.stored(world) else { return };
        let (Some(left), now) = (self.left.clone(), Self::sources(world)) else { return };
        match job.status {
            JobStatus::Completed => {}
            JobStatus::Cancelled => {
                if contents(&left, &[]) != contents(&now, &[]) {
                    self.broken.push("INV-E3 something was erased though the request was taken back".to_owned());
                }
                return;
            }
            other => return self.broken.push(format!("INV-L1 the erasure is not completed but {other}")),
        }
        if contents(&left, self.people()) != contents(&now, &[]) {
            self.broken.push("INV-E4 not exactly the rows of the person went".to_owned());
        }
        match world.memory.inspect(|state| receipt_of(state, &job)) {
            Ok(receipt) => self.check_counts(&receipt, &left),
            Err(error) => self.broken.push(format!("INV-E5 {error}")),
        }
    }

    pub(super) fn check_counts(&mut self, receipt: &Receipt, left: &Sources) {
        let (all, others) = (contents(left, &[]), contents(left, self.people()));
        for (source, rows) in &all {
            let own = rows.len() - others.get(source).map_or(0, BTreeMap::len);
            let of_source = receipt.sources.iter().filter(|one| one.source == *source);
            let counted: u64 = of_source.flat_map(|one| one.counts.values()).sum();
            if counted != own as u64 {
                self.broken.push(format!("INV-E5 {own} records of {source} went, the receipt says {counted}"));
            }
        }
    }
}

/// Whether an erasure has come to its irreversible part.
pub(super) fn has_begun(memory: &MemoryWorld) -> bool {
    let begun = |record: &Record| match record {
        Record::Job(job) => job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some()),
        _ => false,
    };
    memory.inspect(|state| state.items.values().any(|record| begun(record)))
}

/// Everything in the sources byte for byte, by source and place; that of some people may be left out.
pub(super) fn contents(sources: &Sources, without: &[Person]) -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let mut all: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for (name, table) in &sources.tables {
        let rows = table.numbered().filter(|(_, row)| !without.iter().any(|person| is_of(row, *person)));
        all.insert(name.clone(), rows.map(|(number, row)| (number.to_string(), row.to_json())).collect());
    }
    for (name, objects) in &sources.media {
        let others = objects.iter().filter(|(key, _)| !without.iter().any(|person| key.contains(person.canary)));
        all.insert(name.clone(), others.map(|(key, object)| (key.clone(), object.bytes.to_vec())).collect());
    }
    all
}
