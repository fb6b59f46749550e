//! Verifies the logs of all tenants, each once a week and whenever asked; keeps what was found as evidence and says at once what is broken.
//!
//! The newest result of a tenant is the position that is saved: a run that is cut short goes on with whoever is due next.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::TenantId;
use jiff::{SignedDuration, Timestamp};

use crate::evidence::{CollectEvidence, Collected};
use crate::ports::{
    AuditFeed, Clock, EvidenceStore, IntegrityAlerts, Marked, PortError, PortErrorKind, SEAL_SHARDS, Unsealed,
};
use crate::verify_log::{Depth, Verification, VerifyLog};

/// A log that held is looked at again after this (R-AUD-4).
const DUE_AFTER: SignedDuration = SignedDuration::from_hours(24 * 7 - 1);
/// How long a result counts for whoever looks at evidence (V8).
pub const RESULT_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Logs looked at in one run.
const LOGS: usize = 10_000;
/// Entries looked at per shard for logs with a batch that nobody finished.
const PER_SHARD: usize = 4_000;
/// Every log beats within the hour: this is after all of them.
const ALL_HEARTBEATS: SignedDuration = SignedDuration::from_hours(24 * 365);

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Logs that hold.
    pub held: u64,
    /// Logs that are broken.
    pub broken: u64,
    /// Logs that were due and not, or not wholly, looked at.
    pub left: u64,
    /// Events compared.
    pub checked: u64,
    /// Pieces of evidence collected.
    pub evidence: u64,
}

/// Verifies logs when they are due.
pub struct VerifyAudits {
    // Dependencies.
    /// Verifies one.
    pub verify: VerifyLog,
    /// Knows the logs.
    pub feed: Arc<dyn AuditFeed>,
    /// Where results are kept.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Whoever must hear of a break.
    pub alerts: Arc<dyn IntegrityAlerts>,
    /// Evidence that is collected with each verification.
    pub collect: CollectEvidence,
    /// The time.
    pub clock: Arc<dyn Clock>,
    // Configuration.
    /// How long results stay.
    pub keep_days: i64,
}

/// Where the results of a tenant are kept, newest version on top.
#[must_use]
pub fn result_name(tenant: &TenantId) -> String {
    format!("verifications/{tenant}")
}

/// The newest result of a tenant, if there is one.
///
/// # Errors
/// When the store fails, or what is there is no result.
pub async fn newest_result(
    evidence: &dyn EvidenceStore,
    tenant: &TenantId,
) -> Result<Option<(Verification, String)>, PortError> {
    let Some(Marked { bytes, mark }) = evidence.read(&result_name(tenant)).await? else { return Ok(None) };
    let unreadable = |cause| PortError::caused(PortErrorKind::Corrupt, "read a verification", cause);
    Ok(Some((serde_json::from_slice(&bytes).map_err(unreadable)?, mark)))
}

impl VerifyAudits {
    /// Verifies what is due until the slice ends. One log failing doesn't stop the others.
    ///
    /// # Errors
    /// The first log that could not be looked at, after all were tried; what is broken is no error but an alert.
    pub async fn run_due(&self, ends_at: Timestamp) -> Result<VerifyReport, PortError> {
        let (mut report, mut failure) = (VerifyReport::default(), None);
        for tenant in self.logs().await? {
            match self.is_due(&tenant).await {
                Ok(false) => continue,
                Ok(true) if self.clock.now() >= ends_at => report.left += 1,
                Ok(true) => {
                    if let Err(error) = self.one(&tenant, ends_at, &mut report).await {
                        tracing::error!(error = %error, tenant = %tenant, "a log was not verified");
                        report.left += 1;
                        failure.get_or_insert(error);
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, tenant = %tenant, "a verification can't be read");
                    report.left += 1;
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(report), Err)
    }

    /// Verifies one log now, due or not.
    ///
    /// # Errors
    /// When it could not be looked at.
    pub async fn run_now(&self, tenant: &TenantId, ends_at: Timestamp) -> Result<VerifyReport, PortError> {
        let mut report = VerifyReport::default();
        self.one(tenant, ends_at, &mut report).await?;
        Ok(report)
    }

    async fn logs(&self) -> Result<BTreeSet<TenantId>, PortError> {
        let quiet = self.feed.heartbeats_due(self.clock.now() + ALL_HEARTBEATS, LOGS).await?;
        let mut logs: BTreeSet<TenantId> = quiet.into_iter().collect();
        for shard in 0..SEAL_SHARDS {
            let entries = self.feed.unsealed(shard, PER_SHARD).await?;
            logs.extend(entries.iter().map(Unsealed::tenant).cloned());
        }
        Ok(logs)
    }

    async fn is_due(&self, tenant: &TenantId) -> Result<bool, PortError> {
        let newest = newest_result(self.evidence.as_ref(), tenant).await?;
        Ok(newest.is_none_or(|(it, _)| !it.finished || self.clock.now().duration_since(it.at) >= DUE_AFTER))
    }

    async fn one(&self, tenant: &TenantId, ends_at: Timestamp, report: &mut VerifyReport) -> Result<(), PortError> {
        let before = newest_result(self.evidence.as_ref(), tenant).await?;
        let held = before.as_ref().filter(|(it, _)| it.ok).map(|(it, _)| it.checkpoint.clone());
        let depth = Depth { known: held, with_table: true, ends_at: Some(ends_at) };
        let Some(found) = self.verify.run(tenant, &depth).await? else { return Ok(()) };
        report.checked += found.checked;
        match &found.broken_at {
            Some(place) => {
                report.broken += 1;
                self.alerts.broken(tenant, place);
            }
            None if found.finished => report.held += 1,
            None => {
                report.left += 1;
                tracing::error!(tenant = %tenant, checked = found.checked, "a log was not verified within its time");
            }
        }
        // Before the result is kept: until both are there the log is due again.
        let collected =
            if found.finished { self.collect.collect(&found, self.clock.now()).await? } else { Collected::default() };
        report.evidence += collected.new;
        if found.finished {
            self.end_outlived(tenant, ends_at).await;
        }
        self.keep(&found, before.map(|(_, mark)| mark)).await
    }

    /// What is left stays for the next week: the result of a verification does not wait for it.
    async fn end_outlived(&self, tenant: &TenantId, ends_at: Timestamp) {
        let is_over = || self.clock.now() >= ends_at;
        match self.collect.end_outlived(tenant, self.clock.now(), is_over).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(tenant = %tenant, ended, "evidence has outlived its lock and is gone"),
            Err(error) => {
                tracing::error!(error = %error, tenant = %tenant, "evidence that has outlived its lock stays");
            }
        }
    }

    /// Keeps a result; somebody who verified at the same time may have kept theirs.
    async fn keep(&self, found: &Verification, mark: Option<String>) -> Result<(), PortError> {
        let unwritable = |cause| PortError::caused(PortErrorKind::Corrupt, "write a verification", cause);
        let bytes = serde_json::to_vec(found).map_err(unwritable)?;
        let (name, keep_until) =
            (result_name(&found.tenant), found.at + SignedDuration::from_hours(24 * self.keep_days));
        match mark {
            None => self.evidence.put_new(&name, bytes, keep_until).await?,
            Some(mark) => self.evidence.replace(&name, bytes, &mark, keep_until).await?,
        };
        Ok(())
    }
}
