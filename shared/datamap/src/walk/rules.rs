//! Whose rows a lookup finds, and what a walk needs of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::datum::Datum;

use crate::FieldPath;
use crate::graph::Scope;
use crate::model::{Collection, DataMap, Source};
use crate::taxonomy::is_organization;
use crate::value::{cast, values_at};

/// The primary key of a row; none if a part is missing.
pub(super) fn key_of(collection: &Collection, row: &Datum) -> Option<(String, Datum)> {
    let names: Vec<&str> = collection.primary_key().map(|field| field.path.as_str()).collect();
    let mut values = Vec::new();
    for name in &names {
        let before = values.len();
        values_at(row, name, &mut |value| values.push(cast(value, None)));
        if values.len() != before + 1 {
            return None;
        }
    }
    let value = if values.len() > 1 { Datum::List(values) } else { values.pop()? };
    Some((format!("{}.{}", collection.id(), names.join("+")), value))
}

/// The sole key field that a walk calls by this name, as in [`key_of`].
pub(super) fn key_called(map: &DataMap, name: &str) -> Option<(usize, usize)> {
    map.collections.iter().enumerate().filter(|(_, collection)| !collection.skip).find_map(|(position, collection)| {
        let path = name.strip_prefix(&collection.id())?.strip_prefix('.')?;
        let mut key = collection.primary_key();
        let sole = key.next().filter(|_| key.next().is_none())?;
        (sole.path == path).then_some((position, collection.field(path)?))
    })
}

pub(super) fn of_scope(kind: &str, scope: Scope) -> bool {
    is_organization(kind) == (scope == Scope::Organization)
}

/// Whether rows found by this field are the subject's own, so that the identities in them are the subject's.
pub(super) fn is_own(collection: &Collection, path: &str, scope: Scope) -> bool {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in collection.fields.iter().filter_map(|field| field.identity.as_deref()) {
        *kinds.entry(kind).or_default() += 1;
    }
    if kinds.values().any(|count| *count > 1) {
        return false;
    }
    let mut key = collection.primary_key();
    let sole_key = key.next().is_some_and(|field| field.path == path) && key.next().is_none();
    let identity = collection.field(path).and_then(|index| collection.fields.get(index)?.identity.as_deref());
    sole_key || identity.is_some_and(|kind| of_scope(kind, scope))
}

/// Whether rows found by this field can teach the walk anything.
pub(super) fn leads_on(map: &DataMap, scope: Scope, index: usize, field: usize) -> bool {
    if map.flows.iter().any(|flow| flow.from == index && flow.is_open(scope)) {
        return true;
    }
    let Some(collection) = map.collections.get(index) else {
        return false;
    };
    let Some(path) = collection.fields.get(field).map(|field| field.path.as_str()) else {
        return false;
    };
    let kinds =
        collection.fields.iter().filter(|field| field.identity.as_deref().is_some_and(|kind| of_scope(kind, scope)));
    // A person's own rows also tell the organisations, whose legal holds count for the person.
    let teaches = |kind: &str| scope == Scope::Person || of_scope(kind, scope);
    let others = collection.fields.iter().any(|it| it.path != path && it.identity.as_deref().is_some_and(teaches));
    // The key of a row with an identity is worth one more keyed read, not one more pass over every object.
    let keyed = kinds.count() > 0 && matches!(collection.source, Source::DynamoDb { .. });
    is_own(collection, path, scope) && (others || keyed)
}

/// The fields a wave needs: what leads on, what identifies the row, what the lookup and the tenant check compare.
pub(super) fn projection(map: &DataMap, index: usize, collection: &Collection, looked_up: &str) -> Vec<FieldPath> {
    let leading =
        map.flows.iter().filter(|flow| flow.from == index).filter_map(|flow| collection.fields.get(flow.from_field));
    let identifying = collection.fields.iter().filter(|field| field.identity.is_some() || field.primary_key);
    let tenant = map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let paths = leading.chain(identifying).map(|field| field.path.as_str()).chain([looked_up]).chain(tenant);
    paths.map(str::to_owned).collect::<BTreeSet<FieldPath>>().into_iter().collect()
}
