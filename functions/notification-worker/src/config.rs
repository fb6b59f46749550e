//! What of the settings the notification worker uses.

use jiff::SignedDuration;
use lambda_kit::Settings;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a claim lasts.
    pub lease: SignedDuration,
    /// Where the API is reached from outside.
    pub public_url: String,
    /// The operator's topic; empty for none.
    pub notices_topic_arn: String,
    /// Whether everything stands on this machine.
    pub is_local: bool,
}

impl Config {
    /// Picks this function's settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            lease: settings.lease_for,
            public_url: settings.public_url.clone(),
            notices_topic_arn: settings.notices_topic_arn.clone(),
            is_local: settings.is_local(),
        }
    }
}
