//! What of the settings the erasure worker uses.

use jiff::SignedDuration;
use lambda_kit::Settings;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a claim lasts.
    pub lease: SignedDuration,
    /// How long backups may hold what was erased.
    pub backups_last: SignedDuration,
    /// Where this function runs: data stays there (R-EXP-6).
    pub region: String,
}

impl Config {
    /// Picks this function's settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self { lease: settings.lease_for, backups_last: settings.backups_last, region: settings.region.clone() }
    }
}
