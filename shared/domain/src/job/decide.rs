//! What comes next: the only place that knows. A pure function of job, step and outcome.

use jiff::{SignedDuration, Timestamp};

pub use self::erasing::{APPROVAL_REMINDER, erase_shard, plan_shard};
use super::{Archive, Job, JobStatus, Scope, Verification, VerificationMethod};
use crate::erasure::{ErasurePlan, ReceiptRef};
use crate::request::{Alias, RequestType};
use crate::role::Pseudonym;
use crate::sealed::Sealed;
use crate::step::{ObjectRef, StepKind, StepSeed, StepState};

mod erasing;
mod restricting;

/// How long a person has to prove an identity.
pub const VERIFICATION_WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How soon the sweep looks at a step that should have been nudged already.
pub const NUDGE_GRACE: SignedDuration = SignedDuration::from_secs(60);
/// How often the sweep looks at a step that waits for others.
pub const GATE_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// How a step, or an act of a person, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person was looked up; `contact` is the sealed address on record.
    Screened {
        /// The address on record, if the person is on record.
        contact: Option<Sealed>,
    },
    /// An identity was proven.
    Verified {
        /// How.
        method: VerificationMethod,
    },
    /// Nobody proved an identity in time.
    VerificationExpired,
    /// Someone started processing by hand.
    Started,
    /// What is to be collected is frozen and every shard has its step.
    Located,
    /// What is to be erased is frozen and every shard has its step.
    Traced {
        /// Everything the subject is known by.
        aliases: Vec<Alias>,
        /// Under what else holds stop it: organisations that the subject's own rows name, and earlier identities.
        also_held_under: Vec<Alias>,
        /// The members of an organisation that is erased, sealed.
        members: Option<ObjectRef>,
        /// What processors are told, by their number; objections to direct marketing only.
        processors: Vec<(u32, ObjectRef)>,
    },
    /// One shard is planned, or carried out.
    ShardDone,
    /// All shards are planned.
    PlanSealed {
        /// The plan.
        plan: ErasurePlan,
    },
    /// Someone approved the plan.
    Approved {
        /// Who.
        by: Pseudonym,
        /// Which plan.
        plan_hash: String,
        /// The grace period ends at a full multiple of so many hours; 0 ends it by itself.
        pass_hours: u16,
    },
    /// An officer upheld the objection.
    Upheld {
        /// Who.
        by: Pseudonym,
        /// Why.
        reason: String,
    },
    /// The person knows that the restriction ends, and it does.
    Lifted,
    /// The grace period is over, or the data is not as planned.
    PlanAgain,
    /// Every shard of the plan has its step.
    Begun,
    /// Searching again found nothing.
    Confirmed {
        /// Who is to be told, by their place in the data map, with what each is told.
        processors: Vec<(u32, ObjectRef)>,
    },
    /// The receipt is signed.
    Concluded {
        /// Where it is.
        receipt: ReceiptRef,
        /// What was done, in our words.
        notes: String,
    },
    /// One shard is collected.
    Collected,
    /// A collection is read, and what was asked of it lies in parts.
    Anonymized,
    /// The archive is complete.
    Packaged {
        /// The archive.
        archive: Archive,
    },
    /// A notice was handed to the mail service.
    Notified,
    /// Archive, parts and key are gone.
    Cleaned,
    /// There was nothing to do any more.
    Nothing,
    /// Someone took the request back.
    Cancelled,
    /// Someone refused the request.
    Rejected {
        /// In our words.
        reason: String,
    },
}

/// What a transition writes beside the step itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The job's next state; `None` leaves the item alone.
    pub job: Option<Box<Job>>,
    /// Steps to make.
    pub next: Vec<StepSeed>,
    /// Kinds of waiting step that are over.
    pub settles: Vec<StepKind>,
}

