//! How long each class of data is kept (V6): classes, defaults, limits, and one version of an organisation's policy.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::ids::{OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::wire_enum;

/// The longest time without a justification, in days (R-RET-1).
pub const LONGEST_DAYS: u32 = 3650;

wire_enum! {
    /// A class of data with a retention of its own, by the name of its field.
    RetentionClass {
        /// Conversations and messages.
        Messages = "messages_days",
        /// Logs of the product.
        Logs = "logs_days",
        /// Metrics.
        Metrics = "metrics_days",
        /// Audit events: leave the query index, stay in the locked archive.
        AuditLogs = "audit_logs_days",
        /// Runs of jobs.
        JobExecutions = "job_executions_days",
        /// Completed requests.
        Requests = "requests_days",
        /// Sessions.
        Sessions = "sessions_days",
        /// Temporary files.
        TempFiles = "temp_files_days",
        /// Evidence of compliance, in years.
        Evidence = "evidence_years",
    }
}

impl RetentionClass {
    /// The default, in the unit of the field.
    #[must_use]
    pub const fn default_length(self) -> u32 {
        match self {
            Self::Messages | Self::JobExecutions => 90,
            Self::Logs | Self::Sessions => 30,
            Self::Metrics => 365,
            Self::AuditLogs => 730,
            Self::Requests => 1095,
            Self::TempFiles | Self::Evidence => 7,
        }
    }

    /// The longest time without a justification, in the unit of the field.
    #[must_use]
    pub const fn longest(self) -> u32 {
        match self {
            Self::Evidence => 10,
            Self::Messages
            | Self::Logs
            | Self::Metrics
            | Self::AuditLogs
            | Self::JobExecutions
            | Self::Requests
            | Self::Sessions
            | Self::TempFiles => LONGEST_DAYS,
        }
    }

    /// Days of one unit of the field.
    #[must_use]
    pub const fn days_of_unit(self) -> u32 {
        match self {
            Self::Evidence => 365,
            Self::Messages
            | Self::Logs
            | Self::Metrics
            | Self::AuditLogs
            | Self::JobExecutions
            | Self::Requests
            | Self::Sessions
            | Self::TempFiles => 1,
        }
    }

    /// Whether what expires is archived first.
    #[must_use]
    pub const fn archives_first(self) -> bool {
        matches!(self, Self::AuditLogs | Self::JobExecutions | Self::Requests | Self::Evidence)
    }

    /// From when the time is counted, in words.
    #[must_use]
    pub const fn counted_from(self) -> &'static str {
        match self {
            Self::Messages | Self::Logs | Self::Metrics | Self::TempFiles => "creation",
            Self::AuditLogs => "event time",
            Self::JobExecutions => "end of the run",
            Self::Requests => "completion; open requests never expire",
            Self::Sessions => "last use",
            Self::Evidence => "collection",
        }
    }
}

/// How long one class is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// For so long, in the unit of the class.
    #[serde(rename = "for")]
    For(u32),
    /// For ever.
    #[serde(rename = "permanently")]
    Permanently,
}

/// One class of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRule {
    /// Which.
    pub class: RetentionClass,
    /// How long.
    pub kept: Kept,
}

impl ClassRule {
    /// Whether the rule needs a written justification.
    #[must_use]
    pub const fn needs_justification(self) -> bool {
        match self.kept {
            Kept::For(length) => length > self.class.longest(),
            Kept::Permanently => true,
        }
    }

    /// What is counted from before this instant has expired at `now`; `None` where nothing expires.
    #[must_use]
    pub fn cutoff_at(self, now: Timestamp) -> Option<Timestamp> {
        let Kept::For(length) = self.kept else { return None };
        let days = i64::from(length) * i64::from(self.class.days_of_unit());
        Some(now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

/// One version of an organisation's policy; written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionPolicy {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The organisation.
    pub organization_id: String,
    /// From 1; the highest counts.
    pub version: u64,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
    /// When it was set.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why something is kept longer than usual.
    pub justification: Option<String>,
    /// Every class, in the order of the list.
    pub rules: Vec<ClassRule>,
}

impl RetentionPolicy {
    /// What the sort keys of all policies start with.
    pub const PREFIX: &str = "retention#";

    /// What counts where nothing was set.
    #[must_use]
    pub fn default_rules() -> Vec<ClassRule> {
        let rule = |class: &RetentionClass| ClassRule { class: *class, kept: Kept::For(class.default_length()) };
        RetentionClass::ALL.iter().map(rule).collect()
    }

    /// What the sort keys of an organisation's versions start with. Hexadecimal: ids of organisations hold anything.
    #[must_use]
    pub fn prefix_of(organization_id: &str) -> String {
        let digits: String = organization_id.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{digits}#", Self::PREFIX)
    }

    /// The key of this version.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        let sort = format!("{}{:06}", Self::prefix_of(&self.organization_id), self.version);
        TenantKey::new(&self.tenant, Partition::Tenant, sort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_within_limits_and_need_no_reason() {
        for rule in RetentionPolicy::default_rules() {
            assert!(!rule.needs_justification(), "{}", rule.class);
        }
    }

    #[test]
    fn one_day_more_than_the_limit_needs_a_reason() {
        let rule = |length| ClassRule { class: RetentionClass::Logs, kept: Kept::For(length) };
        assert!(!rule(3650).needs_justification());
        assert!(rule(3651).needs_justification());
        assert!(ClassRule { class: RetentionClass::Logs, kept: Kept::Permanently }.needs_justification());
    }

    #[test]
    fn evidence_counts_in_years() {
        let rule = ClassRule { class: RetentionClass::Evidence, kept: Kept::For(1) };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 400);
        assert_eq!(rule.cutoff_at(now), Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 35)));
    }
}
