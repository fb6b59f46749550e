//! The kinds of step, the queue that carries each, and what the engine must know of them.

use crate::notice::NoticeName;
use crate::request::wire_enum;

wire_enum! {
    /// What a step does.
    StepKind {
        /// Finds out whether the person is on record, and at which address.
        Screen = "screen",
        /// Waits for proof of identity; ends the job when none comes.
        Verify = "verify",
        /// Walks the reference graph and freezes what is to be collected.
        Locate = "locate",
        /// Reads one shard of what was located into encrypted parts.
        Collect = "collect",
        /// Reads a mapped collection and leaves of it what was asked for, without the people in it.
        Anonymize = "anonymize",
        /// Reads a period of the audit log into encrypted parts.
        ExportEvents = "export_events",
        /// Joins the parts to one archive.
        Package = "package",
        /// Finds what one shard of an erasure would change, and changes nothing.
        PlanErasure = "plan_erasure",
        /// Joins the plans of all shards to the one that is approved.
        SealPlan = "seal_plan",
        /// Waits for an approval and reminds of it.
        Approve = "approve",
        /// Waits for the end of the grace period.
        Grace = "grace",
        /// Takes the rows of the plan out of use while the grace period runs.
        Quarantine = "quarantine",
        /// Gives rows in quarantine back what they held, once the erasure is over or taken back.
        LiftQuarantine = "lift_quarantine",
        /// Revokes the person's tokens at their issuer while the grace period runs.
        RevokeTokens = "revoke_tokens",
        /// Starts the irreversible part: one step for each shard of the plan.
        BeginErasure = "begin_erasure",
        /// Erases what one shard of the plan names.
        Erase = "erase",
        /// Searches again with what found it.
        Confirm = "confirm",
        /// Tells one processor of the erasure, and waits for its answer.
        TellProcessor = "tell_processor",
        /// Destroys the subject's keys, remembers whom not to take back, signs the receipt.
        Conclude = "conclude",
        /// Tells the person that the request has arrived.
        NotifyReceived = "notify_received",
        /// Makes a verification code and mails it to the address on record.
        NotifyCode = "notify_code",
        /// Tells the person that the archive can be fetched.
        NotifyReady = "notify_ready",
        /// Tells the person when the deletion becomes final.
        NotifyScheduled = "notify_scheduled",
        /// Tells the person that the deletion will not happen.
        NotifyCancelled = "notify_cancelled",
        /// Tells the person that the deletion is done.
        NotifyErased = "notify_erased",
        /// Tells the person that the data is corrected or restricted, or the objection upheld.
        NotifyDecided = "notify_decided",
        /// Tells the person that the restriction ends; then it does.
        NotifyLifting = "notify_lifting",
        /// Tells the person that the period is extended, and why.
        NotifyExtended = "notify_extended",
        /// Tells the person that the clock stands still, and what is waited for.
        NotifyPaused = "notify_paused",
        /// Tells the person that the clock goes on, and until when.
        NotifyResumed = "notify_resumed",
        /// Tells the person that the request is refused, why, and what can be done about it.
        NotifyRejected = "notify_rejected",
        /// Tells officers that a plan of erasure waits for an approval.
        NotifyApproval = "notify_approval",
        /// Tells officers that mail to the person came back.
        NotifyUndelivered = "notify_undelivered",
        /// Tells officers of a deadline that is near or over.
        NotifyDeadline = "notify_deadline",
        /// Deletes archive, parts and job key at the end of their life.
        Expire = "expire",
    }
}

/// The queue whose worker runs a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// `export-worker-queue`.
    Export,
    /// `erasure-worker-queue`.
    Erasure,
    /// `notification-worker-queue`.
    Notification,
}

impl StepKind {
    /// The queue that carries nudges for the step.
    #[must_use]
    pub const fn queue(self) -> QueueName {
        match self {
            Self::Screen
            | Self::Verify
            | Self::Locate
            | Self::Collect
            | Self::Anonymize
            | Self::ExportEvents
            | Self::Package
            | Self::Expire => QueueName::Export,
            Self::PlanErasure
            | Self::SealPlan
            | Self::Approve
            | Self::Grace
            | Self::Quarantine
            | Self::LiftQuarantine
            | Self::RevokeTokens
            | Self::BeginErasure
            | Self::Erase
            | Self::Confirm
            | Self::Conclude => QueueName::Erasure,
            Self::NotifyReceived
            | Self::NotifyCode
            | Self::NotifyReady
            | Self::NotifyScheduled
            | Self::NotifyErased
            | Self::NotifyDecided
            | Self::NotifyLifting
            | Self::NotifyExtended
            | Self::NotifyPaused
            | Self::NotifyResumed
            | Self::NotifyRejected
            | Self::NotifyCancelled
            | Self::NotifyApproval
            | Self::NotifyUndelivered
            | Self::NotifyDeadline
            | Self::TellProcessor => QueueName::Notification,
        }
    }

