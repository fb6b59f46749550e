//! The walk of the reference graph from one subject's identities, as a value that can be saved between waves.
//!
//! Who the rows belong to:
//! - Values travel along flows only, in their direction (see the graph's rules for references without one).
//! - Seeds look up every field of their kind. `organization_id` makes it an organisation's walk; together with the
//!   identity of a person it is ignored, so that a person's request never collects an organisation.
//! - In a person's walk, other identities found in a row (the phone beside the e-mail) seed their kind too, but only in
//!   rows that were found by an identity or by their primary key, and never where rows belong to several people (two
//!   fields of one kind). In an organisation's walk found identities seed nothing: members may have data elsewhere.
//! - Empty texts and nulls lead nowhere.

use std::collections::{BTreeMap, BTreeSet};

use domain::datum::Datum;
use serde::{Deserialize, Serialize};

use crate::FieldPath;
use crate::graph::Scope;
use crate::model::{Collection, DataMap, Source};
use crate::taxonomy::is_organization;
use crate::value::{cast, leads, values_at};

/// The state of one walk; the same seeds and rows give the same state, in whatever order rows were absorbed.
///
/// Save it before [`Walk::next_wave`] or after every row of that wave was absorbed: a wave that was handed out and lost
/// is not handed out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    v: u32,
    organization: bool,
    inputs: Vec<Input>,
    identities: BTreeSet<(String, Datum)>,
}

/// The values with which one field of one collection is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    collection: usize,
    field: usize,
    done: BTreeSet<Datum>,
    pending: BTreeSet<Datum>,
}

/// One question to a source: the rows of a collection whose field holds one of these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// Index into [`DataMap::collections`].
    pub collection: usize,
    /// The field compared.
    pub field: FieldPath,
    /// The values, canonical and sorted, each once.
    pub values: Vec<Datum>,
    /// The field paths needed of each row; empty is the whole row.
    pub projection: Vec<FieldPath>,
}

impl Walk {
    /// A walk from these identities, `(kind, value)`; kinds that the map doesn't hold lead nowhere.
    #[must_use]
    pub fn start(map: &DataMap, seeds: &[(String, Datum)]) -> Self {
        let organization = !seeds.is_empty() && seeds.iter().all(|(kind, _)| is_organization(kind));
        let mut walk = Self { v: 1, organization, inputs: Vec::new(), identities: BTreeSet::new() };
        for (kind, value) in seeds.iter().filter(|(kind, _)| is_organization(kind) == organization) {
            walk.seed(map, kind, value);
        }
        walk
    }

    /// The lookups to read next: only of rows that may lead on, only with values not asked before. Empty is the end.
    pub fn next_wave(&mut self, map: &DataMap) -> Vec<Lookup> {
        let mut wave = Vec::new();
        let walk_scope = self.scope();
        for input in &mut self.inputs {
            if input.pending.is_empty() || !leads_on(map, walk_scope, input.collection, input.field) {
                continue;
            }
            let Some(collection) = map.collections.get(input.collection) else { continue };
            let Some(field) = collection.fields.get(input.field) else { continue };
            let values = std::mem::take(&mut input.pending);
            input.done.extend(values.iter().cloned());
            wave.push(Lookup {
                collection: input.collection,
                field: field.path.clone(),
                values: values.into_iter().collect(),
                projection: projection(map, input.collection, collection, &field.path),
            });
        }
        wave
    }

    /// Learns from a row that a lookup of this walk found. A row that the map does not know of teaches nothing.
    pub fn absorb(&mut self, map: &DataMap, lookup: &Lookup, row: &Datum) {
        let Some(collection) = map.collections.get(lookup.collection).filter(|collection| !collection.skip) else { return };
        let scope = self.scope();
        for flow in map.flows.iter().filter(|flow| flow.from == lookup.collection && flow.is_open(scope)) {
            let Some(from) = collection.fields.get(flow.from_field) else { continue };
            let mut found = Vec::new();
            values_at(row, &from.path, &mut |value| found.push(value));
            for value in found {
                self.learn(map, flow.to, flow.to_field, value);
            }
        }
        if is_own(collection, &lookup.field, scope) {
            self.recognise(map, collection, row);
        }
    }

    /// Every lookup that the walk came to, for collecting whole rows: by collection, then field, values sorted.
    #[must_use]
    pub fn lookups(&self, map: &DataMap) -> Vec<Lookup> {
        let lookup = |input: &Input| {
            let field = map.collections.get(input.collection)?.fields.get(input.field)?;
            let values = input.done.union(&input.pending).cloned().collect();
            Some(Lookup { collection: input.collection, field: field.path.clone(), values, projection: Vec::new() })
        };
        self.inputs.iter().filter_map(lookup).collect()
    }

