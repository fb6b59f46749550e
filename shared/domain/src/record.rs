//! Every kind of item we keep, with its key, its version and the indexes it appears in.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::items::{Challenge, Counter, DataMapPointer, IdempotencyRecord, KeyRecord, SuppressionRecord, Ticket};
pub use self::wake::{
    DEADLINE_SHARDS, DIGEST_SHARD, ENDED_SHARDS, WAKE_SHARDS, Wake, deadline_shard, ended_shard, wake_shard,
};
use crate::event::AuditEvent;
use crate::hold::{Claim, Guard, Hold};
use crate::ids::OpNonce;
use crate::job::Job;
use crate::key::TenantKey;
use crate::notice::{MailComplaint, MailMark, NoticeSettings};
use crate::retention::RetentionPolicy;
use crate::retention_run::RetentionRun;
use crate::step::Step;

mod items;
mod wake;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A job.
    Job(Box<Job>),
    /// A step of a job.
    Step(Box<Step>),
    /// A line of the audit trail.
    Event(Box<AuditEvent>),
    /// A verification code that was sent.
    Challenge(Challenge),
    /// A mailed entitlement to fetch the archive.
    Ticket(Ticket),
    /// The answer to a request that may be sent again.
    Idempotency(IdempotencyRecord),
    /// A wrapped data key (keyring table).
    Key(KeyRecord),
    /// Which data map is current.
    DataMapPointer(DataMapPointer),
    /// Somebody who was erased and must not come back.
    Suppression(SuppressionRecord),
    /// A legal hold.
    Hold(Box<Hold>),
    /// One copy of what claims check for holds.
    Guard(Guard),
    /// A claim that passed a guard.
    Claim(Claim),
    /// One version of an organisation's retention policy.
    Retention(Box<RetentionPolicy>),
    /// How far the retention sweep is with a collection.
    RetentionRun(Box<RetentionRun>),
    /// Whom a tenant wants told of what.
    Notices(Box<NoticeSettings>),
    /// What became of one mail.
    MailMark(Box<MailMark>),
    /// Somebody who called our mail unwanted.
    Complaint(MailComplaint),
    /// A number that only grows and shrinks by transactions.
    Counter(Counter),
}

