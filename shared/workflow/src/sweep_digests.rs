//! Sends officers what is due this week. Needs no queue and no key: the settings are readable without one.
//!
//! The mail service has no idempotency: a crash between sending and committing sends again once the lease is over.

use std::sync::Arc;

use domain::event::Action;
use domain::ids::OpNonce;
use domain::job::Job;
use domain::key::TenantKey;
use domain::notice::{NoticeName, NoticeSettings};
use domain::record::{DIGEST_SHARD, Record};
use domain::transition::{Cause, TransitionBuilder};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::notice::{Addressee, DigestLine, Moment, Notice, Style, mail};
use crate::ports::{Clock, CommitError, Entropy, JobFilter, JobStore, Mailer, PortError, PortErrorKind};
use crate::step_error::StepError;

/// Tenants looked at in one run.
const PER_RUN: usize = 100;
/// How long a run has a digest for itself.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// How far ahead a digest looks.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Requests named in one digest.
const MOST_LINES: usize = 200;
/// Jobs of a page.
const PAGE: usize = 200;

/// Sends digests.
pub struct SweepDigests {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// The mail service.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
}

impl SweepDigests {
    /// Sends every digest that is due; gives how many. One tenant failing doesn't stop the others.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub async fn run(&self) -> Result<u64, PortError> {
        let now = self.clock.now();
        let mut sent = 0;
        let mut failure = None;
        for entry in self.store.due(DIGEST_SHARD, now, PER_RUN).await? {
            match self.send(&entry.key, now).await {
                Ok(was_due) => sent += u64::from(was_due),
                Err(error) => {
                    tracing::error!(%error, alert = "digest", "a digest was not sent; it is tried again");
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(sent), Err)
    }

    async fn send(&self, key: &TenantKey, now: Timestamp) -> Result<bool, PortError> {
        let found = self.store.load(std::slice::from_ref(key)).await?;
        let Some(settings) = found.into_iter().flatten().find_map(Record::into_notices) else { return Ok(false) };
        if settings.next_look_at().is_none_or(|at| at > now) {
            return Ok(false);
        }
        let leased = NoticeSettings { digest_lease_until: Some(now + LEASE), ..(*settings).clone() };
        let Some(leased) = self.write(&settings, leased, now).await? else { return Ok(false) };
        let digest = Notice::Digest(self.lines(&leased, now).await?);
        for recipient in leased.recipients_of(NoticeName::WeeklyDigest) {
            let language = recipient.language.unwrap_or(leased.language);
            let id = format!("digest-{}-{}", now.as_second(), recipient.name);
            let style = Style { language, template: None };
            let (to, tenant) = (recipient.email.clone(), leased.tenant.clone());
            let addressee = Addressee { to, notice_id: id, tenant, receiver: format!("staff:{}", recipient.name) };
            let mail = mail(&digest, style, addressee).map_err(|error| unwritten(&error))?;
            match self.mailer.send(&mail).await {
                Ok(()) => {}
                // The address is refused for good: the others are told all the same.
                Err(error) if error.kind == PortErrorKind::Denied => {
                    tracing::error!(%error, to = recipient.name, alert = "notice_undelivered", "a digest was refused");
                }
                Err(error) => return Err(error),
            }
        }
        self.write(&leased, leased.clone().with_next_digest(now, &self.timezone), now).await?;
        Ok(true)
    }

    /// Writes the next version; `None` if somebody else was first.
    async fn write(
        &self,
        before: &NoticeSettings,
        after: NoticeSettings,
        now: Timestamp,
    ) -> Result<Option<NoticeSettings>, PortError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = Cause::worker(now).because("the weekly digest");
        let mut builder = TransitionBuilder::new(&before.tenant, nonce.clone(), cause, self.entropy.bytes());
        builder.write_notices(Some(before), after.clone(), Action::Execute);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(Some(NoticeSettings { version: before.version + 1, op_nonce: nonce, ..after })),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(None),
            Err(CommitError::Port(error)) => Err(error),
        }
    }

    /// Open requests that are due within a week or late, the most urgent first.
    async fn lines(&self, settings: &NoticeSettings, now: Timestamp) -> Result<Vec<DigestLine>, PortError> {
        let filter = JobFilter { due_before: Some(now + AHEAD), ..JobFilter::default() };
        let mut due: Vec<Job> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.list_jobs(&settings.tenant, &filter, after.as_deref(), PAGE).await?;
            due.extend(page.jobs.into_iter().filter(Job::is_open));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        due.sort_by_key(|job| job.due_at);
        Ok(due.iter().take(MOST_LINES).map(|job| line(job, &self.timezone, now)).collect())
    }
}

fn line(job: &Job, timezone: &TimeZone, now: Timestamp) -> DigestLine {
    DigestLine {
        job: job.id.to_string(),
        request_type: job.request_type,
        regime: job.regime,
        due_on: Moment::of(job.due_at, timezone),
        is_late: job.due_at <= now && !job.paused,
    }
}

fn unwritten(error: &StepError) -> PortError {
    tracing::error!(%error, "a digest can't be written");
    PortError::new(PortErrorKind::Corrupt, "write digest")
}
