//! Leaves out the rows of people whose data is kept and not used (GDPR Art. 18(2)).
//!
//! A row is somebody's by an identity in it, by its key where it carries an identity, or by a field that leads to such a
//! key. Rows that are two steps from the person are not recognised.

use std::collections::BTreeSet;

use datamap::{Collection, DataMap};
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
        let kinds = kinds_of(map, position);
        let is_theirs = |row: &Datum| {
            kinds.iter().any(|(path, kind)| {
                let values = row.values_at(path).into_iter();
                values
                    .into_iter()
                    .any(|value| restricted.contains(&secrets.alias_of_value(kind, datamap::canonical(value).as_ref())))
            })
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

/// The fields of a collection that tell whose a row is, each with the kind that its values are known by.
fn kinds_of(map: &DataMap, position: usize) -> Vec<(String, String)> {
    let Some(collection) = map.collections.get(position) else { return Vec::new() };
    let mut kinds = Vec::new();
    for field in &collection.fields {
        kinds.extend(field.identity.iter().map(|kind| (field.path.clone(), kind.clone())));
    }
    kinds.extend(key_kind(collection).map(|(path, kind)| (path.to_owned(), kind)));
    for flow in &map.flows {
        let ends = [
            (flow.from, flow.from_field, flow.to, flow.to_field),
            (flow.to, flow.to_field, flow.from, flow.from_field),
        ];
        for (here, field, there, key) in ends {
            let other = map.collections.get(there).filter(|_| here == position);
            let (Some(other), Some(field)) = (other, collection.fields.get(field)) else { continue };
            let leads = other.fields.get(key).map(|key| key.path.as_str());
            let kind = key_kind(other).filter(|(path, _)| Some(*path) == leads);
            kinds.extend(kind.map(|(_, kind)| (field.path.clone(), kind)));
        }
    }
    kinds.sort();
    kinds.dedup();
    kinds
}

/// The key of rows that carry an identity, and what it is called; none for keys of several fields.
fn key_kind(collection: &Collection) -> Option<(&str, String)> {
    let mut key = collection.primary_key();
    let first = key.next().filter(|_| key.next().is_none())?;
    let carries = collection.fields.iter().any(|field| field.identity.is_some());
    carries.then(|| (first.path.as_str(), format!("{}.{}", collection.id(), first.path)))
}
