//! A job: our memory of doing what a request asks. One item, changed only by transitions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::archive::{Archive, Period};
pub use self::decide::{
    APPROVAL_REMINDER, Decision, GATE_INTERVAL, NUDGE_GRACE, Outcome, VERIFICATION_WINDOW, collect_shard, decide,
    erase_shard, first_steps, plan_shard, ready, waiting,
};
pub use self::scope::Scope;
pub use self::timing::{AlertMark, DeadlineAlert, Extension, FirstDates, Pause, Timing, WaitingFor};
use crate::erasure::{Erasure, ReceiptRef};
use crate::ids::{JobId, OpNonce, TenantId};
use crate::key::TenantKey;
use crate::notice::Language;
use crate::request::{Alias, ExportFormat, Regime, RequestType, wire_enum};
use crate::restriction::Restriction;
use crate::role::Pseudonym;
use crate::sealed::Sealed;

mod archive;
mod decide;
mod ending;
mod scope;
mod timing;

wire_enum! {
    /// Where a job stands (R-DSR-2).
    JobStatus {
        /// Waits for proof of identity.
        AwaitingVerification = "awaiting_verification",
        /// Accepted, the requester is known; not started.
        Pending = "pending",
        /// Workers act.
        InProgress = "in_progress",
        /// Waits for an approval.
        AwaitingApproval = "awaiting_approval",
        /// A grace period runs.
        Scheduled = "scheduled",
        /// A legal hold stops it.
        OnHold = "on_hold",
        /// A person must look; an alert is open.
        NeedsHuman = "needs_human",
        /// Done.
        Completed = "completed",
        /// Refused with reasons.
        Rejected = "rejected",
        /// Taken back.
        Cancelled = "cancelled",
        /// Given up by a person or a rule.
        Failed = "failed",
        /// No proof of identity came in time.
        Expired = "expired",
    }
}

impl JobStatus {
    /// Whether the status is final: terminal states absorb (INV-S1).
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Rejected | Self::Cancelled | Self::Failed | Self::Expired)
    }

    /// The published relation: where a job may go from here (INV-S1).
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::AwaitingVerification => matches!(
                next,
                Self::Pending | Self::InProgress | Self::NeedsHuman | Self::Rejected | Self::Cancelled | Self::Expired
            ),
            Self::Pending => matches!(
                next,
                Self::InProgress | Self::AwaitingVerification | Self::NeedsHuman | Self::Rejected | Self::Cancelled
            ),
            Self::InProgress => matches!(
                next,
                Self::AwaitingApproval
                    | Self::OnHold
                    | Self::NeedsHuman
                    | Self::Completed
                    | Self::Rejected
                    | Self::Cancelled
                    | Self::Failed
            ),
            Self::AwaitingApproval => {
                // An objection that is upheld is done.
                matches!(
                    next,
                    Self::Scheduled
                        | Self::OnHold
                        | Self::NeedsHuman
                        | Self::Completed
                        | Self::Rejected
                        | Self::Cancelled
                )
            }
            Self::Scheduled => matches!(next, Self::InProgress | Self::OnHold | Self::NeedsHuman | Self::Cancelled),
            Self::OnHold => {
                matches!(next, Self::AwaitingApproval | Self::Scheduled | Self::InProgress | Self::NeedsHuman)
            }
            Self::NeedsHuman => matches!(
                next,
                Self::AwaitingVerification | Self::InProgress | Self::Failed | Self::Rejected | Self::Cancelled
            ),
            Self::Completed | Self::Rejected | Self::Cancelled | Self::Failed | Self::Expired => false,
        }
    }
}

wire_enum! {
    /// How an identity was proven (V3).
    VerificationMethod {
        /// A session whose e-mail address is on record.
        Session = "session",
        /// A code mailed to the address on record.
        EmailCode = "email_code",
        /// By an officer, by hand.
        Manual = "manual",
    }
}

/// How and when an identity was proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// How.
    pub method: VerificationMethod,
    /// When.
    pub at: Timestamp,
}

