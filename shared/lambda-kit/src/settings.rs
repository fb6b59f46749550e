//! The settings of all functions, read once from the environment (R-OPS-6). Nothing else reads it.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

pub(crate) use self::endpoint::is_loopback;
use crate::logging::Redaction;
use crate::start::StartError;

mod endpoint;
mod evidence;
mod reader;
mod stage;

use self::reader::Reader;
pub use self::stage::Stage;

/// Every setting, checked. A function uses the ones it needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `HABEAS_STAGE`.
    pub stage: Stage,
    /// `AWS_REGION`: where jobs and their data stay (R-EXP-6).
    pub region: String,
    /// `HABEAS_JOBS_TABLE`.
    pub jobs_table: String,
    /// `HABEAS_KEYRING_TABLE`.
    pub keyring_table: String,
    /// `HABEAS_EXPORTS_BUCKET`.
    pub exports_bucket: String,
    /// `HABEAS_CONFIG_BUCKET`.
    pub config_bucket: String,
    /// `HABEAS_KMS_KEY_ID`.
    pub kms_key_id: String,
    /// `HABEAS_EVIDENCE_BUCKET`: the sealer's.
    pub evidence_bucket: String,
    /// `HABEAS_EVIDENCE_LOCK_MODE`, `COMPLIANCE`: `GOVERNANCE` or `NONE` elsewhere.
    pub evidence_lock_mode: String,
    /// `HABEAS_EVIDENCE_KEEP_DAYS`, 2,557: seven years (R-AUD-5).
    pub evidence_keep_days: i64,
    /// `HABEAS_RETENTION_CAP_ROWS`, 100,000: rows one run of the retention sweep may take from one collection.
    pub retention_cap_rows: u64,
    /// `HABEAS_RETENTION_CAP_PERCENT`, 20: and their share of the collection.
    pub retention_cap_percent: u64,
    /// `HABEAS_CHECKPOINT_KEY_ID`: signs checkpoints.
    pub checkpoint_key_id: String,
    /// `HABEAS_AUDIT_ORIGIN`: what the names of all logs begin with.
    pub audit_origin: String,
    /// `HABEAS_AUDIT_RULES`: what is an anomaly, as a list in JSON; empty for the rules that come along.
    pub audit_rules: String,
    /// `HABEAS_SIEM_BUCKET`: where sealed events are written for a SIEM; empty for nowhere.
    pub siem_bucket: String,
    /// `HABEAS_EXPORT_QUEUE_URL`.
    pub export_queue_url: String,
    /// `HABEAS_ERASURE_QUEUE_URL`.
    pub erasure_queue_url: String,
    /// `HABEAS_RECEIPT_KEY_ID`: the key that signs receipts.
    pub receipt_key_id: String,
    /// `HABEAS_BACKUP_DAYS`, 35: how long backups may hold what was erased.
    pub backups_last: SignedDuration,
    /// `HABEAS_ERASURE_PASS_HOURS`, 0: grace periods end at full multiples of so many hours.
    pub erasure_pass_hours: u16,
    /// `HABEAS_NOTIFICATION_QUEUE_URL`.
    pub notification_queue_url: String,
    /// `HABEAS_STREAM_TENANT`: whose change events the masking stream takes.
    pub stream_tenant: String,
    /// `HABEAS_STREAM_TARGET`: `kinesis:NAME`, `sqs:URL` or `s3:BUCKET/PREFIX`.
    pub stream_target: String,
    /// `HABEAS_STREAM_METHOD`, `masking`: `hashing` or `redaction`.
    pub stream_method: String,
    /// `HABEAS_STREAM_PURPOSE`, `essential`: what masked events are for; each other purpose of V4 needs consent.
    pub stream_purpose: String,
    /// `HABEAS_DISCOVERY_TENANTS`: whose sources are sampled each week, by commas.
    pub discovery_tenants: Vec<String>,
    /// `HABEAS_DISCOVERY_ROWS`, 100: rows of each collection (V9).
    pub discovery_rows: i64,
    /// `HABEAS_ALERTS_TOPIC_ARN`; empty where nobody listens.
    pub alerts_topic_arn: String,
    /// `HABEAS_NOTICES_TOPIC_ARN`: where milestones are published; empty for nowhere.
    pub notices_topic_arn: String,
    /// `HABEAS_TRUSTED_ISSUERS`: JSON, read by [`crate::auth::Verifier::from_json`].
    pub trusted_issuers: String,
    /// `HABEAS_MAIL_FROM`.
    pub mail_from: String,
    /// `HABEAS_MAIL_CONFIGURATION_SET`: the service reports what becomes of mail where there is one; empty for none.
    pub mail_configuration_set: String,
    /// `HABEAS_PUBLIC_URL`: the address that mails name, without a slash at the end.
    pub public_url: String,
    /// `HABEAS_LEASE_SECONDS`, 150: time-out of the workers and 30 seconds.
    pub lease_for: SignedDuration,
    /// `HABEAS_MAX_OPEN_JOBS`, 100 (V2).
    pub max_open_jobs: i64,
    /// `HABEAS_MAX_JOBS_PER_MONTH`, 10,000 (V2).
    pub max_jobs_per_month: i64,
    /// `HABEAS_PRIVACY_EPSILON`, 10: what a tenant may spend on answers, ever (R-PII-7).
    pub privacy_epsilon: i64,
    /// `HABEAS_DOWNLOAD_HOURS`, 24 (R-EXP-4).
    pub download_for: SignedDuration,
    /// `HABEAS_TIMEZONE`, UTC: the zone in which a day ends.
    pub timezone: String,
    /// `HABEAS_HOLIDAY_CALENDAR`; empty for none.
    pub holiday_calendar: Option<String>,
    /// `GDPR_RESPONSE_DAYS`, 30: the inner target, never later than the law's date.
    pub response_days: u32,
    /// `GDPR_AUTOMATION_ENABLED`, true: off, each request waits for a person.
    pub automation: bool,
    /// `LOG_REDACT_PII`, true: off is refused in production.
    pub redaction: Redaction,
    /// `AWS_ENDPOINT_URL`, if AWS is played by something else.
    pub endpoint_url: Option<String>,
    /// `HABEAS_CLOCK_OFFSET`, 0: only where the endpoint is this machine.
    pub clock_offset: SignedDuration,
}

