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
use crate::ports::PortError;
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
        let tenant = &caller.principal.tenant;
        let restricted = self.restricted(tenant).await?;
        if restricted.is_empty() {
            return Ok(rows);
        }
        let secrets = self.secrets(caller, self.clock.now()).await?;
        let (map, position) = found.place();
        let telling = Telling::of(map, position);
        let is_theirs = |row: &Datum| {
            let told = telling.told(row);
            told.iter().any(|told| restricted.contains(&secrets.alias_of_value(told.kind, &told.value)))
        };
        rows.retain(|row| !is_theirs(row));
        Ok(rows)
    }

    /// Every alias of everybody who is restricted.
    async fn restricted(&self, tenant: &TenantId) -> Result<BTreeSet<Alias>, PortError> {
        let lists = self.store.load(&list_guards(tenant)).await?;
        let jobs = lists.iter().flatten().filter_map(Record::as_guard).flat_map(jobs_behind);
        let keys: Vec<TenantKey> = jobs.map(|job| TenantKey::job(tenant, &job)).collect();
        let mut aliases = BTreeSet::new();
        for keys in keys.chunks(AT_ONCE) {
            for job in self.store.load(keys).await?.into_iter().flatten().filter_map(Record::into_job) {
                aliases.extend(job.restriction.filter(|it| it.stands()).into_iter().flat_map(|it| it.aliases));
            }
        }
        Ok(aliases)
    }
}
