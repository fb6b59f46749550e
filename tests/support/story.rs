//! The life of one request, played by people who try again when they get no answer; here an access, the others in `story/`.
//! Ada reads her code, proves who she is, fetches the archive by ticket and by session; a day later everything is gone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use adapters_memory::Sources;
use domain::ids::{JobId, TenantId};
use domain::job::JobStatus;
use domain::sensitive::Sensitive;
use workflow::issue_download::TicketHolder;
use workflow::refusal::Refusal;
use workflow::submit_request::Idempotency;

use crate::executor::Ended;
use crate::invariants::{Expected, check_archive};
use crate::sample::{Person, signed_in, tenant};
use crate::world::World;

mod acts;
mod erasure;
mod interrupted;
mod letters;
mod organisation;
mod rectifying;
mod renaming;
mod restored;
mod restricting;
mod sharing;

pub use self::interrupted::{place_hold, release_hold};
pub use self::letters::{first_code, mails, newest_mail, ticket_of};
pub use self::renaming::{RENAMED, keep_copies, renamed};
pub use self::sharing::LAKE_MAP;
pub use self::sharing::open_lake;

/// How often a person tries before giving up.
const TRIES: u32 = 8;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An archive.
    Access,
    /// To be forgotten.
    Erasure,
    /// To be forgotten, while the data changes after each approval.
    DriftingErasure,
    /// To be forgotten, while a source is shut three times: each time somebody has to start the erasure again.
    ParkedErasure,
    /// To be forgotten, and a legal hold comes before the grace period ends.
    HeldErasure,
    /// To be forgotten, and not any more: taken back during the grace period.
    CancelledErasure,
    /// To be forgotten; then a backup brings the person back, and the replay has them erased again.
    RestoredErasure,
    /// An organisation with everybody in it, asked for by its owner.
    OrganisationDeletion,
    /// To be forgotten, at the same time as somebody whose rows are in the same objects.
    SharedErasure,
    /// To be kept and not used, until an officer lifts it.
    Restriction,
    /// To be corrected.
    Rectification,
    /// To be known by the right address wherever a wrong one is, while a restriction stands under that.
    RenamedIdentity,
}

/// A part of a story.
#[derive(Clone, Copy)]
pub enum Act {
    /// Somebody does something.
    People(fn(&mut Story, &mut World)),
    /// The house is left to itself.
    Alone(fn(&mut World)),
}

impl Act {
    /// Plays the act.
    pub fn play(self, story: &mut Story, world: &mut World) {
        match self {
            Self::People(act) => act(story, world),
            Self::Alone(act) => act(world),
        }
    }

    /// Whether nobody does anything in it.
    #[must_use]
    pub const fn is_left_alone(self) -> bool {
        matches!(self, Self::Alone(_))
    }
}

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Story {
    /// What is asked for.
    pub kind: Kind,
    /// Whom it is about.
    pub person: Person,
    /// The idempotency key of the request.
    pub key: String,
    /// The job, once somebody was told of it.
    pub job: Option<JobId>,
    /// What the people were told.
    pub expected: Expected,
    /// What went wrong for the people themselves.
    pub broken: Vec<String>,
    /// Codes that were typed and got no answer.
    pub unanswered: u32,
    /// The sources as people left them, before anything was erased.
    left: Option<Arc<Sources>>,
    /// The others.
    beside: Vec<Story>,
}

impl Story {
    /// An access request about a person.
    #[must_use]
    pub fn new(person: Person) -> Self {
        Self::of(Kind::Access, person)
    }

    /// A request about a person.
    #[must_use]
    pub fn of(kind: Kind, person: Person) -> Self {
        let key = format!("key-{}", person.id);
        let (expected, broken) = (Expected::default(), Vec::new());
        let beside = Self::those_beside(kind, person);
        Self { kind, person, key, job: None, expected, broken, unanswered: 0, left: None, beside }
    }

    fn tenant(&self) -> TenantId {
        tenant(self.person.tenant)
    }

    /// The whole life.
    pub fn play(&mut self, world: &mut World) {
        for act in self.acts() {
            act.play(self, world);
        }
    }

    /// Staff asks until there is an answer.
    pub fn submit(&mut self, world: &mut World) {
        for _ in 0..TRIES {
            let (caller, (request, route)) = (self.asker(), self.request());
            let idempotency =
                Idempotency { key: self.key.clone(), route: route.to_owned(), body: self.key.clone().into_bytes() };
            let answer = world.call(&self.tenant(), async |handlers| {
                handlers.submit.submit(&caller, request, Some(&idempotency)).await
            });
            match answer {
                Ended::With(Ok(accepted)) => {
                    let about = |person: &Person| (self.tenant(), accepted.job.id.clone(), *person);
                    self.expected.accepted.extend(self.people().iter().map(about).collect::<Vec<_>>());
                    self.job = Some(accepted.job.id);
                    return;
                }
                Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => {}
                Ended::With(Err(refusal)) => self.broken.push(format!("INV-S4 a good request was refused: {refusal}")),
            }
        }
        self.broken.push("INV-L1 a request was never accepted".to_owned());
    }

    /// The person types the code of the newest mail; asks for another if it has grown too old.
    pub fn prove(&mut self, world: &mut World) {
        let Some(job) = self.job.clone() else { return };
        // Somebody else may have ended the job, or vouched for the person.
        if self.is_cancelled(world, &job) || self.is_verified(world, &job) {
            return;
        }
        for _ in 0..TRIES {
            if self.try_to_prove(world) {
                return;
            }
        }
        self.broken.push("INV-L1 the identity was never proven".to_owned());
    }

