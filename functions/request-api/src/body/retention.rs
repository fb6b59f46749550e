//! Retention policies as they are read and written (V6).

use std::collections::BTreeMap;

use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::retention::{AskedPolicy, LastRun, PolicyView, ScheduleView, ScheduledCollection};

use super::answers::actor;
use super::schema;

/// A retention policy; a class that is not named goes back to its default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionForm {
    /// Messages, 90 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub messages_days: Option<i64>,
    /// Logs, 30 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub logs_days: Option<i64>,
    /// Metrics, 365 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub metrics_days: Option<i64>,
    /// Audit events in the query index, 730 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub audit_logs_days: Option<i64>,
    /// Runs of jobs, 90 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub job_executions_days: Option<i64>,
    /// Completed requests, 1095 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub requests_days: Option<i64>,
    /// Sessions, 30 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub sessions_days: Option<i64>,
    /// Temporary files, 7 days by default.
    #[schema(minimum = 1, maximum = 3650)]
    pub temp_files_days: Option<i64>,
    /// Evidence, 7 years by default.
    #[schema(minimum = 1, maximum = 10)]
    pub evidence_years: Option<i64>,
    /// Classes to be kept for ever, by the names of their fields; needs a justification.
    #[serde(default)]
    #[schema(schema_with = schema::retention_classes)]
    pub permanent: Vec<RetentionClass>,
    /// Why something is kept longer than the maximum.
    #[schema(min_length = 1, max_length = 2000)]
    pub justification: Option<String>,
}

impl RetentionForm {
    /// The policy that is asked for.
    #[must_use]
    pub fn asked(self) -> AskedPolicy {
        use RetentionClass as C;
        let lengths = [
            (C::Messages, self.messages_days),
            (C::Logs, self.logs_days),
            (C::Metrics, self.metrics_days),
            (C::AuditLogs, self.audit_logs_days),
            (C::JobExecutions, self.job_executions_days),
            (C::Requests, self.requests_days),
            (C::Sessions, self.sessions_days),
            (C::TempFiles, self.temp_files_days),
            (C::Evidence, self.evidence_years),
        ];
        let lengths = lengths.into_iter().filter_map(|(class, length)| Some((class, length?))).collect();
        AskedPolicy { lengths, permanent: self.permanent, justification: self.justification }
    }
}

/// The policy that counts, class by class.
#[derive(Serialize, ToSchema)]
pub struct RetentionBody {
    /// The organisation; none for what counts where nothing was set.
    pub organization_id: Option<String>,
    /// 0 where nothing was set.
    pub version: u64,
    /// Length of each class under the name of its field; none where it is kept for ever.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Option<u32>>)]
    pub lengths: BTreeMap<&'static str, Option<u32>>,
    /// Classes kept for ever.
    #[schema(value_type = Vec<String>)]
    pub permanent: Vec<&'static str>,
    /// Why something is kept longer than the maximum.
    pub justification: Option<String>,
    /// Versions, newest first.
    pub history: Vec<RetentionVersion>,
}

/// One version of a policy.
#[derive(Serialize, ToSchema)]
pub struct RetentionVersion {
    /// Its number.
    pub version: u64,
    /// When it was set.
    pub at: String,
    /// By whom, as `role:keyed hash`.
    pub by: String,
    /// Length of each class; none where it was kept for ever.
    #[schema(value_type = BTreeMap<String, Option<u32>>)]
    pub lengths: BTreeMap<&'static str, Option<u32>>,
    /// Why something was kept longer than the maximum.
    pub justification: Option<String>,
}

/// What expires when, class by class.
#[derive(Serialize, ToSchema)]
pub struct RetentionScheduleBody {
    /// The organisation; none for what counts where nothing was set.
    pub organization_id: Option<String>,
    /// When it was computed.
    pub at: String,
    /// The classes.
    pub items: Vec<RetentionScheduleItem>,
    /// When the next runs of the sweep begin.
    pub next_run_at: String,
    /// Collections whose rows expire.
    pub collections: Vec<ScheduledCollectionBody>,
    /// Mapped collections without a rule: nothing is ever taken from them.
    pub unscheduled: Vec<String>,
}

/// A collection whose rows expire.
#[derive(Serialize, ToSchema)]
pub struct ScheduledCollectionBody {
    /// `dataset.collection`.
    pub collection: String,
    /// The class, by the name of its field.
    pub class: &'static str,
    /// `delete` or `anonymize`.
    pub act: &'static str,
    /// Whether rows are archived first.
    pub archive_first: bool,
    /// Days; none where they are kept for ever.
    pub days: Option<u32>,
    /// Rows whose time is counted from before this have expired.
    pub cutoff_at: Option<String>,
    /// How what expired is found: `scan`, `index`, `rows_in_objects`, `whole_objects`.
    pub found_by: &'static str,
    /// The index that finds it, if one does.
    pub index: Option<String>,
    /// Whether the table, or each object looked at, carries the label `retention_class`; none before the first run.
    pub labelled: Option<bool>,
    /// The last run; none before the first, and none for owners.
    pub last_run: Option<LastRunBody>,
}

