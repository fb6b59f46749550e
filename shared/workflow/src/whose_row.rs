//! Whose a row is, by itself: nothing else is read.
//!
//! A row is somebody's by an identity in it, by its key where it carries an identity, or by a field that leads to such a
//! key. Keys of several fields, and rows that are two steps from the person, tell nothing.

use datamap::{Collection, DataMap, is_organization};
use domain::datum::Datum;

/// The fields of a collection that tell whose a row is.
pub struct Telling(Vec<(String, String)>);

impl Telling {
    /// The telling fields of the collection at a position of the map.
    #[must_use]
    pub fn of(map: &DataMap, position: usize) -> Self {
        let Some(collection) = map.collections.get(position) else { return Self(Vec::new()) };
        let mut kinds: Vec<(String, String)> = Vec::new();
        for field in &collection.fields {
            let kind = field.identity.as_ref().filter(|kind| !is_organization(kind));
            kinds.extend(kind.map(|kind| (field.path.clone(), kind.clone())));
        }
        kinds.extend(key_of(collection).map(|(path, kind)| (path.to_owned(), kind)));
        for flow in &map.flows {
            let ends = [
                (flow.from, flow.from_field, flow.to, flow.to_field),
                (flow.to, flow.to_field, flow.from, flow.from_field),
            ];
            for (_, field, there, key) in ends.into_iter().filter(|(here, ..)| *here == position) {
                let (Some(other), Some(field)) = (map.collections.get(there), collection.fields.get(field)) else {
                    continue;
                };
                let leads_to = other.fields.get(key).map(|key| key.path.as_str());
                let kind = key_of(other).filter(|(path, _)| Some(*path) == leads_to);
                kinds.extend(kind.map(|(_, kind)| (field.path.clone(), kind)));
            }
        }
        kinds.sort();
        kinds.dedup();
        Self(kinds)
    }

    /// Whether no row of the collection tells whose it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a row tells: fields, kinds and values, these canonical, as a walk that met them knows them.
    #[must_use]
    pub fn told(&self, row: &Datum) -> Vec<Told<'_>> {
        let mut told = Vec::new();
        for (path, kind) in &self.0 {
            let values = row.values_at(path).into_iter().map(|value| datamap::canonical(value).into_owned());
            told.extend(values.map(|value| Told { path, kind, value }));
        }
        told
    }
}

/// Something that a row tells of whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// The field.
    pub path: &'a str,
    /// What its value is known by.
    pub kind: &'a str,
    /// The value.
    pub value: Datum,
}

/// The key of rows that carry a person's identity, and what it is called; none for keys of several fields.
fn key_of(collection: &Collection) -> Option<(&str, String)> {
    let mut key = collection.primary_key();
    let first = key.next().filter(|_| key.next().is_none())?;
    let is_person = |kind: &String| !is_organization(kind);
    let carries = collection.fields.iter().any(|field| field.identity.as_ref().is_some_and(is_person));
    carries.then(|| (first.path.as_str(), format!("{}.{}", collection.id(), first.path)))
}
