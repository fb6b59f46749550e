//! What a request of high risk keeps with it: the person's consent records, and how long and why its data is held.
//!
//! One object sealed under the job key: it dies with the job as its plan does. A source that stays silent delays a
//! request by two tries and never stops it, since the request is owed within a month and the records are not; what is
//! missing is said in `gaps`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::{DataMap, Lookup};
use domain::datum::Datum;
use domain::key::Partition;
use domain::record::Record;
use domain::retention::{Kept, RetentionClass, RetentionPolicy};
use domain::risk::RiskGap;
use domain::step::ObjectRef;
use serde::{Deserialize, Serialize};

use crate::ports::Cursor;
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::{BearsOn, PlanStore, ShardPlan, Sources, source_lookup};

/// Claims of a step after which a silent source is done without.
const TRIES: u32 = 3;
/// Consent records that are kept.
const MOST_RECORDS: usize = 500;
/// Bytes of consent records that are kept: they are shown in one answer.
const MOST_BYTES: usize = 2_000_000;

/// What is kept beside a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBeside {
    /// Version of this form.
    pub v: u8,
    /// The person's consent records, as they were.
    pub consents: Vec<KeptConsent>,
    /// How long the data that is touched is held, and why.
    pub retention: Vec<KeptRetention>,
    /// What is missing.
    pub gaps: BTreeSet<RiskGap>,
}

/// A consent record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptConsent {
    /// `dataset.collection`.
    pub collection: String,
    /// The row.
    pub record: Datum,
}

/// How long one class of data is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptRetention {
    /// The class.
    pub class: RetentionClass,
    /// Whose policy it is; none of what counts where nobody set one.
    pub organization_id: Option<String>,
    /// For so many days; none is for ever.
    pub days: Option<u64>,
    /// Why it is held longer than usual.
    pub justification: Option<String>,
    /// The version of the policy; 0 of what counts where nobody set one.
    pub version: u64,
}

/// What a request touches, and where it is written what bears on that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    /// The collections, `dataset.collection`.
    pub(crate) collections: BTreeSet<String>,
    /// The first shard, which says where to look.
    pub(crate) first_shard: Option<ObjectRef>,
}

/// Gathers and seals what bears on a request.
pub(crate) struct Keeper<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) plans: &'a PlanStore,
}

impl Keeper<'_> {
    /// Seals what bears on a request of high risk.
    pub(crate) async fn keep(&self, context: &mut StepContext, touched: &Touched) -> Result<ObjectRef, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let mut kept = KeptBeside { v: 1, ..KeptBeside::default() };
        let bears = match &touched.first_shard {
            Some(shard) => self.plans.read::<ShardPlan>(context, shard).await?.bears,
            None => None,
        };
        let bears = bears.unwrap_or_else(|| {
            kept.gaps.insert(RiskGap::NotLocated);
            BearsOn::default()
        });
        if bears.cut {
            kept.gaps.insert(RiskGap::TooMany);
        }
        self.consents(context, &map, &bears.consents, &mut kept).await?;
        kept.retention = retention(context, &map, touched, &bears.organizations).await?;
        self.plans.write(context, "risk", kept.consents.len(), &kept).await
    }

    async fn consents(
        &self,
        context: &StepContext,
        map: &Arc<DataMap>,
        lookups: &[Lookup],
        kept: &mut KeptBeside,
    ) -> Result<(), StepError> {
        let (mut found, mut bytes) = (BTreeSet::new(), 0);
        'lookups: for lookup in lookups {
            let Some(collection) = map.collections.get(lookup.collection) else { continue };
            let source = source_lookup(&context.job, map, lookup);
            let mut cursor: Option<Cursor> = None;
            loop {
                let page = match self.sources.connector.export(&source, cursor.as_ref()).await {
                    Ok(page) => page,
                    Err(error) if error.is_transient() && context.step.attempts < TRIES => return Err(error.into()),
                    Err(error) => {
                        tracing::warn!(error = %error, "consent records are not kept with a request of high risk");
                        kept.gaps.insert(RiskGap::SourceSilent);
                        break 'lookups;
                    }
                };
                for record in page.rows {
                    bytes += record.to_json().len();
                    if found.len() == MOST_RECORDS || bytes > MOST_BYTES {
                        kept.gaps.insert(RiskGap::TooMany);
                        break 'lookups;
                    }
                    // A row that several fields lead to is one record.
                    found.insert(KeptConsent { collection: collection.id(), record });
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
                if context.time_is_short() {
                    kept.gaps.insert(RiskGap::OutOfTime);
                    break 'lookups;
                }
            }
        }
        kept.consents = found.into_iter().collect();
        Ok(())
    }
}

/// The lengths that count for the collections touched, by the policies of the organisations that the rows name.
async fn retention(
    context: &StepContext,
    map: &DataMap,
    touched: &Touched,
    organizations: &BTreeSet<String>,
) -> Result<Vec<KeptRetention>, StepError> {
    let touched = touched.collections.iter().filter_map(|id| map.collections.get(map.collection(id)?));
    let mut classes: BTreeMap<RetentionClass, bool> = BTreeMap::new();
    for retention in touched.filter_map(|collection| collection.retention.as_ref()) {
        *classes.entry(retention.class).or_default() |= retention.organization_field.is_some();
    }
    let mut policies: Vec<RetentionPolicy> = Vec::new();
    if classes.values().any(|by_organization| *by_organization) {
        for organization in organizations {
            let prefix = RetentionPolicy::prefix_of(organization);
            let found = context.ports.store.query(&context.job.tenant, &Partition::Tenant, &prefix).await?;
            let versions = found.into_iter().filter_map(Record::into_retention).map(|boxed| *boxed);
            policies.extend(versions.max_by_key(|policy| policy.version));
        }
    }
    let everybody_set_one = !organizations.is_empty() && policies.len() == organizations.len();
    let mut kept = BTreeSet::new();
    for (class, by_organization) in classes {
        let own = policies.iter().filter(|_| by_organization);
        kept.extend(own.map(|policy| of_policy(policy, class)));
        if !(by_organization && everybody_set_one) {
            kept.insert(usual(class));
        }
    }
    Ok(kept.into_iter().collect())
}

fn of_policy(policy: &RetentionPolicy, class: RetentionClass) -> KeptRetention {
    let rule = policy.rules.iter().find(|rule| rule.class == class);
    KeptRetention {
        class,
        organization_id: Some(policy.organization_id.clone()),
        days: days(class, rule.map_or(Kept::For(class.default_length()), |rule| rule.kept)),
        justification: policy.justification.clone(),
        version: policy.version,
    }
}

fn usual(class: RetentionClass) -> KeptRetention {
    let days = days(class, Kept::For(class.default_length()));
    KeptRetention { class, organization_id: None, days, justification: None, version: 0 }
}

fn days(class: RetentionClass, kept: Kept) -> Option<u64> {
    match kept {
        Kept::For(length) => Some(u64::from(length) * u64::from(class.days_of_unit())),
        Kept::Permanently => None,
    }
}
