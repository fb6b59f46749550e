//! What goes into an intake and what comes out of it.

use domain::correction::Correction;
use domain::job::{Job, Scope};
use domain::notice::Language;
use domain::request::{ExportFormat, Identity, Regime, RequestType};
use domain::sensitive::Sensitive;
use jiff::Timestamp;

/// What is asked, parsed and typed.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The right exercised.
    pub request_type: RequestType,
    /// The law; GDPR if not said.
    pub regime: Option<Regime>,
    /// Person or organisation.
    pub scope: Scope,
    /// Who the subject is; empty for an organisation.
    pub identities: Vec<Identity>,
    /// The organisation; the caller's if not said.
    pub organization_id: Option<String>,
    /// The organisation's name, typed back; its erasure only.
    pub confirmed_name: Option<String>,
    /// When the request reached the controller; now if not said.
    pub received_at: Option<Timestamp>,
    /// In the requester's words.
    pub description: Option<Sensitive<String>>,
    /// Files wanted.
    pub format: Option<ExportFormat>,
    /// Media wanted.
    pub include_media: bool,
    /// Days between approval and erasure; the default if not said.
    pub grace_days: Option<u16>,
    /// What is to be corrected; rectification only.
    pub corrections: Vec<Correction>,
    /// The language the person is to be written to in.
    pub language: Option<Language>,
}

/// The `Idempotency-Key` of a POST and what it covers.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// The answer to an accepted request.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The job.
    pub job: Job,
    /// Whether the job was made by an earlier call with the same idempotency key.
    pub replayed: bool,
}