const KNOWN: [&str; 40] = [
    "HABEAS_STAGE",
    "HABEAS_JOBS_TABLE",
    "HABEAS_KEYRING_TABLE",
    "HABEAS_EXPORTS_BUCKET",
    "HABEAS_CONFIG_BUCKET",
    "HABEAS_KMS_KEY_ID",
    "HABEAS_EVIDENCE_BUCKET",
    "HABEAS_EVIDENCE_LOCK_MODE",
    "HABEAS_EVIDENCE_KEEP_DAYS",
    "HABEAS_RETENTION_CAP_ROWS",
    "HABEAS_RETENTION_CAP_PERCENT",
    "HABEAS_CHECKPOINT_KEY_ID",
    "HABEAS_AUDIT_ORIGIN",
    "HABEAS_AUDIT_RULES",
    "HABEAS_SIEM_BUCKET",
    "HABEAS_EXPORT_QUEUE_URL",
    "HABEAS_ERASURE_QUEUE_URL",
    "HABEAS_RECEIPT_KEY_ID",
    "HABEAS_BACKUP_DAYS",
    "HABEAS_ERASURE_PASS_HOURS",
    "HABEAS_NOTIFICATION_QUEUE_URL",
    "HABEAS_ALERTS_TOPIC_ARN",
    "HABEAS_NOTICES_TOPIC_ARN",
    "HABEAS_TRUSTED_ISSUERS",
    "HABEAS_MAIL_FROM",
    "HABEAS_MAIL_CONFIGURATION_SET",
    "HABEAS_PUBLIC_URL",
    "HABEAS_LEASE_SECONDS",
    "HABEAS_MAX_OPEN_JOBS",
    "HABEAS_MAX_JOBS_PER_MONTH",
    "HABEAS_PRIVACY_EPSILON",
    "HABEAS_DOWNLOAD_HOURS",
    "HABEAS_TIMEZONE",
    "HABEAS_HOLIDAY_CALENDAR",
    "HABEAS_STREAM_TENANT",
    "HABEAS_STREAM_TARGET",
    "HABEAS_STREAM_METHOD",
    "HABEAS_STREAM_PURPOSE",
    "HABEAS_DISCOVERY_TENANTS",
    "HABEAS_DISCOVERY_ROWS",
];
/// The first is the default.
const LOCK_MODES: [&str; 3] = ["COMPLIANCE", "GOVERNANCE", "NONE"];
/// The first is the default.
const STREAM_PURPOSES: [&str; 5] = ["essential", "analytics", "marketing", "personalization", "third_party"];
/// The first is the default.
const STREAM_METHODS: [&str; 3] = ["masking", "hashing", "redaction"];
const CLOCK_OFFSET: &str = "HABEAS_CLOCK_OFFSET";

