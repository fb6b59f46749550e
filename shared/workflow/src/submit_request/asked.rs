//! What goes into an intake and what comes out of it.

use domain::correction::Correction;
use domain::job::{Job, Scope};
use domain::notice::Language;
use domain::request::{ExportFormat, Identity, Purpose, Regime, RequestType};
use domain::sensitive::Sensitive;
use jiff::Timestamp;

use crate::anonymization::NewOrder;

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
    /// The one use that is objected to; objections only.
    pub purpose: Option<Purpose>,
    /// What is to be corrected; rectification only.
    pub corrections: Vec<Correction>,
    /// The language the person is to be written to in.
    pub language: Option<Language>,
    /// What is to be done with a collection; `Scope::Collection` only.
    pub order: Option<Box<NewOrder>>,
}

impl NewRequest {
    /// The request that an order of work on a collection is.
    #[must_use]
    pub fn of_collection(order: Box<NewOrder>) -> Self {
        let about = format!("{}.{}, read as a whole", order.order.dataset, order.order.collection);
        Self {
            request_type: RequestType::Anonymization,
            regime: None,
            scope: Scope::Collection,
            identities: Vec::new(),
            organization_id: None,
            confirmed_name: None,
            received_at: None,
            description: Some(Sensitive::new(about)),
            format: None,
            include_media: false,
            grace_days: None,
            language: None,
            corrections: Vec::new(),
            purpose: None,
            order: Some(order),
        }
    }
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
