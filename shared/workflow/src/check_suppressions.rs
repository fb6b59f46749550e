//! Tells an importer which people must not come back, since their erasure left a suppression record (R-ERA-8).
//!
//! Whoever processes data hears whose is to be kept and not used (GDPR Art. 18), or not used for direct marketing
//! (Art. 21(3)).

use std::sync::Arc;

use domain::ids::JobId;
use domain::key::TenantKey;
use domain::record::{Record, SuppressionRecord};
use domain::request::{Alias, Identity, Purpose};
use domain::restriction::{guard_of, jobs_behind, objection_guard_of};
use domain::role::Permission;
use jiff::Timestamp;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, JobStore};
use crate::refusal::Refusal;

/// Identities of one check: as many as one read of the store takes.
pub const MOST_IDENTITIES: usize = 100;

/// Somebody who was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// Place of the identity in the question.
    pub index: usize,
    /// The job that erased.
    pub job: JobId,
    /// When it was concluded.
    pub erased_at: Timestamp,
}

/// Somebody whose data is to be kept and not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restricted {
    /// Place of the identity in the question.
    pub index: usize,
    /// The first of the requests that restrict.
    pub job: JobId,
}

/// Somebody who has objected to one use of the data (GDPR Art. 21(3)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objected {
    /// Place of the identity in the question.
    pub index: usize,
    /// The first of the objections.
    pub job: JobId,
    /// The use.
    pub purpose: Purpose,
}

/// What is known of the identities of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The erased, in the order of the question.
    pub suppressed: Vec<Suppressed>,
    /// The restricted, in the order of the question.
    pub restricted: Vec<Restricted>,
    /// Those who have objected to one use, in the order of the question.
    pub objected: Vec<Objected>,
}

/// Looks identities up in the ledger of erased people, and behind the guards of restrictions.
pub struct CheckSuppressions {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// The key that aliases are hashed with.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl CheckSuppressions {
    /// Those of the identities, at most [`MOST_IDENTITIES`], whose person was erased or is restricted.
    ///
    /// # Errors
    /// `Forbidden` for all who may not submit requests for others.
    pub async fn check(&self, caller: &Caller, identities: &[Identity]) -> Result<Checked, Refusal> {
        if !caller.principal.may(Permission::JobCreate) {
            return Err(Refusal::Forbidden { needs: vec![Permission::JobCreate] });
        }
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let aliases: Vec<Alias> = identities.iter().map(|identity| secrets.alias(identity)).collect();
        let erased = self.found(&aliases, |alias| SuppressionRecord::key_of(tenant, alias)).await?;
        let suppressed = |(index, record): (usize, &Option<Record>)| match record {
            Some(Record::Suppression(it)) => Some(Suppressed { index, job: it.job.clone(), erased_at: it.erased_at }),
            Some(_) | None => None,
        };
        let guards = self.found(&aliases, |alias| guard_of(tenant, alias)).await?;
        let restricted = |(index, record): (usize, &Option<Record>)| {
            let job = jobs_behind(record.as_ref()?.as_guard()?).next()?;
            Some(Restricted { index, job })
        };
        let mut objected = Vec::new();
        for purpose in Purpose::ALL.iter().copied() {
            let guards = self.found(&aliases, |alias| objection_guard_of(tenant, purpose, alias)).await?;
            objected.extend(guards.iter().enumerate().filter_map(|(index, record)| {
                let job = jobs_behind(record.as_ref()?.as_guard()?).next()?;
                Some(Objected { index, job, purpose })
            }));
        }
        Ok(Checked {
            suppressed: erased.iter().enumerate().filter_map(suppressed).collect(),
            restricted: guards.iter().enumerate().filter_map(restricted).collect(),
            objected,
        })
    }

    /// What is stored for each alias; the store reads a key once, however often the question names the person.
    async fn found(
        &self,
        aliases: &[Alias],
        key: impl Fn(&Alias) -> TenantKey,
    ) -> Result<Vec<Option<Record>>, Refusal> {
        let places: Vec<TenantKey> = aliases.iter().map(key).collect();
        let mut asked = places.clone();
        asked.sort();
        asked.dedup();
        let found = self.store.load(&asked).await?;
        let at = |key: &TenantKey| found.get(asked.binary_search(key).ok()?)?.clone();
        Ok(places.iter().map(at).collect())
    }
}
