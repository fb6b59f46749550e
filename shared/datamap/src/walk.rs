//! The walk of the reference graph from one subject's identities, as a value that can be saved between waves.
//!
//! Who the rows belong to:
//! - Values travel along flows only, in their direction (see the graph's rules for references without one).
//! - Rows that a flow marks as shared are collected; nothing is followed from them.
//! - Seeds look up every field of their kind. `organization_id` makes it an organisation's walk; together with the
//!   identity of a person it is ignored, so that a person's request never collects an organisation.
//! - In a person's walk, other identities found in a row (the phone beside the e-mail) seed their kind too, but only in
//!   rows that were found by an identity or by their primary key, and never where rows belong to several people (two
//!   fields of one kind). In an organisation's walk found identities seed nothing: members may have data elsewhere.
//! - Empty texts and nulls lead nowhere.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use domain::datum::Datum;
use serde::{Deserialize, Serialize};

use crate::FieldPath;
use crate::graph::Scope;
use crate::model::{Collection, DataMap, Flow};
use crate::taxonomy::is_organization;
use crate::value::{cast, leads, values_at};

use rules::{is_own, key_called, key_of, leads_on, of_scope, projection};

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
    /// Organisations that the subject's own rows name; nothing is followed from them.
    #[serde(default)]
    organizations: BTreeSet<Datum>,
    /// Identities and keys of an organisation's people; nothing is followed from them.
    #[serde(default)]
    members: BTreeSet<(String, Datum)>,
}

/// The values with which one field of one collection is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    collection: usize,
    field: usize,
    /// Whether the rows may belong to several people.
    shared: bool,
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
    /// A walk from these identities, `(kind, value)`, or keys as [`Self::found_identities`] calls them; what the map
    /// doesn't hold leads nowhere.
    #[must_use]
    pub fn start(map: &DataMap, seeds: &[(String, Datum)]) -> Self {
        let organization = !seeds.is_empty() && seeds.iter().all(|(kind, _)| is_organization(kind));
        let mut walk = Self {
            v: 1,
            organization,
            inputs: Vec::new(),
            identities: BTreeSet::new(),
            organizations: BTreeSet::new(),
            members: BTreeSet::new(),
        };
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
            if input.shared || input.pending.is_empty() || !leads_on(map, walk_scope, input.collection, input.field) {
                continue;
            }
            let Some(collection) = map.collections.get(input.collection) else {
                continue;
            };
            let Some(field) = collection.fields.get(input.field) else {
                continue;
            };
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
        let Some(collection) = map.collections.get(lookup.collection).filter(|collection| !collection.skip) else {
            return;
        };
        let scope = self.scope();
        for flow in map.flows.iter().filter(|flow| flow.from == lookup.collection && flow.is_open(scope)) {
            let Some(from) = collection.fields.get(flow.from_field) else {
                continue;
            };
            let mut found = Vec::new();
            values_at(row, &from.path, &mut |value| found.push(value));
            for value in found {
                self.learn(map, (flow.to, flow.to_field, flow.shared), value);
            }
        }
        if is_own(collection, &lookup.field, scope) {
            self.recognise(map, collection, row);
        }
    }

    /// Every lookup that the walk came to, for collecting whole rows: by collection, then field, values sorted.
    #[must_use]
    pub fn lookups(&self, map: &DataMap) -> Vec<Lookup> {
        let mut merged: BTreeMap<(usize, usize), BTreeSet<Datum>> = BTreeMap::new();
        for input in &self.inputs {
            let values = merged.entry((input.collection, input.field)).or_default();
            values.extend(input.done.union(&input.pending).cloned());
        }
        let lookup = |((collection, field), values): ((usize, usize), BTreeSet<Datum>)| {
            let field = map.collections.get(collection)?.fields.get(field)?.path.clone();
            Some(Lookup { collection, field, values: values.into_iter().collect(), projection: Vec::new() })
        };
        merged.into_iter().filter_map(lookup).collect()
    }

    /// The subject's identities met so far, seeds included, as `(kind, value)`; the primary key of a row that carries one
    /// comes as `(dataset.collection.field, value)`, a composite key as `(dataset.collection.one+two, list)`.
    pub fn found_identities(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.identities.iter().map(|(kind, value)| (kind.as_str(), value))
    }

    /// The organisations that a person's own rows name, canonical: what is held for one of them is held here too.
    pub fn found_organizations(&self) -> impl Iterator<Item = &Datum> {
        self.organizations.iter()
    }

    /// The identities of an organisation's people and the keys of their rows, as [`Self::found_identities`] calls them.
    pub fn found_members(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.members.iter().map(|(kind, value)| (kind.as_str(), value))
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
            self.learn(map, (collection, field, false), value);
        }
        let Some((collection, field)) = key_called(map, kind) else { return };
        self.learn(map, (collection, field, false), value);
        // The row of that key may be gone and others lead to it still.
        let scope = self.scope();
        let flows: Vec<Flow> =
            map.flows.iter().filter(|flow| (flow.from, flow.from_field) == (collection, field)).copied().collect();
        for flow in flows.into_iter().filter(|flow| flow.is_open(scope)) {
            self.learn(map, (flow.to, flow.to_field, flow.shared), value);
        }
    }

    fn learn(&mut self, map: &DataMap, at: (usize, usize, bool), value: &Datum) {
        let (collection, field, shared) = at;
        let declared = map.collections.get(collection).and_then(|it| it.fields.get(field));
        let value = cast(value, declared.and_then(|field| field.data_type));
        if !leads(&value) {
            return;
        }
        let index = match self.inputs.binary_search_by_key(&at, |input| (input.collection, input.field, input.shared)) {
            Ok(index) => index,
            Err(index) => {
                let input = Input { collection, field, shared, done: BTreeSet::new(), pending: BTreeSet::new() };
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
            let Some(kind) = field.identity.as_deref().filter(|kind| of_scope(kind, scope)) else {
                continue;
            };
            values_at(row, &field.path, &mut |value| found.push((kind, value)));
        }
        match scope {
            Scope::Person => {
                found.iter().for_each(|(kind, value)| self.seed(map, kind, value));
                self.note_organizations(collection, row);
            }
            Scope::Organization => {
                let noted = found.iter().filter(|(_, value)| leads(value));
                self.identities.extend(noted.map(|(kind, value)| ((*kind).to_owned(), cast(value, None))));
                self.note_members(collection, row);
            }
        }
        if !found.is_empty() {
            self.identities.extend(key_of(collection, row));
        }
    }

    fn note_members(&mut self, collection: &Collection, row: &Datum) {
        let before = self.members.len();
        for field in &collection.fields {
            let Some(kind) = field.identity.as_deref().filter(|kind| !is_organization(kind)) else { continue };
            values_at(row, &field.path, &mut |value| {
                if leads(value) {
                    self.members.insert((kind.to_owned(), cast(value, None)));
                }
            });
        }
        if self.members.len() > before {
            self.members.extend(key_of(collection, row));
        }
    }

    fn note_organizations(&mut self, collection: &Collection, row: &Datum) {
        for field in collection.fields.iter().filter(|field| field.identity.as_deref().is_some_and(is_organization)) {
            values_at(row, &field.path, &mut |value| {
                if leads(value) {
                    self.organizations.insert(cast(value, None));
                }
            });
        }
    }
}
