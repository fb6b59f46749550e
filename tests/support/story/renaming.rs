//! The life of a correction of an identity: a wrong address is in several sources, also in objects, and a restriction stands
//! under it. Staff asks for both; an officer approves; the person is then found by the right address, and the restriction
//! is lifted under either.

use std::sync::Arc;

use adapters_memory::{MemoryWorld, Sources};
use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::job::JobStatus;
use domain::request::{IdentityKind, RequestType};
use jiff::SignedDuration;
use workflow::submit_request::NewRequest;

use super::erasure::contents;
use super::{Act, Kind, Story, mails};
use crate::executor::run;
use crate::handlers::ports;
use crate::invariants::{Renamed, is_of, receipt_of};
use crate::sample::{ADA, BOB, MAP, MEDIA_MAP, PROCESSORS_MAP, Person, access, tenant};
use crate::world::World;

/// Ada by the address that is right.
pub const RENAMED: Person = Person { email: "ada.right.canary@example.org", ..ADA };

/// Where else addresses are: in tickets, and in letters that are rows in objects.
const COPIES_MAP: &str = r"
dataset:
  - fides_key: desk
    name: Desk
    collections:
      - name: tickets
        fields: FIELDS
  - fides_key: post
    name: Post
    collections:
      - name: letters
        fields: FIELDS
connection:
  - fides_key: desk
    datasets: [desk]
    connector: dynamodb
    region: eu-central-1
    tenant_field: tenant
    collections:
      tickets: { table: tickets, indexes: { email: by-email } }
  - fides_key: post
    datasets: [post]
    connector: s3
    region: eu-central-1
    tenant_field: tenant
    collections:
      letters: { bucket: post, prefix: letters/, format: ndjson }
";

/// The fields of both.
const FIELDS: &str = r"
          - name: id
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, data_type: string }
          - name: email
            data_categories: [user.contact.email]
            fides_meta: { identity: email, data_type: string }
          - name: tenant
            data_categories: [system.operations]
          - name: about
            data_categories: [user.content]";

/// Whose tickets there are.
const TICKETS: [Person; 4] = [ADA, BOB, ADA, ADA];
/// Whose letters are in which object.
const LETTERS: [(&str, Person); 4] = [("letters/a", ADA), ("letters/a", BOB), ("letters/b", ADA), ("letters/c", BOB)];
/// Rows of Ada's that hold her address: her own, her tickets and her letters.
const COPIES: u64 = 1 + 3 + 2;

/// Gives the first tenant tickets and letters.
pub fn keep_copies(memory: &MemoryWorld) {
    let copies = COPIES_MAP.replace("FIELDS", FIELDS);
    let files = [("sample.yml", MAP), ("media.yml", MEDIA_MAP), ("processors.yml", PROCESSORS_MAP)];
    let checked = datamap::read_strs(&[&files[..], &[("copies.yml", &copies)]].concat());
    let map = checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings));
    memory.publish(&tenant("acme"), Arc::new(map)).unwrap();
    memory.change_sources(|sources| {
        let row = |person: Person, id: &str| {
            let about = format!("{}-{id}", person.canary);
            let fields = [("id", id), ("email", person.email), ("tenant", "acme"), ("about", &about)];
            fields.map(|(name, value)| (name.to_owned(), Datum::Text(value.to_owned())))
        };
        for (at, person) in TICKETS.into_iter().enumerate() {
            sources.table("desk.tickets").insert(Datum::Map(row(person, &format!("ticket-{at}")).into()));
        }
        for (object, person) in LETTERS {
            sources.table("post.letters").insert_in(object, Datum::Map(row(person, object).into()));
        }
    });
}

/// A request to correct the address of a person.
#[must_use]
pub(super) fn request(person: Person) -> NewRequest {
    let of = Corrected::Identity { kind: IdentityKind::Email, was: person.email.to_owned() };
    let corrections = vec![Correction { of, value: Datum::Text(RENAMED.email.to_owned()) }];
    NewRequest { request_type: RequestType::Rectification, corrections, ..access(person) }
}

/// A restriction under the wrong address, and an access under the right one.
pub(super) fn those_beside(person: Person) -> Vec<Story> {
    let mut both =
        [Story::of(Kind::Restriction, person), Story::of(Kind::Access, Person { email: RENAMED.email, ..person })];
    both.iter_mut().zip(["restricted", "found"]).for_each(|(story, key)| story.key = format!("key-{key}"));
    both.into()
}