/// The memory of one job (one item). Personal data only in the sealed fields.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the published contract")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The id.
    pub id: JobId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// The right exercised.
    pub request_type: RequestType,
    /// Person or organisation.
    pub scope: Scope,
    /// The law.
    pub regime: Regime,
    /// Where it stands.
    pub status: JobStatus,
    /// Keyed hash of the first identity.
    pub subject_ref: Option<Alias>,
    /// The organisation.
    pub organization_id: Option<String>,
    /// Who asked, by keyed hash.
    pub requester: Pseudonym,
    /// Whether the requester is the subject, signed in with the e-mail address asked about.
    pub by_subject: bool,
    /// Where the job and its data stay.
    pub region: String,
    /// SHA-256 of the data map it follows to its end.
    pub data_map: String,
    /// Files wanted.
    pub format: ExportFormat,
    /// Media wanted.
    pub include_media: bool,
    /// Whether steps after verification start by themselves.
    pub automated: bool,
    /// When the request reached the controller.
    pub received_at: Timestamp,
    /// When the job was made.
    pub created_at: Timestamp,
    /// The law's date.
    pub due_at: Timestamp,
    /// The rule that gave it.
    pub due_rule: String,
    /// The inner target, never later than the law's date.
    pub target_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Whether the period was extended.
    pub extended: bool,
    /// Whether the clock is stopped.
    pub paused: bool,
    /// Who works on it, by keyed hash.
    pub assignee: Option<Pseudonym>,
    /// What was done, in our own words.
    pub resolution_notes: Option<String>,
    /// Proof of identity.
    pub verification: Option<Verification>,
    /// The finished archive.
    pub archive: Option<Archive>,
    /// Why a person must look.
    pub parked_because: Option<String>,
    /// What was asked, under the job key: identities, description.
    pub request: Sealed,
    /// The address on record, under the job key.
    pub contact: Option<Sealed>,
    /// Codes sent so far.
    pub codes_sent: u32,
    /// The state of an erasure, or of a rectification, which goes the same way.
    #[serde(default)]
    pub erasure: Option<Box<Erasure>>,
    /// The state of a restriction; restrictions and objections only.
    #[serde(default)]
    pub restriction: Option<Box<Restriction>>,
    /// What of the audit log is exported; exports of it only.
    #[serde(default)]
    pub period: Option<Period>,
    /// What moves and watches the due date.
    #[serde(default)]
    pub timing: Timing,
    /// The language the person is written to, if one was named.
    #[serde(default)]
    pub language: Option<Language>,
    /// When its run, all but this record and its events, was archived and taken away.
    #[serde(default)]
    pub retired_at: Option<Timestamp>,
}

impl Job {
    /// The signed receipt of what was done.
    #[must_use]
    pub fn receipt(&self) -> Option<&ReceiptRef> {
        let of_archive = || self.archive.as_ref().and_then(|archive| archive.receipt.as_ref());
        self.erasure.as_ref().and_then(|erasure| erasure.receipt.as_ref()).or_else(of_archive)
    }

    /// The key of this job.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        TenantKey::job(&self.tenant, &self.id)
    }

    /// The notes with one more line; what was noted before stays.
    #[must_use]
    pub fn notes_with(&self, note: &str) -> String {
        self.resolution_notes.as_ref().map_or_else(|| note.to_owned(), |earlier| format!("{earlier}\n{note}"))
    }

    /// Whether the job keeps a person's data from being used now (GDPR Art. 18(2)).
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.restriction.as_deref().is_some_and(Restriction::stands)
    }

    /// Whether work on the job may start or go on.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.status.is_terminal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_states_absorb() {
        for from in JobStatus::ALL.iter().filter(|status| status.is_terminal()) {
            for to in JobStatus::ALL {
                assert!(!from.may_become(*to), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn every_open_state_can_end() {
        for from in JobStatus::ALL.iter().filter(|status| !status.is_terminal()) {
            assert!(reaches_end(*from, 0), "{from}");
        }
    }

    fn reaches_end(from: JobStatus, depth: usize) -> bool {
        depth < 5
            && JobStatus::ALL
                .iter()
                .filter(|to| from.may_become(**to))
                .any(|to| to.is_terminal() || reaches_end(*to, depth + 1))
    }
}
