//! How a deployment is set up, as evidence of it: what decides who is protected how. No secret, no address, no name of a resource.

use super::Settings;

impl Settings {
    /// Names and values of the settings that controls hang on.
    #[must_use]
    pub fn as_evidence(&self) -> Vec<(&'static str, String)> {
        let days = |span: jiff::SignedDuration| (span.as_hours() / 24).to_string();
        vec![
            ("HABEAS_STAGE", self.stage.as_str().to_owned()),
            ("AWS_REGION", self.region.clone()),
            ("HABEAS_EVIDENCE_LOCK_MODE", self.evidence_lock_mode.clone()),
            ("HABEAS_EVIDENCE_KEEP_DAYS", self.evidence_keep_days.to_string()),
            ("HABEAS_RETENTION_CAP_ROWS", self.retention_cap_rows.to_string()),
            ("HABEAS_RETENTION_CAP_PERCENT", self.retention_cap_percent.to_string()),
            ("HABEAS_AUDIT_ORIGIN", self.audit_origin.clone()),
            ("HABEAS_BACKUP_DAYS", days(self.backups_last)),
            ("HABEAS_ERASURE_PASS_HOURS", self.erasure_pass_hours.to_string()),
            ("HABEAS_DOWNLOAD_HOURS", self.download_for.as_hours().to_string()),
            ("HABEAS_LEASE_SECONDS", self.lease_for.as_secs().to_string()),
            ("HABEAS_MAX_OPEN_JOBS", self.max_open_jobs.to_string()),
            ("HABEAS_MAX_JOBS_PER_MONTH", self.max_jobs_per_month.to_string()),
            ("HABEAS_PRIVACY_EPSILON", self.privacy_epsilon.to_string()),
            ("HABEAS_TIMEZONE", self.timezone.clone()),
            ("HABEAS_HOLIDAY_CALENDAR", self.holiday_calendar.clone().unwrap_or_default()),
            ("GDPR_RESPONSE_DAYS", self.response_days.to_string()),
            ("GDPR_AUTOMATION_ENABLED", self.automation.to_string()),
            ("LOG_REDACT_PII", (self.redaction == crate::Redaction::On).to_string()),
        ]
    }
}
