//! What rectification does with the rows of a collection (GDPR Art. 16): which fields become the value that is right, and
//! why others can't.
//!
//! It is a rewriting like any other, so that what finds, watches, writes and confirms an erasure does it here too.
//! Fields by which rows are found are left alone: what was kept under the old value would not be found again. Identities
//! are corrected as such, everywhere or nowhere, so that nobody is known by one value here and by another there.

use std::collections::BTreeMap;

use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::request::IdentityKind;

use crate::erasure::{Exemption, FieldRewrite, Treatment};
use crate::model::{Collection, DataMap, DataType, Field, Masking, RowFormat, Source, Strategy};
use crate::value::cast;

/// The setting that holds the value as JSON.
pub(crate) const VALUE: &str = "value";
/// The setting of corrections that also give a value to a field that has none.
pub(crate) const FILLS: &str = "fills";
/// The settings of corrections of an identity: what kind it is, and the value that alone is replaced, normalised.
pub(crate) const KIND: &str = "identity";
pub(crate) const WAS: &str = "was";

impl DataMap {
    /// What rectification does with the rows that a lookup on this field of a collection finds; `None` where the
    /// corrections name nothing in it.
    #[must_use]
    pub fn correction(&self, collection: usize, looked_up: &str, corrections: &[Correction]) -> Option<Treatment> {
        self.collections.get(collection).filter(|it| !it.skip)?;
        let named: Vec<(usize, &Field, &Correction)> = self.named(collection, corrections).collect();
        if named.is_empty() {
            return None;
        }
        if self.belongs_to_several(collection, looked_up) {
            let kept = Exemption { exemption: "belongs to several people".to_owned(), reason: None };
            return Some(Treatment::Keep { kept });
        }
        let mut kept: Option<Exemption> = None;
        let mut fields: Vec<FieldRewrite> = Vec::new();
        for (at, field, correction) in named {
            match self.obstacle(collection, at, correction) {
                None => fields.push(rewriting(field, correction)),
                Some(why) => {
                    let exemption = format!("{} stays: {why}", field.path);
                    kept.get_or_insert(Exemption { exemption, reason: None });
                }
            }
        }
        Some(match kept {
            Some(kept) if fields.is_empty() => Treatment::Keep { kept },
            kept => Treatment::Rewrite { fields, kept },
        })
    }