    /// Whether the step may only run while its job is open.
    #[must_use]
    pub const fn needs_open_job(self) -> bool {
        !self.is_last_notice()
            && !matches!(self, Self::NotifyUndelivered | Self::TellProcessor | Self::LiftQuarantine | Self::Expire)
    }

    /// Whether the step tells a person what became of the request: the address is kept until it has.
    #[must_use]
    pub const fn is_last_notice(self) -> bool {
        matches!(
            self,
            Self::NotifyReady
                | Self::NotifyErased
                | Self::NotifyDecided
                | Self::NotifyLifting
                | Self::NotifyRejected
                | Self::NotifyCancelled
        )
    }

    /// Whether the job's own fate hangs on the step; a parked notice leaves the job alone.
    #[must_use]
    pub const fn decides_job(self) -> bool {
        match self {
            Self::Screen
            | Self::Verify
            | Self::Locate
            | Self::Collect
            | Self::Anonymize
            | Self::ExportEvents
            | Self::Package
            | Self::PlanErasure
            | Self::SealPlan
            | Self::Approve
            | Self::Grace
            | Self::BeginErasure
            | Self::Erase
            | Self::Confirm
            | Self::Conclude => true,
            Self::NotifyReceived
            | Self::NotifyCode
            | Self::NotifyReady
            | Self::NotifyScheduled
            | Self::NotifyErased
            | Self::NotifyDecided
            | Self::NotifyLifting
            | Self::NotifyExtended
            | Self::NotifyPaused
            | Self::NotifyResumed
            | Self::NotifyRejected
            | Self::NotifyCancelled
            | Self::NotifyApproval
            | Self::NotifyUndelivered
            | Self::NotifyDeadline
            | Self::Quarantine
            | Self::LiftQuarantine
            | Self::RevokeTokens
            | Self::TellProcessor
            | Self::Expire => false,
        }
    }

    /// The notice that the step gives; a deadline by its first name.
    #[must_use]
    pub const fn notice(self) -> Option<NoticeName> {
        match self {
            Self::NotifyReceived => Some(NoticeName::RequestReceived),
            Self::NotifyCode => Some(NoticeName::VerificationCode),
            Self::NotifyReady => Some(NoticeName::ExportReady),
            Self::NotifyScheduled => Some(NoticeName::DeletionScheduled),
            Self::NotifyCancelled => Some(NoticeName::DeletionCancelled),
            Self::NotifyErased | Self::NotifyDecided => Some(NoticeName::RequestCompleted),
            Self::NotifyLifting => Some(NoticeName::RestrictionLifting),
            Self::NotifyExtended => Some(NoticeName::RequestExtended),
            Self::NotifyPaused => Some(NoticeName::RequestPaused),
            Self::NotifyResumed => Some(NoticeName::RequestResumed),
            Self::NotifyRejected => Some(NoticeName::RequestRejected),
            Self::NotifyApproval => Some(NoticeName::ApprovalNeeded),
            Self::NotifyUndelivered => Some(NoticeName::NoticeUndelivered),
            Self::NotifyDeadline => Some(NoticeName::RequestDueSoon),
            Self::Screen
            | Self::Verify
            | Self::Locate
            | Self::Collect
            | Self::Anonymize
            | Self::ExportEvents
            | Self::Package
            | Self::PlanErasure
            | Self::SealPlan
            | Self::Approve
            | Self::Grace
            | Self::Quarantine
            | Self::LiftQuarantine
            | Self::RevokeTokens
            | Self::BeginErasure
            | Self::Erase
            | Self::Confirm
            | Self::TellProcessor
            | Self::Conclude
            | Self::Expire => None,
        }
    }

    /// Whether the step makes irreversible changes to the customer's data, or has others make them: legal holds stop it
    /// at its claim (INV-E1).
    #[must_use]
    pub const fn erases(self) -> bool {
        matches!(self, Self::Erase | Self::TellProcessor | Self::Conclude)
    }

    /// Whether the step waits for other steps of its job, not for a time.
    #[must_use]
    pub const fn is_gate(self) -> bool {
        matches!(self, Self::Package | Self::SealPlan | Self::Confirm | Self::Conclude)
    }
}
