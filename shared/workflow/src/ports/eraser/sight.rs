//! What of a row must still be so when it is erased, and whether anything of it is left to erase.
//!
//! One definition for every adapter. A field inside an attribute stands for the whole attribute, because that is what
//! stores compare and write.

use std::collections::BTreeSet;

use datamap::{Treatment, rewrite};
use domain::datum::Datum;
use sha2::{Digest as _, Sha256};

use super::ErasureOrder;

impl ErasureOrder {
    /// The attributes that a row's digest is of: its lookup, identity and reference fields, its tenant's field, and
    /// each field to be rewritten.
    #[must_use]
    pub fn watched(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::from([self.lookup.field.as_str()]);
        let map = &self.lookup.map;
        if let Some(collection) = map.collections.get(self.lookup.collection) {
            let tied =
                collection.fields.iter().filter(|field| field.identity.is_some() || !field.references.is_empty());
            paths.extend(tied.map(|field| field.path.as_str()));
            let here = self.lookup.collection;
            let ends = map.flows.iter().filter(|flow| flow.to == here).map(|flow| flow.to_field);
            let starts = map.flows.iter().filter(|flow| flow.from == here).map(|flow| flow.from_field);
            paths
                .extend(ends.chain(starts).filter_map(|at| collection.fields.get(at)).map(|field| field.path.as_str()));
            paths.extend(map.connection(collection).and_then(|connection| connection.tenant_field.as_deref()));
        }
        paths.extend(self.rewritten());
        paths.into_iter().map(|path| attribute(path).to_owned()).collect()
    }

    /// The attributes that are rewritten in a row that stays.
    #[must_use]
    pub fn written(&self) -> BTreeSet<String> {
        self.rewritten().map(|path| attribute(path).to_owned()).collect()
    }

    fn rewritten(&self) -> impl Iterator<Item = &str> {
        let fields = match &self.treatment {
            Treatment::Rewrite { fields, .. } => fields.as_slice(),
            Treatment::Delete | Treatment::Keep { .. } => &[],
        };
        fields.iter().map(|field| field.path.as_str())
    }

    /// The digest of what must still be so of a row; equal rows of every adapter have the same one.
    #[must_use]
    pub fn seen(&self, row: &Datum) -> String {
        let one = |name: String| {
            let value = row.get(&name).map_or(Datum::Null, settled);
            (name, value)
        };
        let watched = Datum::Map(self.watched().into_iter().map(one).collect());
        Sha256::digest(watched.to_json()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The row as it stays, if erasure keeps it but has anything to change in it.
    #[must_use]
    pub fn changed(&self, row: &Datum) -> Option<Datum> {
        let Treatment::Rewrite { fields, .. } = &self.treatment else { return None };
        let after = rewrite(row, fields, self.masker.as_ref());
        (after != *row).then_some(after)
    }

    /// Whether anything is left to erase in a row that the lookup finds.
    #[must_use]
    pub fn has_work(&self, row: &Datum) -> bool {
        match self.treatment {
            Treatment::Delete => true,
            Treatment::Rewrite { .. } => self.changed(row).is_some(),
            Treatment::Keep { .. } => false,
        }
    }
}

/// The attribute of a row that a dotted path begins with.
fn attribute(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// The value in a form that does not depend on the order of names, nor on how a number is written.
pub(crate) fn settled(value: &Datum) -> Datum {
    match value {
        Datum::List(items) => Datum::List(items.iter().map(settled).collect()),
        Datum::Map(entries) => {
            let mut entries: Vec<(String, Datum)> =
                entries.iter().map(|(name, value)| (name.clone(), settled(value))).collect();
            entries.sort();
            Datum::Map(entries)
        }
        Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => {
            datamap::canonical(value).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datamap::{FieldRewrite, Masker, Masking, Strategy};

    use super::super::super::SourceLookup;
    use super::*;

    struct Plain;

    impl Masker for Plain {
        fn lasting(&self, value: &[u8]) -> String {
            format!("{:016x}", value.len())
        }

        fn passing(&self, value: &[u8]) -> String {
            self.lasting(value)
        }
    }

    const MAP: &str = "
dataset:
  - fides_key: app
    collections:
      - name: rows
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: org, data_categories: [system.operations]}
          - {name: note, data_categories: [user.content]}
          - {name: home, fields: [{name: street, data_categories: [user.contact]}]}
connection:
  - fides_key: tables
    datasets: [app]
    connector: dynamodb
    tenant_field: org
    region: eu-central-1
    collections:
      rows: {table: rows, scan: allow}
";

    fn order(treatment: Treatment) -> ErasureOrder {
        let checked = datamap::read_strs(&[("map.yml", MAP)]);
        let map = checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings));
        let lookup = SourceLookup {
            tenant: "acme".parse().unwrap(),
            map: Arc::new(map),
            collection: 0,
            field: "email".to_owned(),
            values: Vec::new(),
        };
        ErasureOrder { lookup, treatment, masker: Arc::new(Plain), owner: None }
    }

    fn street_goes() -> Treatment {
        let masking = Masking { strategy: Strategy::NullRewrite, configuration: std::collections::BTreeMap::new() };
        Treatment::Rewrite { fields: vec![FieldRewrite { path: "home.street".to_owned(), masking }], kept: None }
    }

    fn row(json: &str) -> Datum {
        Datum::parse_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_ties_the_row_and_what_is_rewritten_is_watched() {
        let watched = |treatment| order(treatment).watched().into_iter().collect::<Vec<_>>();
        assert_eq!(watched(Treatment::Delete), ["email", "org"]);
        assert_eq!(watched(street_goes()), ["email", "home", "org"]);
    }

    #[test]
    fn a_digest_changes_with_what_is_watched_and_with_nothing_else() {
        let order = order(street_goes());
        let seen = |json| order.seen(&row(json));
        let first = seen(r#"{"email":"a","home":{"street":"s","n":1},"note":"x"}"#);
        assert_eq!(first, seen(r#"{"note":"y","home":{"n":1.0,"street":"s"},"email":"a","org":null}"#));
        assert_ne!(first, seen(r#"{"email":"b","home":{"street":"s","n":1},"note":"x"}"#));
        assert_ne!(first, seen(r#"{"email":"a","home":{"street":"t","n":1},"note":"x"}"#));
        assert_ne!(first, seen(r#"{"email":"a","home":{"street":"s","n":1},"org":"acme"}"#));
    }

    #[test]
    fn a_row_that_rewriting_leaves_alone_is_no_work() {
        let order = order(street_goes());
        assert!(order.has_work(&row(r#"{"email":"a","home":{"street":"s"}}"#)));
        assert!(!order.has_work(&row(r#"{"email":"a","home":{"street":null}}"#)));
        assert_eq!(order.changed(&row(r#"{"email":"a"}"#)), None);
    }
}