    /// The fields of a collection that become the value that is right, where their rows are the person's alone.
    pub fn corrected<'a>(
        &'a self,
        collection: usize,
        corrections: &'a [Correction],
    ) -> impl Iterator<Item = (&'a Field, &'a Correction)> + 'a {
        let can = move |(at, _, correction): &(usize, &Field, &Correction)| {
            self.obstacle(collection, *at, correction).is_none()
        };
        self.named(collection, corrections).filter(can).map(|(_, field, correction)| (field, correction))
    }

    /// Whether a correction can be carried out anywhere.
    ///
    /// # Errors
    /// Says why not, as the rest of a sentence; never the value.
    pub fn check_correction(&self, correction: &Correction) -> Result<(), String> {
        if let Corrected::Identity { kind, .. } = correction.of {
            return self.check_identity(kind, correction);
        }
        let mut why: Option<&'static str> = None;
        for (at, it) in self.collections.iter().enumerate().filter(|(_, it)| !it.skip) {
            for (field, ..) in named(it, std::slice::from_ref(correction)) {
                match self.obstacle(at, field, correction) {
                    None => return Ok(()),
                    Some(obstacle) => why = why.or(Some(obstacle)),
                }
            }
        }
        Err(match (why, &correction.of) {
            (Some(why), _) => format!("can't be corrected: {why}"),
            (None, Corrected::Field(_)) => "names no field of the data map, as dataset.collection.field".to_owned(),
            (None, Corrected::Category(_) | Corrected::Identity { .. }) => {
                "is the category of no field of the data map".to_owned()
            }
        })
    }

    /// An identity that stayed wrong in one place would make two people of one.
    fn check_identity(&self, kind: IdentityKind, correction: &Correction) -> Result<(), String> {
        let mut fields = self.identities(kind.as_str()).peekable();
        if fields.peek().is_none() {
            return Err("is the identity of no field of the data map".to_owned());
        }
        for (collection, at) in fields {
            if let Some(why) = self.obstacle(collection, at, correction) {
                let it = self.collections.get(collection);
                let place = it.and_then(|it| Some(format!("{}.{}", it.id(), it.fields.get(at)?.path)));
                return Err(format!("can't be corrected in {}: {why}", place.unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// The fields of a collection that corrections name: an identity's copies are those of its kind, and what is of the same
    /// category and can be corrected.
    fn named<'a>(
        &'a self,
        collection: usize,
        corrections: &'a [Correction],
    ) -> impl Iterator<Item = (usize, &'a Field, &'a Correction)> + 'a {
        let it = self.collections.get(collection);
        let copies =
            corrections.iter().filter(|one| matches!(one.of, Corrected::Identity { .. })).flat_map(move |one| {
                let fields = it.into_iter().flat_map(|it| it.fields.iter().enumerate());
                fields
                    .filter(move |(at, field)| self.is_copy(collection, *at, field, one))
                    .map(move |(at, field)| (at, field, one))
            });
        it.into_iter().flat_map(move |it| named(it, corrections)).chain(copies)
    }

    fn is_copy(&self, collection: usize, at: usize, field: &Field, correction: &Correction) -> bool {
        let Corrected::Identity { kind, .. } = correction.of else { return false };
        if field.identity.is_some() {
            return field.identity.as_deref() == Some(kind.as_str());
        }
        let of = |(collection, at): (usize, usize)| self.collections.get(collection)?.fields.get(at);
        let mut alike = self.identities(kind.as_str()).filter_map(of).flat_map(|it| &it.data_categories);
        alike.any(|category| field.data_categories.contains(category))
            && self.obstacle(collection, at, correction).is_none()
    }

    /// Why a field can't become a value; none where it can.
    fn obstacle(&self, collection: usize, at: usize, correction: &Correction) -> Option<&'static str> {
        let it = self.collections.get(collection)?;
        let field = it.fields.get(at)?;
        let indexed = match &it.source {
            Source::DynamoDb { indexes, .. } => indexes.contains_key(&field.path),
            Source::S3Objects { .. } => false,
            Source::S3Media { .. } => return Some("a medium has no fields that can be written"),
        };
        let tells_tenant = self.connection(it).and_then(|it| it.tenant_field.as_deref()) == Some(&field.path);
        let renames = matches!(correction.of, Corrected::Identity { .. });
        // What an index is asked with may change, but not its type. An address is no number.
        let is_address = matches!(correction.of, Corrected::Identity { kind: IdentityKind::Email, .. });
        let is_text = field.data_type == Some(DataType::String) || field.data_type.is_none() && is_address;
        let is_untyped = renames && indexed && !is_text;
        let ends = self.flows.iter().any(|flow| (flow.to, flow.to_field) == (collection, at));
        let tied = !field.references.is_empty() || ends;
        let starts = self.flows.iter().any(|flow| (flow.from, flow.from_field) == (collection, at));
        let reasons = [
            (field.identity.is_some() && !renames, "people are found by it: it is corrected as an identity"),
            (field.primary_key || indexed && !renames, "it is a key of its table"),
            (is_untyped, "it is the key of an index, and the data map does not say that it is a string"),
            (tied || starts, "other rows are found by it"),
            (tells_tenant, "it says whose row it is"),
            (field.read_only, "the data map says that it is only read"),
            (field.array, "it holds several values"),
            (!fits(it, field, &correction.value), "it holds values of another type"),
        ];
        reasons.into_iter().find(|(is_so, _)| *is_so).map(|(_, why)| why)
    }
}

/// The fields of a collection that corrections name, each once: a field's own correction before that of its category.
fn named<'a>(
    it: &'a Collection,
    corrections: &'a [Correction],
) -> impl Iterator<Item = (usize, &'a Field, &'a Correction)> {
    let id = it.id();
    it.fields.iter().enumerate().filter_map(move |(at, field)| {
        let path = format!("{id}.{}", field.path);
        let own = |one: &&Correction| matches!(&one.of, Corrected::Field(name) if *name == path);
        let of_category =
            |one: &&Correction| matches!(&one.of, Corrected::Category(name) if field.data_categories.contains(name));
        let found = corrections.iter().find(own).or_else(|| corrections.iter().find(of_category));
        found.map(|correction| (at, field, correction))
    })
}

fn rewriting(field: &Field, correction: &Correction) -> FieldRewrite {
    let value = String::from_utf8_lossy(&cast(&correction.value, field.data_type).to_json()).into_owned();
    let mut configuration = BTreeMap::from([(VALUE.to_owned(), value)]);
    match &correction.of {
        Corrected::Field(_) => {
            configuration.insert(FILLS.to_owned(), String::new());
        }
        Corrected::Category(_) => {}
        Corrected::Identity { kind, was } => {
            configuration.insert(KIND.to_owned(), kind.to_string());
            configuration.insert(WAS.to_owned(), was.clone());
        }
    }
    FieldRewrite { path: field.path.clone(), masking: Masking { strategy: Strategy::Correct, configuration } }
}

/// Whether a field may hold a value. The columns of Parquet have types, so there the map must say which.
fn fits(it: &Collection, field: &Field, value: &Datum) -> bool {
    let Some(declared) = field.data_type else {
        return !matches!(it.source, Source::S3Objects { format: RowFormat::Parquet, .. });
    };
    match (cast(value, Some(declared)), declared) {
        (Datum::Text(_), DataType::String | DataType::ObjectId) | (Datum::Bool(_), DataType::Boolean) => true,
        (Datum::Number(_), DataType::Float) => true,
        (Datum::Number(digits), DataType::Integer) => !digits.contains(['.', 'e', 'E']),
        (
            Datum::Null
            | Datum::Bool(_)
            | Datum::Number(_)
            | Datum::Text(_)
            | Datum::Bytes(_)
            | Datum::List(_)
            | Datum::Map(_),
            _,
        ) => false,
    }
}
