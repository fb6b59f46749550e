//! What of the settings the export worker uses.

use jiff::SignedDuration;
use lambda_kit::Settings;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a claim lasts.
    pub lease: SignedDuration,
    /// How long an archive can be fetched.
    pub download_for: SignedDuration,
    /// Where this function runs: data stays there (R-EXP-6).
    pub region: String,
}

impl Config {
    /// Picks this function's settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self { lease: settings.lease_for, download_for: settings.download_for, region: settings.region.clone() }
    }
}
