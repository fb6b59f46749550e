//! Tells an importer which people must not come back: those whose erasure left a suppression record (R-ERA-8).

use std::sync::Arc;

use domain::ids::JobId;
use domain::record::{Record, SuppressionRecord};
use domain::request::Identity;
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

/// Looks identities up in the ledger of erased people.
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
    /// Those of the identities, at most [`MOST_IDENTITIES`], whose person was erased, in the order of the question.
    ///
    /// # Errors
    /// `Forbidden` for all who may not submit requests for others.
    pub async fn check(&self, caller: &Caller, identities: &[Identity]) -> Result<Vec<Suppressed>, Refusal> {
        if !caller.principal.may(Permission::JobCreate) {
            return Err(Refusal::Forbidden { needs: vec![Permission::JobCreate] });
        }
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let key = |identity| SuppressionRecord::key_of(tenant, &secrets.alias(identity));
        let mut asked: Vec<_> = identities.iter().map(key).collect();
        let places = asked.clone();
        // The store reads a key once, however often the question names the person.
        asked.sort();
        asked.dedup();
        let found = self.store.load(&asked).await?;
        let suppressed = |(index, key): (usize, &_)| {
            let at = asked.binary_search(key).ok()?;
            match found.get(at)? {
                Some(Record::Suppression(it)) => {
                    Some(Suppressed { index, job: it.job.clone(), erased_at: it.erased_at })
                }
                Some(_) | None => None,
            }
        };
        Ok(places.iter().enumerate().filter_map(suppressed).collect())
    }
}