    /// The subject's identities met so far, seeds included, as `(kind, value)`; the primary key of a row that carries one
    /// comes as `(dataset.collection.field, value)`, a composite key as `(dataset.collection.one+two, list)`.
    pub fn found_identities(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.identities.iter().map(|(kind, value)| (kind.as_str(), value))
    }

    fn scope(&self) -> Scope {
        if self.organization { Scope::Organization } else { Scope::Person }
    }

    fn seed(&mut self, map: &DataMap, kind: &str, value: &Datum) {
        if !leads(value) || !self.identities.insert((kind.to_owned(), cast(value, None))) {
            return;
        }
        let fields: Vec<(usize, usize)> = map.identities(kind).collect();
        for (collection, field) in fields {
            self.learn(map, collection, field, value);
        }
    }

    fn learn(&mut self, map: &DataMap, collection: usize, field: usize, value: &Datum) {
        let declared = map.collections.get(collection).and_then(|it| it.fields.get(field));
        let value = cast(value, declared.and_then(|field| field.data_type));
        if !leads(&value) {
            return;
        }
        let at = (collection, field);
        let index = match self.inputs.binary_search_by_key(&at, |input| (input.collection, input.field)) {
            Ok(index) => index,
            Err(index) => {
                let input = Input { collection, field, done: BTreeSet::new(), pending: BTreeSet::new() };
                self.inputs.insert(index, input);
                index
            }
        };
        if let Some(input) = self.inputs.get_mut(index).filter(|input| !input.done.contains(&value)) {
            input.pending.insert(value);
        }
    }

    /// Notes the identities and the key of a row that is the subject's own.
    fn recognise(&mut self, map: &DataMap, collection: &Collection, row: &Datum) {
        let scope = self.scope();
        let mut found: Vec<(&str, &Datum)> = Vec::new();
        for field in &collection.fields {
            let Some(kind) = field.identity.as_deref().filter(|kind| of_scope(kind, scope)) else { continue };
            values_at(row, &field.path, &mut |value| found.push((kind, value)));
        }
        match scope {
            Scope::Person => found.iter().for_each(|(kind, value)| self.seed(map, kind, value)),
            Scope::Organization => {
                let noted = found.iter().filter(|(_, value)| leads(value));
                self.identities.extend(noted.map(|(kind, value)| ((*kind).to_owned(), cast(value, None))));
            }
        }
        if !found.is_empty() {
            self.identities.extend(key_of(collection, row));
        }
    }
}

/// The primary key of a row; none if a part is missing.
fn key_of(collection: &Collection, row: &Datum) -> Option<(String, Datum)> {
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

fn of_scope(kind: &str, scope: Scope) -> bool {
    is_organization(kind) == (scope == Scope::Organization)
}

/// Whether rows found by this field are the subject's own, so that the identities in them are the subject's.
fn is_own(collection: &Collection, path: &str, scope: Scope) -> bool {
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
fn leads_on(map: &DataMap, scope: Scope, index: usize, field: usize) -> bool {
    if map.flows.iter().any(|flow| flow.from == index && flow.is_open(scope)) {
        return true;
    }
    let Some(collection) = map.collections.get(index) else { return false };
    let Some(path) = collection.fields.get(field).map(|field| field.path.as_str()) else { return false };
    let kinds = collection.fields.iter().filter(|field| field.identity.as_deref().is_some_and(|kind| of_scope(kind, scope)));
    let others = kinds.clone().any(|field| field.path != path);
    // The key of a row with an identity is worth one more keyed read, not one more pass over every object.
    let keyed = kinds.count() > 0 && matches!(collection.source, Source::DynamoDb { .. });
    is_own(collection, path, scope) && (others || keyed)
}

/// The fields a wave needs: what leads on, what identifies the row, what the lookup and the tenant check compare.
fn projection(map: &DataMap, index: usize, collection: &Collection, looked_up: &str) -> Vec<FieldPath> {
    let leading = map.flows.iter().filter(|flow| flow.from == index).filter_map(|flow| collection.fields.get(flow.from_field));
    let identifying = collection.fields.iter().filter(|field| field.identity.is_some() || field.primary_key);
    let tenant = map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let paths = leading.chain(identifying).map(|field| field.path.as_str()).chain([looked_up]).chain(tenant);
    paths.map(str::to_owned).collect::<BTreeSet<FieldPath>>().into_iter().collect()
}
