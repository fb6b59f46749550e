//! The frozen plan of a job: sealed objects that say what each shard reads. Values of the customer never leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::{Access, DataMap, Lookup, Source};
use domain::datum::Datum;
use domain::ids::TenantId;
use domain::step::ObjectRef;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ports::ExportStore;
use crate::sealing::{Place, SealingKey, sha256};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Values one shard looks up.
const VALUES_PER_SHARD: usize = 1_000;
/// Organisations whose policies are looked up for one job.
const MOST_ORGANIZATIONS: usize = 20;

/// What one shard reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardPlan {
    /// Version of this form.
    pub(super) v: u8,
    /// The lookups, in order; those of one collection stand together.
    pub(crate) lookups: Vec<Lookup>,
    /// Number of this shard among those of the collection, for each of its collections.
    pub(super) ordinals: BTreeMap<usize, u32>,
    /// All lookups of the collections that are reached by several fields: a row belongs to the first that finds it.
    pub(super) owners: Option<ObjectRef>,
    /// Whether the lookups are of our own records, behind the collections of the data map.
    #[serde(default)]
    pub(super) own: bool,
    /// Where it is written what bears on the request; in the first shard of a job alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bears: Option<BearsOn>,
}

/// Where it is written what a request of high risk keeps with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BearsOn {
    /// The lookups that find records of consent.
    pub(crate) consents: Vec<Lookup>,
    /// The organisations whose policies count.
    pub(crate) organizations: BTreeSet<String>,
    /// Whether there were more of either.
    pub(crate) cut: bool,
}

impl BearsOn {
    /// The lookups of consent records among those of a job, and the organisations that the person's own rows name.
    pub(super) fn of(map: &DataMap, lookups: &[Lookup], organizations: impl Iterator<Item = String>) -> Self {
        let mut bears = Self::default();
        let consents = map.consents().map(|(collection, _)| collection);
        let mut left = VALUES_PER_SHARD;
        for lookup in lookups.iter().filter(|lookup| Some(lookup.collection) == consents) {
            let values: Vec<Datum> = lookup.values.iter().take(left).cloned().collect();
            bears.cut |= values.len() < lookup.values.len();
            left -= values.len();
            bears.consents.push(Lookup { values, ..lookup.clone() });
        }
        for organization in organizations {
            bears.cut |=
                bears.organizations.len() == MOST_ORGANIZATIONS && !bears.organizations.contains(&organization);
            if bears.organizations.len() < MOST_ORGANIZATIONS {
                bears.organizations.insert(organization);
            }
        }
        bears
    }
}

/// Writes and reads sealed objects of one job.
#[derive(Clone)]
pub struct PlanStore {
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
}

impl PlanStore {
    /// The prefix of everything sealed for a job.
    #[must_use]
    pub fn prefix(tenant: &str, job: &str) -> String {
        format!("plans/{tenant}/{job}/")
    }

    /// Seals a value under the job key and stores it under a name.
    ///
    /// # Errors
    /// When key or store fail.
    pub async fn write<T: Serialize + Sync>(
        &self,
        context: &mut StepContext,
        name: &str,
        count: usize,
        value: &T,
    ) -> Result<ObjectRef, StepError> {
        let key = context.job_key().await?;
        let prefix = Self::prefix(context.job.tenant.as_str(), context.job.id.as_str());
        // The fence keeps a worker that lost its claim from replacing what its successor wrote.
        // The shard tells the plans of one erasure apart, and the shares of one plan.
        let object = format!("{prefix}{name}-{}-{}", context.step.shard, context.step.fence);
        let plain = serde_json::to_vec(value).map_err(|_| StepError::park("a plan does not serialise"))?;
        let place = Place::object(context.job.tenant.as_str(), &object);
        let sealed = key.seal_bytes(&place, &plain, context.ports.entropy.as_ref());
        self.exports.put(&object, sealed).await?;
        Ok(ObjectRef { key: object, count: u64::try_from(count).unwrap_or(u64::MAX), sha256: sha256(&plain) })
    }

    /// Reads a sealed value back; parks on anything but the bytes that were written.
    ///
    /// # Errors
    /// When key or store fail, or the object was tampered with.
    pub async fn read<T: DeserializeOwned>(
        &self,
        context: &mut StepContext,
        object: &ObjectRef,
    ) -> Result<T, StepError> {
        let key = context.job_key().await?;
        let sealed = self.exports.read(&object.key, None).await?;
        Self::open(&key, &context.job.tenant, object, &sealed).ok_or_else(|| unreadable("plan"))
    }

    /// Opens a sealed value; `None` for anything but the bytes that were written.
    pub(crate) fn open<T: DeserializeOwned>(
        key: &SealingKey,
        tenant: &TenantId,
        object: &ObjectRef,
        sealed: &[u8],
    ) -> Option<T> {
        let place = Place::object(tenant.as_str(), &object.key);
        let plain = key.open_bytes(&place, sealed).ok()?;
        if sha256(&plain) != object.sha256 {
            return None;
        }
        serde_json::from_slice(&plain).ok()
    }
}