/// Says what comes next.
#[must_use]
pub fn decide(job: &Job, outcome: &Outcome, now: Timestamp) -> Decision {
    match outcome {
        Outcome::Screened { contact } => after_screen(job, contact.clone(), now),
        Outcome::Verified { method } => after_verification(job, *method, now),
        Outcome::VerificationExpired => ended(job, JobStatus::Expired, "no proof of identity came in time", now),
        Outcome::Started => Decision {
            job: Some(Box::new(Job { status: JobStatus::InProgress, automated: true, ..job.clone() })),
            next: vec![ready(StepKind::Locate, now)],
            settles: Vec::new(),
        },
        Outcome::Located => to_be_packaged(job, now),
        // The one step that reads the audit log is all there is to collect.
        Outcome::Collected if job.scope == Scope::AuditLog => to_be_packaged(job, now),
        Outcome::Traced { aliases, processors, .. } if job.restriction.is_some() => {
            restricting::after_trace(job, aliases, processors, now)
        }
        Outcome::Traced { aliases, also_held_under, members, .. } => {
            erasing::after_trace(job, (aliases, also_held_under), members.as_ref(), now)
        }
        Outcome::Upheld { by, reason } => restricting::after_upholding(job, by, reason, now),
        Outcome::Lifted => restricting::after_lifting(job, now),
        Outcome::PlanSealed { plan } => erasing::after_plan(job, plan.clone(), now),
        Outcome::Approved { by, plan_hash, pass_hours } => {
            erasing::after_approval(job, by, plan_hash, *pass_hours, now)
        }
        Outcome::PlanAgain => erasing::plan_again(job, now),
        Outcome::Begun => erasing::after_begin(job, now),
        Outcome::Confirmed { processors } => erasing::after_confirmation(processors, now),
        Outcome::Concluded { receipt, notes } => erasing::after_conclusion(job, receipt.clone(), notes, now),
        Outcome::Anonymized => Decision {
            job: Some(Box::new(Job { status: JobStatus::InProgress, ..job.clone() })),
            next: vec![ready(StepKind::Package, now)],
            settles: Vec::new(),
        },
        Outcome::Packaged { archive } => after_package(job, archive.clone(), now),
        Outcome::Cancelled => cancelled(job, now),
        Outcome::Rejected { reason } => refused(job, reason, now),
        Outcome::ShardDone | Outcome::Collected | Outcome::Notified | Outcome::Cleaned | Outcome::Nothing => {
            Decision::default()
        }
    }
}

fn to_be_packaged(job: &Job, now: Timestamp) -> Decision {
    let begins = job.status == JobStatus::Pending;
    Decision {
        job: begins.then(|| Box::new(Job { status: JobStatus::InProgress, ..job.clone() })),
        next: vec![waiting(StepKind::Package, now + GATE_INTERVAL)],
        settles: Vec::new(),
    }
}

fn after_screen(job: &Job, contact: Option<Sealed>, now: Timestamp) -> Decision {
    let on_record = contact.is_some();
    let mut job = Job { contact, ..job.clone() };
    if job.verification.is_some() {
        // Verified by hand before the screening ended: only the notice is left to send.
        let next = if on_record { vec![ready(StepKind::NotifyReceived, now)] } else { Vec::new() };
        return Decision { job: Some(Box::new(job)), next, settles: Vec::new() };
    }
    let mut next = Vec::new();
    if on_record {
        next.push(ready(StepKind::NotifyReceived, now));
    }
    // A session proves the address it names: with nothing on record the honest answer is an empty archive.
    if job.by_subject {
        let verified = after_verification(&job, VerificationMethod::Session, now);
        next.extend(verified.next);
        return Decision { next, settles: Vec::new(), ..verified };
    }
    // Somebody may have asked for a code already; and the count must not tell who is on record.
    if on_record {
        next.push(StepSeed { shard: job.codes_sent, ..ready(StepKind::NotifyCode, now) });
    }
    job.codes_sent += 1;
    Decision { job: Some(Box::new(job)), next, settles: Vec::new() }
}

