//! Two people who ask to be forgotten and have rows in the same objects: their erasures meet in one pass.

use std::sync::Arc;

use adapters_memory::MemoryWorld;
use domain::datum::Datum;
use domain::job::JobStatus;
use jiff::SignedDuration;

use super::erasure::{GRACE, contents};
use super::{Act, Kind, Story, renaming};
use crate::handlers::Handlers;
use crate::invariants::receipt_of;
use crate::sample::{ADA, BOB, MAP, Person, tenant};
use crate::weather::Weather;
use crate::world::World;

/// Where people's visits are: rows in objects.
pub const LAKE_MAP: &str = r"
dataset:
  - fides_key: lake
    name: Lake
    collections:
      - name: visits
        fields:
          - name: user
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, references: [{ dataset: app, field: users.id, direction: from }] }
          - name: tenant
            data_categories: [system.operations]
          - name: page
            data_categories: [user.content]
connection:
  - fides_key: lake
    datasets: [lake]
    connector: s3
    region: eu-central-1
    tenant_field: tenant
    collections:
      visits: { bucket: lake, prefix: visits/, format: ndjson }
";

/// The collection of visits.
const VISITS: &str = "lake.visits";
/// Objects that both are in, and one more.
const OBJECTS: [(&str, &[Person]); 3] = [("visits/a", &[ADA, BOB]), ("visits/b", &[ADA, BOB]), ("visits/c", &[BOB])];

/// Gives the first tenant a lake in which Ada and Bob share objects.
pub fn open_lake(memory: &MemoryWorld) {
    let checked = datamap::read_strs(&[("sample.yml", MAP), ("lake.yml", LAKE_MAP)]);
    let map = checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings));
    memory.publish(&tenant("acme"), Arc::new(map)).unwrap();
    memory.change_sources(|sources| {
        let text = |text: &str| Datum::Text(text.to_owned());
        for (object, people) in OBJECTS {
            for person in people {
                let row = [("user", text(person.id)), ("tenant", text("acme")), ("page", text(person.canary))];
                let row = Datum::Map(row.map(|(name, value)| (name.to_owned(), value)).into());
                sources.table(VISITS).insert_in(object, row);
            }
        }
        // Nothing but rows: what is not of the map is nobody's to erase.
        sources.media.clear();
    });
}

impl Story {
    pub(super) const SHARED_ERASURE: &[Act] = &[
        Act::People(|_, world| {
            open_lake(&world.memory);
            // Their grace periods end at the same hour.
            world.memory.change(|state| state.erasure_pass_hours = 1);
            world.handlers = Handlers::new(&world.memory);
        }),
        Act::People(|story, world| story.both(world, Self::submit)),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| story.both(world, Self::prove)),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| story.both(world, Self::approve)),
        Act::Alone(|world| world.advance(GRACE)),
        // In the worst weather one message in a sweep gets through, for two.
        Act::Alone(|world| world.advance(SignedDuration::from_hours(24))),
        Act::People(Self::see_both_erased),
    ];

    /// Whoever else is in a story.
    pub(super) fn those_beside(kind: Kind, person: Person) -> Vec<Self> {
        match kind {
            Kind::SharedErasure if person != BOB => vec![Self::of(kind, BOB)],
            Kind::RenamedIdentity => renaming::those_beside(person),
            Kind::SharedErasure
            | Kind::Access
            | Kind::Erasure
            | Kind::DriftingErasure
            | Kind::ParkedErasure
            | Kind::HeldErasure
            | Kind::CancelledErasure
            | Kind::RestoredErasure
            | Kind::OrganisationDeletion
            | Kind::Restriction
            | Kind::Rectification => Vec::new(),
        }
    }

    /// Each of the two does it.
    pub(super) fn both(&mut self, world: &mut World, act: fn(&mut Self, &mut World)) {
        act(self, world);
        self.another(0, world, act);
    }

    /// One of the others does it; what they were told is told of the whole story.
    pub(super) fn another(&mut self, at: usize, world: &mut World, act: fn(&mut Self, &mut World)) {
        let Some(other) = self.beside.get_mut(at) else { return };
        act(other, world);
        self.expected.accepted.append(&mut other.expected.accepted);
        self.expected.approved.append(&mut other.expected.approved);
        self.expected.links_handed_out += std::mem::take(&mut other.expected.links_handed_out);
        self.broken.append(&mut other.broken);
    }

    /// Every row of both is gone and in the receipt of its own job, every other is as it was; whoever took it back keeps
    /// theirs.
    fn see_both_erased(&mut self, world: &mut World) {
        let Some(beside) = self.beside.first().cloned() else { return };
        let now = Self::sources(world);
        let stories = [&*self, &beside];
        let is_erased = |story: &Self| story.stored(world).is_some_and(|job| job.status == JobStatus::Completed);
        let gone: Vec<Person> = stories.into_iter().filter(|it| is_erased(it)).map(|it| it.person).collect();
        let mut broken = Vec::new();
        for story in stories {
            let (Some(job), Some(left)) = (story.stored(world), story.left.clone()) else { continue };
            if contents(&left, &gone) != contents(&now, &[]) {
                broken.push("INV-E4 not exactly the rows of those who are erased went".to_owned());
            }
            match job.status {
                JobStatus::Completed => {}
                JobStatus::Cancelled => continue,
                other => {
                    broken.push(format!("INV-L1 an erasure of two is not completed but {other}"));
                    continue;
                }
            }
            let receipt = world.memory.inspect(|state| receipt_of(state, &job));
            let mut counting = Story::of(story.kind, story.person);
            match receipt {
                Ok(receipt) => counting.check_counts(&receipt, &left),
                Err(error) => counting.broken.push(format!("INV-E5 {error}")),
            }
            broken.append(&mut counting.broken);
        }
        self.broken.append(&mut broken);
        self.see_one_rewrite(world);
    }

    /// Where nothing went wrong the two have met.
    fn see_one_rewrite(&mut self, world: &World) {
        let (is_calm, written) = world.memory.inspect(|state| (state.faults.injected() == 0, state.rewritten.len()));
        if is_calm && world.weather == Weather::Fair && world.twist.is_none() && written != OBJECTS.len() {
            self.broken.push(format!("{} objects of two erasures were written {written} times", OBJECTS.len()));
        }
    }
}