/// Lookups of collections that are reached by more than one field.
pub(super) fn shared_collections(lookups: &[Lookup]) -> Vec<Lookup> {
    let mut inputs: BTreeMap<usize, usize> = BTreeMap::new();
    for lookup in lookups {
        *inputs.entry(lookup.collection).or_default() += 1;
    }
    lookups.iter().filter(|lookup| inputs.get(&lookup.collection).is_some_and(|count| *count > 1)).cloned().collect()
}

/// Cuts lookups into shards: one dataset each, at most a thousand values, reads of a whole table or prefix alone.
pub(super) fn cut_into_shards(map: &DataMap, lookups: &[Lookup], owners: Option<&ObjectRef>) -> Vec<ShardPlan> {
    let mut shards: Vec<ShardPlan> = Vec::new();
    let mut open: BTreeMap<&str, (Vec<Lookup>, usize)> = BTreeMap::new();
    let mut full: Vec<Vec<Lookup>> = Vec::new();
    for lookup in lookups {
        let Some(collection) = map.collections.get(lookup.collection) else { continue };
        if reads_everything(collection.access(&lookup.field)) {
            full.push(vec![lookup.clone()]);
            continue;
        }
        let (gathered, values) = open.entry(collection.dataset.as_str()).or_default();
        let mut rest = lookup.values.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(VALUES_PER_SHARD - *values));
            gathered.push(Lookup { values: now.to_vec(), ..lookup.clone() });
            *values += now.len();
            rest = later;
            if *values == VALUES_PER_SHARD {
                full.push(std::mem::take(gathered));
                *values = 0;
            }
        }
    }
    full.extend(open.into_values().map(|(gathered, _)| gathered).filter(|gathered| !gathered.is_empty()));
    let mut seen: BTreeMap<usize, u32> = BTreeMap::new();
    for lookups in full {
        shards.push(shard_of(lookups, owners, &mut seen));
    }
    shards
}

fn shard_of(lookups: Vec<Lookup>, owners: Option<&ObjectRef>, seen: &mut BTreeMap<usize, u32>) -> ShardPlan {
    let mut ordinals = BTreeMap::new();
    for lookup in &lookups {
        ordinals.entry(lookup.collection).or_insert_with(|| {
            let next = seen.entry(lookup.collection).or_default();
            let ordinal = *next;
            *next += 1;
            ordinal
        });
    }
    ShardPlan { v: 1, lookups, ordinals, owners: owners.cloned(), own: false, bears: None }
}

/// The shard of our own records; `None` where there is nothing to look up.
pub(super) fn own_shard(lookups: Vec<Lookup>) -> Option<ShardPlan> {
    let ordinals = lookups.iter().map(|lookup| (lookup.collection, 0)).collect();
    (!lookups.is_empty()).then_some(ShardPlan { v: 1, lookups, ordinals, owners: None, own: true, bears: None })
}

const fn reads_everything(access: Access<'_>) -> bool {
    match access {
        Access::Scan(_) | Access::Objects => true,
        Access::Key | Access::Index(_) | Access::KeyPrefix | Access::Refused => false,
    }
}

/// Whether a collection is wanted: media only where they were asked for.
pub(super) fn is_wanted(map: &DataMap, lookup: &Lookup, include_media: bool) -> bool {
    let Some(collection) = map.collections.get(lookup.collection) else { return false };
    let media = matches!(collection.source, Source::S3Media { .. });
    !collection.skip && !lookup.values.is_empty() && (include_media || !media)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "dataset:\n  - fides_key: a\n    name: A\n    collections:\n      - name: consents\n        fields:\n          - name: who\n            data_categories: [user.contact.email]\n            fides_meta: { primary_key: true, identity: email }\n          - name: purpose\n            data_categories: [user.privacy_preferences]\n          - name: status\n            data_categories: [user.privacy_preferences]\nconnection:\n  - fides_key: tables\n    datasets: [a]\n    connector: dynamodb\n    region: eu-central-1\n    collections:\n      consents: { table: consents, consent: { person: who, purpose: purpose, status: status } }\n";

    fn bears(values: usize, organizations: usize) -> BearsOn {
        let map = datamap::read_strs(&[("map.yml", MAP)]).map.unwrap();
        let values = (0..values).map(|number| Datum::Text(number.to_string())).collect();
        let lookup = Lookup { collection: 0, field: "who".to_owned(), values, projection: Vec::new() };
        BearsOn::of(&map, &[lookup], (0..organizations).map(|number| number.to_string()))
    }

    #[test]
    fn what_bears_on_a_request_is_bounded_and_says_so() {
        let all = bears(VALUES_PER_SHARD, MOST_ORGANIZATIONS);
        assert_eq!((all.consents[0].values.len(), all.organizations.len(), all.cut), (1_000, 20, false));
        let people = bears(VALUES_PER_SHARD + 1, 0);
        assert_eq!((people.consents[0].values.len(), people.cut), (1_000, true));
        let organizations = bears(1, MOST_ORGANIZATIONS + 1);
        assert_eq!((organizations.organizations.len(), organizations.cut), (20, true));
    }
}