fn after_verification(job: &Job, method: VerificationMethod, now: Timestamp) -> Decision {
    let status = if job.automated { JobStatus::InProgress } else { JobStatus::Pending };
    let job = Job { status, verification: Some(Verification { method, at: now }), ..job.clone() };
    let next = if job.automated { vec![ready(StepKind::Locate, now)] } else { Vec::new() };
    Decision { job: Some(Box::new(job)), next, settles: vec![StepKind::Verify] }
}

fn after_package(job: &Job, archive: Archive, now: Timestamp) -> Decision {
    let notes = format!("exported {} rows in {} files", archive.rows, archive.files);
    let expire = waiting(StepKind::Expire, archive.expires_at);
    let mut next = vec![expire];
    if job.contact.is_some() {
        next.push(ready(StepKind::NotifyReady, now));
    }
    let job = Job {
        status: JobStatus::Completed,
        completed_at: Some(now),
        resolution_notes: Some(job.notes_with(&notes)),
        archive: Some(archive),
        ..job.clone()
    };
    Decision { job: Some(Box::new(job)), next, settles: Vec::new() }
}

fn ended(job: &Job, status: JobStatus, notes: &str, now: Timestamp) -> Decision {
    let mut next = vec![ready(StepKind::Expire, now)];
    next.extend(erasing::lift_quarantine(job, now));
    let job = Job { status, completed_at: Some(now), resolution_notes: Some(job.notes_with(notes)), ..job.clone() };
    Decision { job: Some(Box::new(job)), next, settles: vec![StepKind::Verify] }
}

/// Whoever has been told that data will be deleted is told that it will not.
fn cancelled(job: &Job, now: Timestamp) -> Decision {
    let ended = ended(job, JobStatus::Cancelled, erasing::words_of_cancelling(job), now);
    let mut decision = restricting::taken_back(ended, now);
    if job.request_type == RequestType::Erasure && job.contact.is_some() {
        decision.next.push(ready(StepKind::NotifyCancelled, now));
    }
    decision
}

/// The person is told why, and what can be done about it (GDPR Art. 12(4)).
fn refused(job: &Job, reason: &str, now: Timestamp) -> Decision {
    let mut decision = ended(job, JobStatus::Rejected, reason, now);
    if let Some(job) = &mut decision.job {
        job.timing.refused_because = Some(reason.to_owned());
    }
    if job.contact.is_some() {
        decision.next.push(ready(StepKind::NotifyRejected, now));
    }
    decision
}

/// A step that may run at once; the sweep looks at it if its nudge is lost.
#[must_use]
pub fn ready(kind: StepKind, now: Timestamp) -> StepSeed {
    StepSeed { kind, shard: 0, state: StepState::Ready, next_check_at: now + NUDGE_GRACE, input: None }
}

/// A step that waits until a time.
#[must_use]
pub const fn waiting(kind: StepKind, until: Timestamp) -> StepSeed {
    StepSeed { kind, shard: 0, state: StepState::Waiting, next_check_at: until, input: None }
}

/// One share of what was located.
#[must_use]
pub fn collect_shard(shard: u32, input: ObjectRef, now: Timestamp) -> StepSeed {
    StepSeed { shard, input: Some(input), ..ready(StepKind::Collect, now) }
}

/// The steps a new job starts with; none if it only waits for a start by hand (R-DSR-11).
#[must_use]
pub fn first_steps(job: &Job, now: Timestamp) -> Vec<StepSeed> {
    match job.scope {
        Scope::Organization if job.automated => return vec![ready(StepKind::Locate, now)],
        Scope::Organization => return Vec::new(),
        Scope::Collection => return vec![ready(StepKind::Anonymize, now)],
        Scope::AuditLog => return vec![ready(StepKind::ExportEvents, now)],
        Scope::Subject => {}
    }
    let mut steps = vec![ready(StepKind::Screen, now)];
    if !job.by_subject {
        steps.push(waiting(StepKind::Verify, now + VERIFICATION_WINDOW));
    }
    steps
}
