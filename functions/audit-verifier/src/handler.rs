//! A tick or a call in, logs verified until the slice ends.

use domain::ids::TenantId;
use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use serde::Deserialize;
use workflow::ports::{Clock, PortError};
use workflow::verify_audits::{VerifyAudits, VerifyReport};

/// What the function was called with; a tick of the schedule names no tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asked {
    /// The log to verify now, due or not.
    #[serde(default)]
    pub tenant: Option<TenantId>,
}

/// Why a call did nothing, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The call names no tenant as it should.
    #[error("the call is not a tick and has no readable tenant")]
    Call(#[source] serde_json::Error),
    /// A log could not be looked at.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Verifies what is due, or the log that was asked for. May run any number of times.
///
/// # Errors
/// When a log could not be looked at, after all others were tried. A broken log is no error: it was alerted.
pub async fn handle(
    verify: &VerifyAudits,
    clock: &dyn Clock,
    stage: &str,
    (payload, slice_ends_at): (serde_json::Value, Timestamp),
) -> Result<VerifyReport, VerifyError> {
    let asked: Asked = serde_json::from_value(payload).map_err(VerifyError::Call)?;
    let report = match &asked.tenant {
        Some(tenant) => verify.run_now(tenant, slice_ends_at).await?,
        None => verify.run_due(slice_ends_at).await?,
    };
    let VerifyReport { held, broken, left, checked, evidence } = report;
    tracing::info!(held, broken, left, checked, evidence, "logs were verified");
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
    Metric::at(clock.now())
        .by("Stage", stage)
        .value("AuditLogsVerified", Unit::Count, held as f64)
        .value("AuditLogsUnverified", Unit::Count, left as f64)
        .emit();
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::Asked;

    fn asked(text: &str) -> Asked {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_tick_names_nobody_and_a_call_names_a_tenant() {
        assert_eq!(asked(include_str!("../events/tick.json")).tenant, None);
        assert_eq!(asked(include_str!("../events/call.json")).tenant, Some("sample".parse().unwrap()));
        assert!(serde_json::from_str::<Asked>(r#"{"tenant": "a#b"}"#).is_err());
    }
}
