//! Leaves out the rows of people whose data is kept and not used (GDPR Art. 18(2)).

use std::collections::BTreeSet;

use domain::datum::Datum;
use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::Record;
use domain::request::Alias;
use domain::restriction::{jobs_behind, list_guards};

use super::Anonymization;
use super::source::Found;
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::{JobStore, PortError};
use crate::refusal::Refusal;
use crate::whose_row::Telling;

/// Items of one read of the store.
const AT_ONCE: usize = 100;

impl Anonymization {
    /// The rows of everybody else.
    pub(super) async fn unrestricted(
        &self,
        caller: &Caller,
        found: &Found,
        mut rows: Vec<Datum>,
    ) -> Result<Vec<Datum>, Refusal> {
        let restricted = restricted(self.store.as_ref(), &caller.principal.tenant).await?;
        if !restricted.is_empty() {
            let secrets = self.secrets(caller, self.clock.now()).await?;
            let (map, position) = found.place();
            keep_others(&mut rows, &Telling::of(map, position), &secrets, &restricted);
        }
        Ok(rows)
    }
}

/// Takes out the rows that tell that they are of somebody who is restricted.
pub(crate) fn keep_others(
    rows: &mut Vec<Datum>,
    telling: &Telling,
    secrets: &TenantSecrets,
    restricted: &BTreeSet<Alias>,
) {
    let is_theirs = |row: &Datum| {
        let told = telling.told(row);
        told.iter().any(|told| restricted.contains(&secrets.alias_of_value(told.kind, &told.value)))
    };
    rows.retain(|row| restricted.is_empty() || !is_theirs(row));
}

/// Every alias of everybody who is restricted.
pub(crate) async fn restricted(store: &dyn JobStore, tenant: &TenantId) -> Result<BTreeSet<Alias>, PortError> {
    let lists = store.load(&list_guards(tenant)).await?;
    let jobs = lists.iter().flatten().filter_map(Record::as_guard).flat_map(jobs_behind);
    let keys: Vec<TenantKey> = jobs.map(|job| TenantKey::job(tenant, &job)).collect();
    let mut aliases = BTreeSet::new();
    for keys in keys.chunks(AT_ONCE) {
        for job in store.load(keys).await?.into_iter().flatten().filter_map(Record::into_job) {
            aliases.extend(job.restriction.filter(|it| it.stands()).into_iter().flat_map(|it| it.aliases));
        }
    }
    Ok(aliases)
}
