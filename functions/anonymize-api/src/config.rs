//! What of the settings this function uses.

use std::sync::Arc;

use lambda_kit::auth::Verifier;
use lambda_kit::{Settings, StartError};
use pii::differential_privacy::Cost;
use workflow::ports::Documents;
use workflow::submit_request::Quotas;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who may speak.
    pub verifier: Arc<Verifier>,
    /// Where the API is reached from outside.
    pub public_url: String,
    /// What a tenant may spend on answers, ever.
    pub privacy_budget: Cost,
    /// How many jobs a tenant may have.
    pub quotas: Quotas,
    /// Where jobs and their data stay.
    pub region: String,
}

impl Config {
    /// Picks and reads this function's settings.
    ///
    /// # Errors
    /// Names issuers that are described wrongly.
    pub fn of(settings: &Settings, documents: Arc<dyn Documents>) -> Result<Self, StartError> {
        let verifier =
            Verifier::from_json(&settings.trusted_issuers).map_err(|e| StartError::because(e.to_string()))?;
        let micros = u64::try_from(settings.privacy_epsilon).unwrap_or(0).saturating_mul(1_000_000);
        let privacy_budget =
            Cost::micros(micros).ok_or_else(|| StartError::because("HABEAS_PRIVACY_EPSILON is not at least 1"))?;
        Ok(Self {
            verifier: Arc::new(verifier.fetching(documents)),
            public_url: settings.public_url.clone(),
            privacy_budget,
            quotas: Quotas { open_jobs: settings.max_open_jobs, jobs_per_month: settings.max_jobs_per_month },
            region: settings.region.clone(),
        })
    }
}
