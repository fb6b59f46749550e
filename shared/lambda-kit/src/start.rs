//! How a function starts: settings first, then logging, or a clear sentence and the end.

use crate::logging::{Redaction, init_logging};
use crate::settings::Settings;

/// Why a function does not start; every finding is named, so that one deploy mends them all.
#[derive(Debug, thiserror::Error)]
#[error("cannot start: {}", findings.join("; "))]
pub struct StartError {
    /// One sentence per finding.
    pub findings: Vec<String>,
}

impl StartError {
    /// An error of one finding.
    #[must_use]
    pub fn because(finding: impl Into<String>) -> Self {
        Self { findings: vec![finding.into()] }
    }
}

/// Reads the settings and sets up redacted logging; call it once, first thing in `main`.
///
/// # Errors
/// Names every setting that is missing, unknown or wrong; the sentence is logged too.
pub fn start() -> Result<Settings, StartError> {
    let settings = Settings::from_env();
    let redaction = settings.as_ref().map_or(Redaction::On, |settings| settings.redaction);
    init_logging(redaction);
    if let Err(error) = &settings {
        tracing::error!(error = %error, "the function does not start");
    }
    settings
}
