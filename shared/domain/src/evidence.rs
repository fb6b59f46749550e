//! Evidence as it is kept under lock: what was collected, its hash, and who had it in hands (R-AUD-5). What it says is sealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{EvidenceId, TenantId};
use crate::request::wire_enum;
use crate::role::Pseudonym;
use crate::sealed::Sealed;

wire_enum! {
    /// What kind of evidence it is (V8).
    EvidenceType {
        /// An extract of a system's log.
        SystemLog = "system_log",
        /// A policy as it was in force.
        Policy = "policy",
        /// The report of an audit.
        Audit = "audit",
        /// Who was trained, and in what.
        Training = "training",
        /// Lint, tests and coverage of a release.
        CiArtifact = "ci_artifact",
        /// A record of consent.
        ConsentRecord = "consent_record",
        /// Why something is kept for as long as it is.
        RetentionJustification = "retention_justification",
        /// How a system was set up; for a change, before and after.
        Configuration = "configuration",
        /// The result of an access review.
        AccessReview = "access_review",
        /// What a scan found.
        ScanResult = "scan_result",
        /// An assessment.
        Assessment = "assessment",
        /// The report of an incident.
        IncidentReport = "incident_report",
        /// A picture of a screen.
        Screenshot = "screenshot",
        /// Somebody's word for it.
        Attestation = "attestation",
        /// The receipt of an erasure.
        ErasureReceipt = "erasure_receipt",
    }
}

/// One piece of evidence; written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Version of this form.
    pub v: u8,
    /// Its id.
    pub id: EvidenceId,
    /// The tenant.
    pub tenant: TenantId,
    /// What kind it is.
    pub evidence_type: EvidenceType,
    /// The system it comes from.
    pub source_system: String,
    /// Keyed hash of whoever collected it.
    pub collector: Pseudonym,
    /// The controls it is for, such as `CC6.1`.
    pub control_objectives: Vec<String>,
    /// SHA-256 of the content as compact JSON, hexadecimal.
    pub sha256: String,
    /// The organisation it is about.
    pub organization_id: Option<String>,
    /// When it was collected.
    pub collected_at: Timestamp,
    /// Until when it is locked.
    pub retain_until: Timestamp,
    /// Title, description and content, under the tenant's key.
    pub sealed: Sealed,
}

wire_enum! {
    /// What was done with a piece of evidence.
    CustodyAct {
        /// It was collected.
        Collected = "collected",
        /// It was checked.
        Verified = "verified",
    }
}

/// One entry of a chain of custody; each holds the hash of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyEntry {
    /// Its place in the chain, from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Keyed hash of whoever did it.
    pub actor: Pseudonym,
    /// What was done.
    pub act: CustodyAct,
    /// SHA-256 of the content before; none where it began.
    pub sha256_before: Option<String>,
    /// SHA-256 of the content after.
    pub sha256_after: String,
    /// SHA-256 of the entry before, as it is stored.
    pub previous: Option<String>,
}

/// What the last check of a piece of evidence found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceCheck {
    /// When.
    pub at: Timestamp,
    /// The first thing that doesn't hold, in words.
    pub broken_at: Option<String>,
}