/// Places of those beside.
const RESTRICTED: usize = 0;
const FOUND: usize = 1;

impl Story {
    pub(super) const RENAMED_IDENTITY: &[Act] = &[
        Act::People(|_, world| keep_copies(&world.memory)),
        Act::People(|story, world| story.both(world, Self::submit)),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| story.both(world, Self::prove)),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| {
            story.expected.renamed.extend(renamed(world, story, RENAMED.email));
            story.approve(world);
        }),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_renamed),
        Act::People(|story, world| story.when_renamed(world, |it, world| it.another(FOUND, world, Self::submit))),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| story.another(FOUND, world, Self::prove)),
        Act::Alone(World::run_until_idle),
        Act::People(|story, world| story.another(FOUND, world, Self::fetch)),
        Act::People(|story, world| story.another(RESTRICTED, world, Self::lift)),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(|story, world| story.another(RESTRICTED, world, Self::see_lifted)),
        Act::People(Self::hear_of_others),
    ];

    /// Nobody asks under the right address unless it is right.
    fn when_renamed(&mut self, world: &mut World, act: fn(&mut Self, &mut World)) {
        if self.stored(world).is_some_and(|job| job.status == JobStatus::Completed) {
            act(self, world);
        }
    }

    /// Exactly the wrong address is right now, in every copy of the person's; the person knows, and the receipt says it.
    fn see_renamed(&mut self, world: &mut World) {
        let (Some(job), Some(mut wanted)) = (self.stored(world), self.left.clone()) else { return };
        match job.status {
            JobStatus::Completed => rename(Arc::make_mut(&mut wanted), self.person),
            JobStatus::Cancelled => {}
            other => self.broken.push(format!("INV-L1 the correction of an identity is not completed but {other}")),
        }
        if contents(&wanted, &[]) != contents(&Self::sources(world), &[]) {
            self.broken.push("ART-16 an identity is not corrected in exactly the copies of it".to_owned());
        }
        if job.status != JobStatus::Completed {
            return;
        }
        if mails(world, &job.id, "notify_decided").is_empty() {
            self.broken.push("INV-L1 the person was not told of the correction".to_owned());
        }
        let corrected = world.memory.inspect(|state| receipt_of(state, &job)).map(|receipt| {
            let counts = receipt.sources.iter().filter_map(|one| one.counts.get("corrected"));
            counts.sum::<u64>()
        });
        if corrected != Ok(COPIES) {
            self.broken.push(format!("INV-E5 {COPIES} copies were corrected, the receipt says {corrected:?}"));
        }
    }

    /// Whatever somebody else asked for meanwhile was accepted too.
    fn hear_of_others(&mut self, world: &mut World) {
        if world.twist.is_some() {
            let known: Vec<_> = self.expected.accepted.iter().map(|(_, job, _)| job.clone()).collect();
            let jobs = world.jobs().into_iter().filter(|job| !known.contains(&job.id));
            self.expected.accepted.extend(jobs.map(|job| (job.tenant, job.id, self.person)));
        }
    }
}

/// By which names the person of a story goes; the keyed hashes are those that intake and every source have.
#[must_use]
pub fn renamed(world: &World, story: &Story, right: &'static str) -> Option<Renamed> {
    let job = story.job.clone()?;
    // In a world of its own, where no fault is left and nobody counts the calls.
    let memory = world.memory.fork();
    memory.change(|state| state.faults.reset());
    let keyring = ports(&memory).keyring;
    let secrets = run(&memory, keyring.tenant(&story.tenant(), memory.now())).answer().ok()?;
    let aliases = [story.person.email, right].map(|email| secrets.alias_of(IdentityKind::Email.as_str(), email));
    Some(Renamed { job, person: story.person, right, aliases })
}

/// Puts the right address into every row of the person that holds the wrong one.
fn rename(sources: &mut Sources, person: Person) {
    for table in sources.tables.values_mut() {
        let own = table.numbered().filter(|(_, row)| is_of(row, person));
        let own: Vec<(u64, Datum)> = own.map(|(number, row)| (number, row.clone())).collect();
        for (number, row) in own {
            let Datum::Map(mut fields) = row else { continue };
            let wrong = fields.iter_mut().filter(|(_, value)| value.as_text() == Some(person.email));
            wrong.for_each(|(_, value)| *value = Datum::Text(RENAMED.email.to_owned()));
            table.replace(number, Datum::Map(fields));
        }
    }
}
