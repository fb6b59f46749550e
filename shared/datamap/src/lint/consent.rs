//! Records of consent: one collection holds them, and those of a person can be looked up.

use crate::compile::Compiled;
use crate::finding::Report;
use crate::manifest::Manifests;
use crate::model::{Access, Source};

/// Checks what a map says of consent.
pub(super) fn check(manifests: &Manifests, compiled: &Compiled, report: &mut Report) {
    let entries = manifests.connections.iter().flat_map(|connection| &connection.collections);
    for (number, raw) in entries.filter_map(|entry| entry.consent.as_ref()).enumerate() {
        if number > 0 {
            let message = "a second collection holds records of consent".to_owned();
            report.error("second-consent", raw.person.place, message, "a map has one; views of it are no source");
        }
        let is_it = |it: &&crate::model::Collection| it.consent.as_ref() == Some(&raw.records);
        let Some(collection) = compiled.map.collections.iter().find(is_it) else { continue };
        let path = raw.person.value.as_str();
        let Some(field) = collection.fields.iter().find(|field| field.path == path) else { continue };
        if matches!(collection.source, Source::S3Media { .. }) || collection.access(path) == Access::Refused {
            let message = format!("records of consent are looked up by `{path}`, which is no key or index");
            report.error("no-index", raw.person.place, message, "name an index under `indexes`");
        }
        if field.identity.is_none() && field.references.is_empty() {
            let message = format!("`{path}` leads to nobody: it is no identity and refers to no field");
            report.error("consent-of-nobody", raw.person.place, message, "set fides_meta.identity or references");
        }
    }
}

#[cfg(test)]
mod tests {
    fn rules(entry: &str, field: &str) -> Vec<&'static str> {
        let map = format!(
            "dataset:\n  - fides_key: shop\n    name: Shop\n    collections:\n      - name: consents\n        fields:\n          - name: id\n            data_categories: [system.operations]\n            fides_meta: {{ primary_key: true }}\n          - name: who\n            data_categories: [user.unique_id]\n{field}          - name: purpose\n            data_categories: [user.privacy_preferences]\n          - name: status\n            data_categories: [user.privacy_preferences]\nconnection:\n  - fides_key: tables\n    datasets: [shop]\n    connector: dynamodb\n    region: eu-central-1\n    collections:\n      consents: {{ table: consents{entry} }}\n"
        );
        let checked = crate::read_strs(&[("shop.yml", &map)]);
        checked.findings.iter().filter(|it| it.severity == crate::Severity::Error).map(|it| it.code).collect()
    }

    #[test]
    fn records_of_consent_must_be_found_by_person() {
        let identity = "            fides_meta: { identity: user_id }\n";
        let consent = ", consent: { person: who, purpose: purpose, status: status }";
        assert_eq!(rules(&format!(", indexes: {{ who: by-who }}{consent}"), identity), [""; 0]);
        assert!(rules(consent, identity).contains(&"no-index"));
        assert!(rules(&format!(", scan: allow{consent}"), "").contains(&"consent-of-nobody"));
        let unknown = ", scan: allow, consent: { person: who, purpose: nowhere, status: status }";
        assert!(rules(unknown, identity).contains(&"unknown-field"));
    }
}
