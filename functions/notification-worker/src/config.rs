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
}

impl Config {
    /// Picks this function's settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self { lease: settings.lease_for, public_url: settings.public_url.clone() }
    }
}