/// How long after its lease a claim that nobody ended may be forgotten.
const CLAIM_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Record {
    /// Where the item lives.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        match self {
            Self::Job(job) => job.key(),
            Self::Step(step) => step.key(),
            Self::Event(event) => event.key(),
            Self::Challenge(challenge) => Challenge::key_of(&challenge.tenant, &challenge.job),
            Self::Ticket(ticket) => Ticket::key_of(&ticket.tenant, &ticket.job),
            Self::Idempotency(record) => IdempotencyRecord::key_of(&record.tenant, &record.scope),
            Self::Key(record) => KeyRecord::key_of(&record.tenant, &record.owner),
            Self::DataMapPointer(pointer) => DataMapPointer::key_of(&pointer.tenant),
            Self::Suppression(record) => SuppressionRecord::key_of(&record.tenant, &record.alias),
            Self::Hold(hold) => hold.key(),
            Self::Guard(guard) => guard.key.clone(),
            Self::Claim(claim) => claim.key(),
            Self::Retention(policy) => policy.key(),
            Self::RetentionRun(run) => run.key(),
            Self::Notices(settings) => NoticeSettings::key_of(&settings.tenant),
            Self::MailMark(mark) => mark.key(),
            Self::Complaint(complaint) => MailComplaint::key_of(&complaint.tenant, &complaint.alias),
            Self::Counter(counter) => counter.key.clone(),
        }
    }

    /// The version, where the item has one.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Job(job) => Some(job.version),
            Self::Step(step) => Some(step.version),
            Self::Challenge(challenge) => Some(challenge.version),
            Self::Ticket(ticket) => Some(ticket.version),
            Self::DataMapPointer(pointer) => Some(pointer.version),
            Self::Hold(hold) => Some(hold.version),
            Self::RetentionRun(run) => Some(run.version),
            Self::Notices(settings) => Some(settings.version),
            Self::Event(_)
            | Self::Idempotency(_)
            | Self::Key(_)
            | Self::Suppression(_)
            | Self::Guard(_)
            | Self::Claim(_)
            | Self::Retention(_)
            | Self::MailMark(_)
            | Self::Complaint(_)
            | Self::Counter(_) => None,
        }
    }

    /// The nonce of the write that made this version.
    #[must_use]
    pub fn op_nonce(&self) -> Option<&OpNonce> {
        match self {
            Self::Job(job) => Some(&job.op_nonce),
            Self::Step(step) => Some(&step.op_nonce),
            Self::Challenge(challenge) => Some(&challenge.op_nonce),
            Self::Ticket(ticket) => Some(&ticket.op_nonce),
            Self::Idempotency(record) => Some(&record.op_nonce),
            Self::Key(record) => Some(&record.op_nonce),
            Self::DataMapPointer(pointer) => Some(&pointer.op_nonce),
            Self::Suppression(record) => Some(&record.op_nonce),
            Self::Hold(hold) => Some(&hold.op_nonce),
            Self::Retention(policy) => Some(&policy.op_nonce),
            Self::RetentionRun(run) => Some(&run.op_nonce),
            Self::Notices(settings) => Some(&settings.op_nonce),
            Self::MailMark(mark) => Some(&mark.op_nonce),
            Self::Complaint(complaint) => Some(&complaint.op_nonce),
            Self::Event(_) | Self::Guard(_) | Self::Claim(_) | Self::Counter(_) => None,
        }
    }

    /// The fence of a step.
    #[must_use]
    pub fn fence(&self) -> Option<u64> {
        match self {
            Self::Step(step) => Some(step.fence),
            Self::Job(_)
            | Self::Event(_)
            | Self::Challenge(_)
            | Self::Ticket(_)
            | Self::Idempotency(_)
            | Self::Key(_)
            | Self::DataMapPointer(_)
            | Self::Suppression(_)
            | Self::Hold(_)
            | Self::Guard(_)
            | Self::Claim(_)
            | Self::Retention(_)
            | Self::RetentionRun(_)
            | Self::Notices(_)
            | Self::MailMark(_)
            | Self::Complaint(_)
            | Self::Counter(_) => None,
        }
    }

    /// Whether a guard has no hold behind it.
    #[must_use]
    pub fn is_free_guard(&self) -> bool {
        matches!(self, Self::Guard(guard) if guard.holds.is_empty())
    }

    /// Whether this is a job that may still be worked on.
    #[must_use]
    pub fn is_open_job(&self) -> bool {
        matches!(self, Self::Job(job) if job.is_open())
    }

    /// The item's place in the index of the sweeps, while something is due: a step, a job's deadline, an ended job, a digest.
    #[must_use]
    pub fn wake(&self) -> Option<Wake> {
        match self {
            Self::Step(step) => step.next_check_at.map(|at| Wake { shard: wake_shard(&step.job), at }),
            Self::Job(job) if job.is_open() => job.next_look_at().map(|at| Wake { shard: deadline_shard(&job.id), at }),
            Self::Job(job) => job.retention_looks_at().map(|at| Wake { shard: ended_shard(&job.id), at }),
            Self::Notices(settings) => settings.next_look_at().map(|at| Wake { shard: DIGEST_SHARD, at }),
            Self::Event(_)
            | Self::Challenge(_)
            | Self::Ticket(_)
            | Self::Idempotency(_)
            | Self::Key(_)
            | Self::DataMapPointer(_)
            | Self::Suppression(_)
            | Self::Hold(_)
            | Self::Guard(_)
            | Self::Claim(_)
            | Self::Retention(_)
            | Self::RetentionRun(_)
            | Self::MailMark(_)
            | Self::Complaint(_)
            | Self::Counter(_) => None,
        }
    }

    /// When the store may forget the item by itself (garbage collection only, never a timer).
    #[must_use]
    pub fn forget_at(&self) -> Option<Timestamp> {
        match self {
            Self::Idempotency(record) => Some(record.expires_at),
            // Long after its worker is dead: what ends normally deletes its claims itself.
            Self::Claim(claim) => Some(claim.lease_until + CLAIM_LIFE),
            Self::Job(_)
            | Self::Step(_)
            | Self::Event(_)
            | Self::Challenge(_)
            | Self::Ticket(_)
            | Self::Key(_)
            | Self::DataMapPointer(_)
            | Self::Suppression(_)
            | Self::Hold(_)
            | Self::Guard(_)
            | Self::Retention(_)
            | Self::RetentionRun(_)
            | Self::Notices(_)
            | Self::MailMark(_)
            | Self::Complaint(_)
            | Self::Counter(_) => None,
        }
    }

    /// Whether the item counts as gone at a time, although the store may not have removed it yet.
    #[must_use]
    pub fn is_forgotten_by(&self, now: Timestamp) -> bool {
        self.forget_at().is_some_and(|at| at.as_second() <= now.as_second())
    }
}

impl Record {
    /// The event, if this is one.
    #[must_use]
    pub fn as_event(&self) -> Option<&AuditEvent> {
        if let Self::Event(event) = self { Some(event) } else { None }
    }

    /// The guard, if this is one.
    #[must_use]
    pub const fn as_guard(&self) -> Option<&Guard> {
        if let Self::Guard(guard) = self { Some(guard) } else { None }
    }
}

macro_rules! openers {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $inner:ty),+ $(,)?) => {
        impl Record {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(self) -> Option<$inner> {
                let Self::$variant(inner) = self else { return None };
                Some(inner)
            })+
        }
    };
}

openers! {
    /// The job, if this is one.
    into_job: Job => Box<Job>,
    /// The step, if this is one.
    into_step: Step => Box<Step>,
    /// The event, if this is one.
    into_event: Event => Box<AuditEvent>,
    /// The challenge, if this is one.
    into_challenge: Challenge => Challenge,
    /// The ticket, if this is one.
    into_ticket: Ticket => Ticket,
    /// The idempotency record, if this is one.
    into_idempotency: Idempotency => IdempotencyRecord,
    /// The wrapped key, if this is one.
    into_key: Key => KeyRecord,
    /// The pointer, if this is one.
    into_data_map_pointer: DataMapPointer => DataMapPointer,
    /// The suppression, if this is one.
    into_suppression: Suppression => SuppressionRecord,
    /// The hold, if this is one.
    into_hold: Hold => Box<Hold>,
    /// The guard, if this is one.
    into_guard: Guard => Guard,
    /// The claim, if this is one.
    into_claim: Claim => Claim,
    /// The policy, if this is one.
    into_retention: Retention => Box<RetentionPolicy>,
    /// The run, if this is one.
    into_retention_run: RetentionRun => Box<RetentionRun>,
    /// The counter, if this is one.
    into_counter: Counter => Counter,
    /// The settings of notices, if these are some.
    into_notices: Notices => Box<NoticeSettings>,
    /// The mark, if this is one.
    into_mail_mark: MailMark => Box<MailMark>,
}
