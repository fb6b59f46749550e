//! Nested fields to flat ones: one entry per leaf, in the order of the map.

use std::collections::BTreeSet;

use crate::finding::{Located, Place, Report};
use crate::manifest::dataset::{RawField, RawReference};
use crate::model::Field;

/// The leaves of a collection.
#[derive(Default)]
pub(crate) struct Flat<'a> {
    pub(crate) fields: Vec<Field>,
    pub(crate) places: Vec<Place>,
    pub(crate) references: Vec<(usize, &'a RawReference)>,
    pub(crate) objects: BTreeSet<String>,
}

/// The object around a field.
struct Around<'a> {
    path: String,
    shape: String,
    array: bool,
    data_categories: &'a [Located<String>],
}

/// Flattens the fields of a collection.
pub(crate) fn flatten<'a>(raw: &'a [RawField], report: &mut Report) -> Flat<'a> {
    let mut flat = Flat::default();
    let around = Around { path: String::new(), shape: String::new(), array: false, data_categories: &[] };
    flat.add_all(raw, &around, report);
    flat
}

impl<'a> Flat<'a> {
    fn add_all(&mut self, fields: &'a [RawField], around: &Around<'a>, report: &mut Report) {
        let mut seen = BTreeSet::new();
        for field in fields {
            if !seen.insert(&field.name.value) {
                let message = format!("a second field `{}{}`", around.path, field.name.value);
                report.error("duplicate-field", field.name.place, message, "");
                continue;
            }
            self.add(field, around, report);
        }
    }

    fn add(&mut self, raw: &'a RawField, around: &Around<'a>, report: &mut Report) {
        let name = &raw.name.value;
        let path = format!("{}{name}", around.path);
        let shape = format!("{}{name}{}", around.shape, if raw.array { "[]" } else { "" });
        let array = around.array || raw.array;
        let own = raw.data_categories.as_slice();
        let data_categories = if own.is_empty() { around.data_categories } else { own };
        if !raw.fields.is_empty() {
            refuse_on_object(raw, &path, report);
            let inner = Around { path: format!("{path}."), shape: format!("{shape}."), array, data_categories };
            self.add_all(&raw.fields, &inner, report);
            self.objects.insert(path);
            return;
        }
        let index = self.fields.len();
        self.references.extend(raw.references.iter().map(|reference| (index, reference)));
        self.places.push(raw.name.place);
        self.fields.push(Field {
            path,
            shape,
            description: raw.description.clone(),
            data_type: raw.data_type,
            array,
            data_categories: data_categories.iter().map(|category| category.value.clone()).collect(),
            identity: raw.identity.as_ref().map(|identity| identity.value.clone()),
            primary_key: raw.primary_key.is_some(),
            references: Vec::new(),
            masking: raw.masking.clone(),
            read_only: raw.read_only,
        });
    }
}

fn refuse_on_object(raw: &RawField, path: &str, report: &mut Report) {
    let identity = raw.identity.as_ref().map(|identity| ("an identity", identity.place));
    let key = raw.primary_key.map(|place| ("a primary key", place));
    let reference = raw.references.first().map(|reference| ("a reference", reference.field.place));
    for (what, place) in [identity, key, reference].into_iter().flatten() {
        let message = format!("the object `{path}` can't carry {what}");
        report.error("object-field", place, message, "put it on one of its fields");
    }
}