impl Settings {
    /// Whether everything stands on this machine: a local stack.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.endpoint_url.as_deref().is_some_and(is_loopback)
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// Names every `HABEAS_*` variable that is missing, unknown or wrong.
    pub fn from_env() -> Result<Self, StartError> {
        Self::from_pairs(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Reads pairs of name and value, as the environment would hold them.
    ///
    /// # Errors
    /// Names every `HABEAS_*` variable that is missing, unknown or wrong.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, StartError> {
        let mut reader = Reader { pairs: pairs.into_iter().collect(), findings: Vec::new() };
        reader.refuse_unknown();
        let stage = reader.parsed("HABEAS_STAGE", Stage::Dev);
        let settings = Self {
            stage,
            region: reader.text_or("AWS_REGION", "us-east-1"),
            jobs_table: reader.text("HABEAS_JOBS_TABLE"),
            keyring_table: reader.text("HABEAS_KEYRING_TABLE"),
            exports_bucket: reader.text("HABEAS_EXPORTS_BUCKET"),
            config_bucket: reader.text("HABEAS_CONFIG_BUCKET"),
            kms_key_id: reader.text("HABEAS_KMS_KEY_ID"),
            evidence_bucket: reader.text_or("HABEAS_EVIDENCE_BUCKET", ""),
            evidence_lock_mode: reader.one_of("HABEAS_EVIDENCE_LOCK_MODE", LOCK_MODES),
            evidence_keep_days: reader.whole("HABEAS_EVIDENCE_KEEP_DAYS", 2_557, 1..=3_653),
            retention_cap_rows: reader.whole("HABEAS_RETENTION_CAP_ROWS", 100_000, 1..=100_000_000).unsigned_abs(),
            retention_cap_percent: reader.whole("HABEAS_RETENTION_CAP_PERCENT", 20, 1..=100).unsigned_abs(),
            checkpoint_key_id: reader.text_or("HABEAS_CHECKPOINT_KEY_ID", ""),
            audit_origin: reader.text_or("HABEAS_AUDIT_ORIGIN", "habeas/audit"),
            audit_rules: reader.text_or("HABEAS_AUDIT_RULES", ""),
            siem_bucket: reader.text_or("HABEAS_SIEM_BUCKET", ""),
            export_queue_url: reader.text("HABEAS_EXPORT_QUEUE_URL"),
            erasure_queue_url: reader.text("HABEAS_ERASURE_QUEUE_URL"),
            receipt_key_id: reader.text("HABEAS_RECEIPT_KEY_ID"),
            backups_last: SignedDuration::from_hours(24 * reader.whole("HABEAS_BACKUP_DAYS", 35, 0..=3_650)),
            erasure_pass_hours: u16::try_from(reader.whole("HABEAS_ERASURE_PASS_HOURS", 0, 0..=168)).unwrap_or(0),
            notification_queue_url: reader.text("HABEAS_NOTIFICATION_QUEUE_URL"),
            stream_tenant: reader.text_or("HABEAS_STREAM_TENANT", ""),
            stream_target: reader.text_or("HABEAS_STREAM_TARGET", ""),
            stream_method: reader.one_of("HABEAS_STREAM_METHOD", STREAM_METHODS),
            stream_purpose: reader.one_of("HABEAS_STREAM_PURPOSE", STREAM_PURPOSES),
            discovery_tenants: reader.list("HABEAS_DISCOVERY_TENANTS"),
            discovery_rows: reader.whole("HABEAS_DISCOVERY_ROWS", 100, 1..=10_000),
            alerts_topic_arn: reader.text_or("HABEAS_ALERTS_TOPIC_ARN", ""),
            notices_topic_arn: reader.text_or("HABEAS_NOTICES_TOPIC_ARN", ""),
            trusted_issuers: reader.text("HABEAS_TRUSTED_ISSUERS"),
            mail_from: reader.text("HABEAS_MAIL_FROM"),
            mail_configuration_set: reader.text_or("HABEAS_MAIL_CONFIGURATION_SET", ""),
            public_url: reader.text("HABEAS_PUBLIC_URL").trim_end_matches('/').to_owned(),
            lease_for: reader.seconds("HABEAS_LEASE_SECONDS", 150, 10..=1_800),
            max_open_jobs: reader.whole("HABEAS_MAX_OPEN_JOBS", 100, 1..=i64::MAX),
            max_jobs_per_month: reader.whole("HABEAS_MAX_JOBS_PER_MONTH", 10_000, 1..=i64::MAX),
            privacy_epsilon: reader.whole("HABEAS_PRIVACY_EPSILON", 10, 1..=1_000_000),
            download_for: SignedDuration::from_hours(reader.whole("HABEAS_DOWNLOAD_HOURS", 24, 1..=168)),
            timezone: reader.text_or("HABEAS_TIMEZONE", "UTC"),
            holiday_calendar: Some(reader.text_or("HABEAS_HOLIDAY_CALENDAR", "")).filter(|name| !name.is_empty()),
            response_days: u32::try_from(reader.whole("GDPR_RESPONSE_DAYS", 30, 1..=90)).unwrap_or(30),
            automation: reader.switch("GDPR_AUTOMATION_ENABLED"),
            redaction: reader.redaction(stage),
            endpoint_url: reader.optional("AWS_ENDPOINT_URL"),
            clock_offset: reader.clock_offset(),
        };
        if reader.findings.is_empty() { Ok(settings) } else { Err(StartError { findings: reader.findings }) }
    }
}

impl Settings {
    /// Where the controller's days begin and end.
    ///
    /// # Errors
    /// Where `HABEAS_TIMEZONE` names no time zone.
    pub fn time_zone(&self) -> Result<TimeZone, StartError> {
        let unknown = |_| StartError::because("HABEAS_TIMEZONE names no time zone that is known here");
        TimeZone::get(&self.timezone).map_err(unknown)
    }
}

impl Reader {
    fn redaction(&mut self, stage: Stage) -> Redaction {
        if self.switch("LOG_REDACT_PII") {
            return Redaction::On;
        }
        if stage == Stage::Prod {
            self.findings.push("LOG_REDACT_PII=false is not allowed where HABEAS_STAGE is prod".to_owned());
            return Redaction::On;
        }
        Redaction::Off
    }
}

#[cfg(test)]
mod tests;