    /// One try with the newest code; says whether the identity is proven now.
    pub fn try_to_prove(&mut self, world: &mut World) -> bool {
        let Some(job) = self.job.clone() else { return false };
        let Some(code) = newest_mail(world, &job, "notify_code").and_then(|text| first_code(&text)) else {
            self.ask_for_a_code(world, &job);
            return false;
        };
        let (caller, code) = (signed_in(self.person), Sensitive::new(code));
        let answer = world.call(&self.tenant(), async |handlers| handlers.verify.code(&caller, &job, &code).await);
        match answer {
            Ended::With(Ok(())) => return true,
            // Somebody who got no answer and tries again learns that the job has moved on.
            Ended::With(Err(Refusal::WrongState { .. })) if self.is_verified(world, &job) => {
                if self.unanswered == 0 {
                    self.broken.push("INV-X4 the right code was refused".to_owned());
                }
                return true;
            }
            Ended::With(Err(Refusal::WrongCode { .. })) => self.ask_for_a_code(world, &job),
            Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => self.unanswered += 1,
            Ended::With(Err(refusal)) => self.broken.push(format!("INV-L1 the code was refused: {refusal}")),
        }
        false
    }

    fn ask_for_a_code(&self, world: &mut World, job: &JobId) {
        let caller = signed_in(self.person);
        // Whatever the answer: the next try shows whether a code has come.
        let answer = world.call(&self.tenant(), async |handlers| handlers.verify.resend(&caller, job).await);
        drop(answer);
        world.run_until_idle();
    }

    fn is_cancelled(&self, world: &World, job: &JobId) -> bool {
        world.job(&self.tenant(), job).is_some_and(|job| job.status == JobStatus::Cancelled)
    }

    fn is_verified(&self, world: &World, job: &JobId) -> bool {
        world.job(&self.tenant(), job).is_some_and(|job| job.verification.is_some())
    }

    /// The archive is fetched twice: by the mailed ticket, then by the session.
    pub fn fetch(&mut self, world: &mut World) {
        let Some(job) = self.job.clone() else { return };
        if self.is_cancelled(world, &job) {
            return;
        }
        match world.job(&self.tenant(), &job).map(|job| job.status) {
            Some(JobStatus::Completed) => {}
            other => self.broken.push(format!("INV-L1 the job is not completed but {other:?}")),
        }
        // A mail that was sent twice may carry a ticket that no longer counts: the other one does.
        let secrets: Vec<Sensitive<String>> =
            mails(world, &job, "notify_ready").iter().filter_map(|text| ticket_of(text)).map(Sensitive::new).collect();
        if secrets.is_empty() {
            self.broken.push("INV-L1 the person was not told that the archive is ready".to_owned());
        }
        if !(0..TRIES).any(|_| secrets.iter().any(|secret| self.try_to_fetch(world, &job, Some(secret)))) {
            self.broken.push("INV-X1 the archive could not be fetched by ticket".to_owned());
        }
        if !(0..TRIES).any(|_| self.try_to_fetch(world, &job, None)) {
            self.broken.push("INV-X1 the archive could not be fetched by session".to_owned());
        }
    }

    /// One try to get a link and follow it; says whether a link was given.
    pub fn try_to_fetch(&mut self, world: &mut World, job: &JobId, secret: Option<&Sensitive<String>>) -> bool {
        let (caller, tenant) = (signed_in(self.person), self.tenant());
        let from = workflow::caller::Circumstances::default();
        let answer = world.call(&tenant, async |handlers| match secret {
            Some(secret) => {
                let holder = TicketHolder { tenant: tenant.clone(), secret: secret.clone() };
                handlers.download.for_ticket(&holder, &from, job).await
            }
            None => handlers.download.for_session(&caller, job).await,
        });
        let Ended::With(Ok(link)) = answer else { return false };
        self.expected.links_handed_out += 1;
        match world.memory.follow_link(link.url.expose()) {
            Ok(bytes) => self.check_archive(world, &bytes),
            Err(error) => self.broken.push(format!("INV-X3 a fresh link does not open: {error}")),
        }
        true
    }

    fn check_archive(&mut self, world: &mut World, bytes: &[u8]) {
        let mut hasher = DefaultHasher::new();
        (bytes, self.person.canary).hash(&mut hasher);
        // The same bytes hold the same: most schedules end with one and the same archive.
        if world.checked_archives.contains(&hasher.finish()) {
            return;
        }
        match check_archive(bytes, self.person, self.person.tenant == "acme") {
            Ok(()) => drop(world.checked_archives.insert(hasher.finish())),
            Err(broken) => self.broken.push(broken),
        }
    }

    /// After its life nothing of the archive is left, and no link is given.
    pub fn find_nothing(&mut self, world: &mut World) {
        let Some(job) = self.job.clone() else { return };
        // The receipt stays: it holds counts and hashes.
        let is_left = |key: &&Arc<str>| key.contains(job.as_str()) && !key.starts_with("receipts/");
        let left = world.memory.inspect(|state| state.objects.stored.keys().filter(is_left).count());
        if left > 0 {
            self.broken.push(format!("INV-X3 {left} objects outlive the archive"));
        }
        let caller = signed_in(self.person);
        let answer = world.call(&self.tenant(), async |handlers| handlers.download.for_session(&caller, &job).await);
        if matches!(answer, Ended::With(Ok(_))) {
            self.broken.push("INV-X3 a link was given after the archive's life".to_owned());
        }
    }
}
