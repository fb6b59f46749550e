//! Whose an expired row is, by the same keyed hashes that erasure and legal holds use, and whether a hold covers it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::{SubjectField, is_organization};
use domain::datum::Datum;
use domain::hold::{Hold, HoldScope, HoldStatus};
use domain::key::Partition;
use domain::record::Record;
use domain::request::{Alias, IdentityKind};

use super::{SweepRetention, Unit};
use crate::corrected_identity::also_known;
use crate::keyring::TenantSecrets;
use crate::ports::{Cursor, PortError, SourceLookup};

/// Values of one look for the people behind rows.
const VALUES_AT_ONCE: usize = 100;

/// The legal holds of a tenant that are not released; one that is pending counts already.
#[derive(Default)]
pub(super) struct Holding {
    everybody: bool,
    aliases: BTreeSet<Alias>,
}

impl Holding {
    fn covers(&self, aliases: &BTreeSet<Alias>) -> bool {
        !self.aliases.is_disjoint(aliases)
    }
}

impl SweepRetention {
    /// The holds as they are now.
    pub(super) async fn holding(&self, unit: &Unit<'_>) -> Result<Holding, PortError> {
        let found = self.store.query(unit.tenant, &Partition::Tenant, Hold::PREFIX).await?;
        let mut holding = Holding::default();
        for hold in found.into_iter().filter_map(Record::into_hold) {
            match (hold.status, hold.scope) {
                (HoldStatus::Released, _) => {}
                (HoldStatus::Pending | HoldStatus::Effective, HoldScope::Tenant) => holding.everybody = true,
                (HoldStatus::Pending | HoldStatus::Effective, HoldScope::Organization { alias, .. }) => {
                    holding.aliases.insert(alias);
                }
                (HoldStatus::Pending | HoldStatus::Effective, HoldScope::Subject { aliases }) => {
                    holding.aliases.extend(aliases);
                }
            }
        }
        if !holding.aliases.is_empty() {
            let other = also_known(self.store.as_ref(), unit.tenant, holding.aliases.iter()).await?;
            holding.aliases.extend(other.aliases);
        }
        Ok(holding)
    }

    /// Which of the rows a hold covers, in their order.
    ///
    /// A row whose person can't be found any more is kept while anybody is under hold: nobody can say it is not theirs.
    pub(super) async fn held(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        holding: &Holding,
        rows: &[&Datum],
    ) -> Result<Vec<bool>, PortError> {
        if holding.everybody || holding.aliases.is_empty() || rows.is_empty() {
            return Ok(vec![holding.everybody; rows.len()]);
        }
        let fields: Vec<SubjectField<'_>> = unit.map.subjects(unit.index).collect();
        let mut parents: BTreeMap<(usize, String), BTreeMap<Datum, BTreeSet<Alias>>> = BTreeMap::new();
        for field in &fields {
            let Some((collection, key)) = field.parent else { continue };
            let values: BTreeSet<Datum> = rows.iter().flat_map(|row| values(row, field.path)).collect();
            let found = self.people(unit, secrets, (collection, key), values.into_iter().collect()).await?;
            parents.entry((collection, key.to_owned())).or_default().extend(found);
        }
        let is_held = |row: &&Datum| {
            let mut aliases = organizations(unit, secrets, unit.index, row);
            let mut is_unknown = false;
            for field in &fields {
                for value in values(row, field.path) {
                    aliases.insert(secrets.alias_of_value(&field.kind, &value));
                    let Some((collection, key)) = field.parent else { continue };
                    match parents.get(&(collection, key.to_owned())).and_then(|known| known.get(&value)) {
                        Some(known) => aliases.extend(known.iter().cloned()),
                        None => is_unknown = true,
                    }
                }
            }
            is_unknown || holding.covers(&aliases)
        };
        Ok(rows.iter().map(is_held).collect())
    }

    /// The identities on record of the people that keys point at.
    async fn people(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        (collection, key): (usize, &str),
        wanted: Vec<Datum>,
    ) -> Result<BTreeMap<Datum, BTreeSet<Alias>>, PortError> {
        let Some(it) = unit.map.collections.get(collection) else { return Ok(BTreeMap::new()) };
        let identities: Vec<(&str, &str)> =
            it.fields.iter().filter_map(|field| Some((field.path.as_str(), field.identity.as_deref()?))).collect();
        let mut projection: Vec<String> = identities.iter().map(|(path, _)| (*path).to_owned()).collect();
        projection.push(key.to_owned());
        let mut people: BTreeMap<Datum, BTreeSet<Alias>> = BTreeMap::new();
        for some in wanted.chunks(VALUES_AT_ONCE) {
            let (tenant, map) = (unit.tenant.clone(), Arc::clone(unit.map));
            let lookup = SourceLookup { tenant, map, collection, field: key.to_owned(), values: some.to_vec() };
            let mut after: Option<Cursor> = None;
            loop {
                let page = self.connector.locate(&lookup, &projection, after.as_ref()).await?;
                for row in &page.rows {
                    let mut aliases = organizations(unit, secrets, collection, row);
                    for (path, kind) in identities.iter().filter(|(_, kind)| !is_organization(kind)) {
                        aliases.extend(values(row, path).iter().map(|value| secrets.alias_of_value(kind, value)));
                    }
                    for value in values(row, key) {
                        people.entry(value).or_default().extend(aliases.iter().cloned());
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(people)
    }

    /// The alias whose key an archived row is sealed under; `None` where the row names nobody.
    pub(super) fn owner(unit: &Unit<'_>, secrets: &TenantSecrets, row: &Datum) -> Option<Alias> {
        let fields = unit.map.subjects(unit.index);
        let mut named =
            fields.flat_map(|field| values(row, field.path).into_iter().map(move |it| (field.kind.clone(), it)));
        named.next().map(|(kind, value)| secrets.alias_of_value(&kind, &value))
    }
}

/// The values of a field that name anybody, canonical.
fn values(row: &Datum, path: &str) -> Vec<Datum> {
    let leads = |value: &&Datum| match value {
        Datum::Null | Datum::List(_) | Datum::Map(_) => false,
        Datum::Text(text) => !text.trim().is_empty(),
        Datum::Bytes(bytes) => !bytes.is_empty(),
        Datum::Bool(_) | Datum::Number(_) => true,
    };
    row.values_at(path).into_iter().filter(leads).map(|value| datamap::canonical(value).into_owned()).collect()
}

/// The organisations that a row names, as their holds are known.
fn organizations(unit: &Unit<'_>, secrets: &TenantSecrets, collection: usize, row: &Datum) -> BTreeSet<Alias> {
    let Some(it) = unit.map.collections.get(collection) else { return BTreeSet::new() };
    let named = it.fields.iter().filter(|field| field.identity.as_deref().is_some_and(is_organization));
    let own = it.retention.as_ref().and_then(|retention| retention.organization_field.as_deref());
    let paths: BTreeSet<&str> = named.map(|field| field.path.as_str()).chain(own).collect();
    let kind = IdentityKind::OrganizationId.as_str();
    paths.into_iter().flat_map(|path| values(row, path)).map(|id| secrets.alias_of_value(kind, &id)).collect()
}
