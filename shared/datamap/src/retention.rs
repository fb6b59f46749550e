//! Whose an expiring row is, and what of it goes where it stays without its people.

use std::collections::BTreeMap;

use crate::erasure::is_personal;
use crate::model::{Collection, DataMap, Field, Masking, Strategy};
use crate::{FieldRewrite, is_organization};

/// A field of a row that says whose the row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectField<'a> {
    /// Its path.
    pub path: &'a str,
    /// The kind of its aliases, as erasure and holds make them.
    pub kind: String,
    /// The collection and field it points at, where it is no identity itself: identities of the person are there.
    pub parent: Option<(usize, &'a str)>,
}

impl DataMap {
    /// The fields that say whose a row of a collection is: its identities, its own key where it has one, and references
    /// to the sole key of rows that have one.
    pub fn subjects(&self, collection: usize) -> impl Iterator<Item = SubjectField<'_>> {
        let own = self.collections.get(collection);
        own.into_iter().flat_map(move |own| own.fields.iter().flat_map(move |field| self.subject_of(own, field)))
    }

    fn subject_of<'a>(&'a self, own: &'a Collection, field: &'a Field) -> Vec<SubjectField<'a>> {
        let path = field.path.as_str();
        let mut found = Vec::new();
        if let Some(kind) = field.identity.as_deref().filter(|kind| !is_organization(kind)) {
            found.push(SubjectField { path, kind: kind.to_owned(), parent: None });
        }
        if field.primary_key && own.primary_key().count() == 1 && names_a_person(own) {
            found.push(SubjectField { path, kind: key_kind(own, field), parent: None });
        }
        for reference in &field.references {
            let Some(parent) = self.collections.get(reference.collection).filter(|it| names_a_person(it)) else {
                continue;
            };
            let Some(key) = parent.fields.get(reference.field) else { continue };
            let is_sole_key = key.primary_key && parent.primary_key().count() == 1;
            if is_sole_key {
                let parent_at = Some((reference.collection, key.path.as_str()));
                found.push(SubjectField { path, kind: key_kind(parent, key), parent: parent_at });
            } else if let Some(kind) = key.identity.as_deref().filter(|kind| !is_organization(kind)) {
                found.push(SubjectField { path, kind: kind.to_owned(), parent: None });
            }
        }
        found
    }

    /// What becomes of the fields of a row that stays without its people: the map's own masking, else nothing is left.
    #[must_use]
    pub fn anonymized(&self, collection: usize) -> Vec<FieldRewrite> {
        let Some(own) = self.collections.get(collection) else { return Vec::new() };
        let time = own.retention.as_ref().map(|retention| retention.time_field.as_str());
        let fields = own.fields.iter().filter(|field| !field.primary_key && !field.read_only);
        let fields = fields.filter(|field| Some(field.path.as_str()) != time);
        let is_about_people = |field: &&Field| {
            let mut categories = field.data_categories.iter().chain(&own.data_categories);
            let points = || !self.subject_of(own, field).is_empty();
            field.identity.is_some() || categories.any(|category| is_personal(category)) || points()
        };
        fields
            .filter(is_about_people)
            .map(|field| FieldRewrite { path: field.path.clone(), masking: mask(field) })
            .collect()
    }
}

fn mask(field: &Field) -> Masking {
    let own = field.masking.clone().filter(|masking| masking.strategy != Strategy::Preserve);
    own.unwrap_or_else(|| Masking { strategy: Strategy::Delete, configuration: BTreeMap::new() })
}

/// The kind under which erasure knows the keys of a collection.
fn key_kind(collection: &Collection, key: &Field) -> String {
    format!("{}.{}", collection.id(), key.path)
}

fn names_a_person(collection: &Collection) -> bool {
    collection.fields.iter().filter_map(|field| field.identity.as_deref()).any(|kind| !is_organization(kind))
}
