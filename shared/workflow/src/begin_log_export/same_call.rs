//! Finds the export that the same call began and that still runs, so that a call that comes again begins no second one.
//!
//! Each export leaves a record in the first free of a few places that are derived from caller, period and form; records are forgotten
//! after a day. The job is made in the transaction that takes the place, so of two calls at once one finds the place taken.

use domain::ids::{JobId, OpNonce};
use domain::job::{Job, Period};
use domain::key::TenantKey;
use domain::record::{IdempotencyRecord, Record};
use domain::request::ExportFormat;
use jiff::{SignedDuration, Timestamp};

use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::JobStore;
use crate::refusal::Refusal;

/// As long as an export is to be there at the latest.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Exports by the same call that end within that time and are followed by another; one beyond them is begun without a record.
const PLACES: u8 = 32;

/// What was found for a call.
#[derive(Debug)]
pub(super) enum Found {
    /// An export that it began and that has not ended.
    Running(Box<Job>),
    /// None; the place for the record of a new one, unless all are taken.
    Nothing(Option<String>),
}

/// A call as it is told from others: who asked for what.
#[derive(Debug)]
pub(super) struct SameCall {
    scopes: Vec<String>,
}

impl SameCall {
    /// The period is the one asked for, not what is left of it today.
    pub(super) fn of(caller: &Caller, secrets: &TenantSecrets, period: Period, format: ExportFormat) -> Self {
        let (start, end) = (period.start.to_string(), period.end.to_string());
        let subject = caller.principal.subject.expose().as_bytes();
        let scope = |place: u8| {
            let parts: [&[u8]; 5] = [subject, start.as_bytes(), end.as_bytes(), format.as_str().as_bytes(), &[place]];
            secrets.digest("log export v1", &parts)
        };
        Self { scopes: (0..PLACES).map(scope).collect() }
    }

    /// Looks at all places at once.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn find(&self, store: &dyn JobStore, caller: &Caller, now: Timestamp) -> Result<Found, Refusal> {
        let tenant = &caller.principal.tenant;
        let keys: Vec<TenantKey> = self.scopes.iter().map(|it| IdempotencyRecord::key_of(tenant, it)).collect();
        let records = store.load(&keys).await?;
        let kept = |record: Option<Record>| record.filter(|record| !record.is_forgotten_by(now));
        let kept: Vec<Option<Record>> = records.into_iter().map(kept).collect();
        let free = kept.iter().position(Option::is_none).map(|place| self.scopes[place].clone());
        let jobs = kept.into_iter().flatten().filter_map(Record::into_idempotency);
        let keys: Vec<TenantKey> = jobs.map(|record| TenantKey::job(tenant, &record.job)).collect();
        if keys.is_empty() {
            return Ok(Found::Nothing(free));
        }
        let mut jobs = store.load(&keys).await?.into_iter().flatten().filter_map(Record::into_job);
        Ok(jobs.find(|job| job.is_open()).map_or(Found::Nothing(free), Found::Running))
    }
}

/// The record of an export in its place. It answers no key of a caller, so its body is nobody's.
pub(super) fn record(caller: &Caller, scope: String, (job, nonce, now): (&JobId, &OpNonce, Timestamp)) -> Record {
    Record::Idempotency(IdempotencyRecord {
        v: 1,
        tenant: caller.principal.tenant.clone(),
        scope,
        body: String::new(),
        job: job.clone(),
        op_nonce: nonce.clone(),
        expires_at: now + KEPT_FOR,
    })
}
