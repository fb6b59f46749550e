//! What of the settings this function uses.

use std::sync::Arc;

use lambda_kit::auth::Verifier;
use lambda_kit::{Settings, StartError};
use workflow::ports::Documents;
use workflow::submit_request::Quotas;

/// The most bytes of an answer: more is a job.
const MOST_ANSWERED: usize = 4_000_000;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who may speak.
    pub verifier: Arc<Verifier>,
    /// Where the API is reached from outside.
    pub public_url: String,
    /// What the names of all logs begin with.
    pub origin: String,
    /// How long evidence is locked.
    pub evidence_keep_days: i64,
    /// Limits of a tenant.
    pub quotas: Quotas,
    /// Where jobs and their data stay.
    pub region: String,
    /// The most bytes of an export that is answered at once.
    pub most_answered: usize,
}

impl Config {
    /// Picks and reads this function's settings.
    ///
    /// # Errors
    /// Names issuers that are described wrongly.
    pub fn of(settings: &Settings, documents: Arc<dyn Documents>) -> Result<Self, StartError> {
        let verifier =
            Verifier::from_json(&settings.trusted_issuers).map_err(|e| StartError::because(e.to_string()))?;
        Ok(Self {
            verifier: Arc::new(verifier.fetching(documents)),
            public_url: settings.public_url.clone(),
            origin: settings.audit_origin.clone(),
            evidence_keep_days: settings.evidence_keep_days,
            quotas: Quotas { open_jobs: settings.max_open_jobs, jobs_per_month: settings.max_jobs_per_month },
            region: settings.region.clone(),
            most_answered: MOST_ANSWERED,
        })
    }
}
