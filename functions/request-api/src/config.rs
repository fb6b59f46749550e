//! What of the settings this function uses.

use clock::Calendar;
use lambda_kit::auth::Verifier;
use lambda_kit::{Settings, StartError};
use std::sync::Arc;
use workflow::legal_clock::LegalClock;
use workflow::ports::Documents;
use workflow::submit_request::Quotas;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who may speak.
    pub verifier: Arc<Verifier>,
    /// Where the API is reached from outside.
    pub public_url: String,
    /// Due dates.
    pub legal_clock: LegalClock,
    /// Limits of a tenant.
    pub quotas: Quotas,
    /// Where jobs and their data stay.
    pub region: String,
    /// Whether processing starts by itself.
    pub automated: bool,
    /// Grace periods end at full multiples of so many hours; 0 ends each by itself.
    pub erasure_pass_hours: u16,
    /// What the names of all audit logs begin with.
    pub audit_origin: String,
    /// Whether everything stands on this machine.
    pub is_local: bool,
}

impl Config {
    /// Picks and reads this function's settings.
    ///
    /// # Errors
    /// Names a time zone or calendar that is not known, and issuers that are described wrongly.
    pub fn of(settings: &Settings, documents: Arc<dyn Documents>) -> Result<Self, StartError> {
        let verifier =
            Verifier::from_json(&settings.trusted_issuers).map_err(|e| StartError::because(e.to_string()))?;
        let timezone = settings.time_zone()?;
        let calendar = settings.holiday_calendar.as_deref().map(str::parse::<Calendar>).transpose();
        let calendar = calendar.map_err(|error| StartError::because(format!("HABEAS_HOLIDAY_CALENDAR {error}")))?;
        let response_days = u16::try_from(settings.response_days).unwrap_or(30);
        Ok(Self {
            verifier: Arc::new(verifier.fetching(documents)),
            public_url: settings.public_url.clone(),
            legal_clock: LegalClock { timezone, calendar, response_days },
            quotas: Quotas { open_jobs: settings.max_open_jobs, jobs_per_month: settings.max_jobs_per_month },
            region: settings.region.clone(),
            automated: settings.automation,
            erasure_pass_hours: settings.erasure_pass_hours,
            audit_origin: settings.audit_origin.clone(),
            is_local: settings.is_local(),
        })
    }
}
