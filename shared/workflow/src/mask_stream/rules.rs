//! From the data map to the rules of masking: the category of a field decides.

use datamap::{Collection, DataMap, Field, Source};
use masking::{CollectionRules, FieldRule, Treatment};
use pii::detect::PiiType;

/// The rules of every collection of the map.
#[must_use]
pub fn rules_of(map: &DataMap) -> Vec<CollectionRules> {
    map.collections.iter().map(of_collection).collect()
}

fn of_collection(collection: &Collection) -> CollectionRules {
    let mut names = vec![collection.id(), collection.name.clone()];
    match &collection.source {
        Source::DynamoDb { table, .. } => names.push(table.clone()),
        Source::S3Objects { .. } | Source::S3Media { .. } => {}
    }
    let fields = collection.fields.iter().map(|field| of_field(collection, field)).collect();
    CollectionRules { names, fields }
}

fn of_field(collection: &Collection, field: &Field) -> FieldRule {
    let own = field.data_categories.iter().find(|category| is_personal(category));
    let whole = collection.data_categories.iter().find(|category| is_personal(category));
    let is_tied = field.primary_key || !field.references.is_empty();
    let treatment = match own.or(whole.filter(|_| field.data_categories.is_empty())) {
        _ if field.identity.is_some() => Treatment::Key,
        Some(_) if is_tied => Treatment::Key,
        Some(category) if category.starts_with("user.unique_id") => Treatment::Key,
        Some(category) => Treatment::Personal(type_of(category)),
        None => Treatment::Scan,
    };
    FieldRule { path: field.path.clone(), treatment, identity: field.identity.clone() }
}

fn is_personal(category: &str) -> bool {
    category == "user" || category.starts_with("user.")
}

/// The form a category is masked in; what has none of its own shows least.
fn type_of(category: &str) -> PiiType {
    const FORMS: [(&str, PiiType); 12] = [
        ("user.contact.email", PiiType::Email),
        ("user.contact.phone", PiiType::Phone),
        ("user.contact.fax", PiiType::Phone),
        ("user.contact", PiiType::Address),
        ("user.location", PiiType::Address),
        ("user.name", PiiType::Name),
        ("user.payment", PiiType::CreditCard),
        ("user.financial", PiiType::BankAccount),
        ("user.government_id", PiiType::NationalId),
        ("user.device.ip_address", PiiType::IpAddress),
        ("user.demographic.date_of_birth", PiiType::DateOfBirth),
        ("user.health", PiiType::Secret),
    ];
    FORMS.iter().find(|(prefix, _)| category.starts_with(prefix)).map_or(PiiType::Secret, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "dataset:\n  - fides_key: shop\n    name: Shop\n    collections:\n      - name: customers\n        fields:\n          - name: id\n            data_categories: [user.unique_id]\n            fides_meta: { primary_key: true, identity: customer_id }\n          - name: email\n            data_categories: [user.contact.email]\n          - name: status\n            data_categories: [system.operations]\n";

    #[test]
    fn categories_decide_and_keys_stay_joinable() {
        let checked = datamap::read_strs(&[("shop.yml", MAP)]);
        let rules = rules_of(&checked.map.unwrap());
        let treatments: Vec<Treatment> = rules[0].fields.iter().map(|field| field.treatment).collect();
        assert_eq!(treatments, [Treatment::Key, Treatment::Personal(PiiType::Email), Treatment::Scan]);
        assert_eq!(rules[0].fields[0].identity.as_deref(), Some("customer_id"));
    }
}
