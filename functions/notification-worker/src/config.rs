//! What of the settings the notification worker uses.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use lambda_kit::{Settings, StartError};

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a claim lasts.
    pub lease: SignedDuration,
    /// Where the API is reached from outside.
    pub public_url: String,
    /// The operator's topic; empty for none.
    pub notices_topic_arn: String,
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
    /// Whether everything stands on this machine.
    pub is_local: bool,
}

impl Config {
    /// Picks this function's settings.
    ///
    /// # Errors
    /// Where the time zone is not known.
    pub fn of(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self {
            lease: settings.lease_for,
            public_url: settings.public_url.clone(),
            notices_topic_arn: settings.notices_topic_arn.clone(),
            timezone: settings.time_zone()?,
            is_local: settings.is_local(),
        })
    }
}