/// What the last run of the sweep over a collection did.
#[derive(Serialize, ToSchema)]
pub struct LastRunBody {
    /// When it began.
    pub began_at: String,
    /// `counting`, `removing`, `reported`, `beyond_cap` or `ended`.
    pub phase: &'static str,
    /// Whether nothing was to be taken away.
    pub dry_run: bool,
    /// `scanned`, `expired`, `archived`, `deleted`, `anonymized`, `held` and `failed`, in rows.
    pub counts: BTreeMap<String, u64>,
    /// Why it could not go on; the next tick tries again.
    pub error: Option<String>,
}

/// When data of one class expires.
#[derive(Serialize, ToSchema)]
pub struct RetentionScheduleItem {
    /// The class, by the name of its field.
    pub class: &'static str,
    /// Days it is kept; none for ever.
    pub days: Option<u32>,
    /// From when the days are counted.
    pub counted_from: &'static str,
    /// What is counted from before this time has expired; none where nothing expires.
    pub cutoff_at: Option<String>,
    /// Whether it is archived before it goes.
    pub archive_first: bool,
}

fn lengths(rules: &[ClassRule]) -> BTreeMap<&'static str, Option<u32>> {
    rules.iter().map(|rule| (rule.class.as_str(), length(rule))).collect()
}

const fn length(rule: &ClassRule) -> Option<u32> {
    match rule.kept {
        Kept::For(length) => Some(length),
        Kept::Permanently => None,
    }
}

impl RetentionVersion {
    fn of(policy: &RetentionPolicy) -> Self {
        Self {
            version: policy.version,
            at: policy.at.to_string(),
            by: actor(&policy.by),
            lengths: lengths(&policy.rules),
            justification: policy.justification.clone(),
        }
    }
}

impl RetentionBody {
    /// A policy as it is shown.
    #[must_use]
    pub fn of(view: &PolicyView) -> Self {
        let newest = view.versions.first();
        let permanent = view.rules.iter().filter(|rule| length(rule).is_none()).map(|rule| rule.class.as_str());
        Self {
            organization_id: view.organization_id.clone(),
            version: newest.map_or(0, |policy| policy.version),
            lengths: lengths(&view.rules),
            permanent: permanent.collect(),
            justification: newest.and_then(|policy| policy.justification.clone()),
            history: view.versions.iter().map(RetentionVersion::of).collect(),
        }
    }
}

impl RetentionScheduleBody {
    /// What expires when, by the policy that counts.
    #[must_use]
    pub fn of(schedule: &ScheduleView) -> Self {
        let view = &schedule.policy;
        let item = |rule: &ClassRule| RetentionScheduleItem {
            class: rule.class.as_str(),
            days: length(rule).map(|length| length.saturating_mul(rule.class.days_of_unit())),
            counted_from: rule.class.counted_from(),
            cutoff_at: rule.cutoff_at(view.at).map(|at| at.to_string()),
            archive_first: rule.class.archives_first(),
        };
        Self {
            organization_id: view.organization_id.clone(),
            at: view.at.to_string(),
            items: view.rules.iter().map(item).collect(),
            next_run_at: schedule.next_run_at.to_string(),
            collections: schedule.collections.iter().map(|it| ScheduledCollectionBody::of(it, view.at)).collect(),
            unscheduled: schedule.unscheduled.clone(),
        }
    }
}

impl ScheduledCollectionBody {
    fn of(it: &ScheduledCollection, at: Timestamp) -> Self {
        let class = it.rule.class;
        Self {
            collection: it.collection.clone(),
            class: class.as_str(),
            act: it.act.as_str(),
            archive_first: it.archive,
            days: length(&it.rule).map(|length| length.saturating_mul(class.days_of_unit())),
            cutoff_at: it.rule.cutoff_at(at).map(|at| at.to_string()),
            found_by: it.found_by,
            index: it.index.clone(),
            labelled: it.labelled,
            last_run: it.last_run.as_ref().map(LastRunBody::of),
        }
    }
}

impl LastRunBody {
    fn of(run: &LastRun) -> Self {
        Self {
            began_at: run.began_at.to_string(),
            phase: run.phase.as_str(),
            dry_run: run.dry_run,
            counts: run.tally.counts().into_iter().collect(),
            error: run.failed_because.clone(),
        }
    }
}
