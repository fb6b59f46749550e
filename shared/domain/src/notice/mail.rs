//! What the mail service says became of a mail, kept without the address: one item for each report, written once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::NoticeName;
use crate::ids::{JobId, OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::{Alias, Regime, wire_enum};
use crate::step::StepKind;

wire_enum! {
    /// What became of a mail.
    MailFate {
        /// The receiver's server took it.
        Delivered = "delivered",
        /// The address refuses it for good.
        Bounced = "bounced",
        /// It came back, but may be taken another time.
        BouncedForNow = "bounced_for_now",
        /// Whoever received it called it unwanted.
        Complained = "complained",
        /// The mail service itself refused to send it.
        Rejected = "rejected",
    }
}

impl MailFate {
    /// Whether the mail has not arrived, and sending it again would change nothing.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        match self {
            Self::Bounced | Self::Rejected => true,
            Self::Delivered | Self::BouncedForNow | Self::Complained => false,
        }
    }
}

impl NoticeName {
    /// Whether the person has a right to it, or can't be answered without it: it is sent in spite of a complaint, and
    /// officers hear of it when it comes back. A receipt must be confirmed under the CCPA (11 CCR 7021(a)).
    #[must_use]
    pub const fn is_owed(self, regime: Regime) -> bool {
        match self {
            Self::VerificationCode
            | Self::ExportReady
            | Self::RequestCompleted
            | Self::RequestExtended
            | Self::RequestPaused
            | Self::RequestRejected
            | Self::RestrictionLifting => true,
            Self::RequestReceived => matches!(regime, Regime::Ccpa),
            Self::DeletionScheduled
            | Self::DeletionCancelled
            | Self::RequestResumed
            | Self::ApprovalNeeded
            | Self::NoticeUndelivered
            | Self::RequestDueSoon
            | Self::RequestOverdue
            | Self::WeeklyDigest => false,
        }
    }
}

/// One report of the mail service about one mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailMark {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// The mail, as the service names it.
    pub message_id: String,
    /// What became of it.
    pub fate: MailFate,
    /// Which step sent it.
    pub kind: StepKind,
    /// Which of these steps.
    pub shard: u32,
    /// To whom: `subject`, or `staff:` and the recipient's name.
    pub to: String,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
    /// When it was recorded.
    pub at: Timestamp,
}

impl MailMark {
    /// What the sort keys of all marks begin with.
    pub const PREFIX: &'static str = "mail#";

    /// The key of a report: the same report has the same key, so that it is recorded once.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        let sort = format!("{}{}#{}", Self::PREFIX, self.message_id, self.fate);
        TenantKey::new(&self.tenant, Partition::Job(self.job.clone()), sort)
    }
}

/// Remembers, without the address, that a person called our mail unwanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailComplaint {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Keyed hash of the identity asked about.
    pub alias: Alias,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
    /// When.
    pub at: Timestamp,
}

impl MailComplaint {
    /// The key of a person's complaint.
    #[must_use]
    pub fn key_of(tenant: &TenantId, alias: &Alias) -> TenantKey {
        TenantKey::new(tenant, Partition::Suppression(alias.as_str().to_owned()), "complaint")
    }
}
