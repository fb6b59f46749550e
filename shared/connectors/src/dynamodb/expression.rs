//! The names and conditions of a request. Names always go by placeholder: many of them are reserved words.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::scope::Scope;

/// Expressions with their placeholders.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
    pub(super) projection: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) key_condition: Option<String>,
}

impl Expressions {
    /// What every request of a lookup asks: these attributes, of this tenant.
    pub(super) fn new(scope: &Scope<'_>, attributes: Option<&[String]>) -> Self {
        let mut it = Self::default();
        it.project(attributes);
        if let Some(field) = scope.tenant_field() {
            let path = it.path(field);
            it.filter = Some(format!("{path} = :tenant"));
            let tenant = AttributeValue::S(scope.lookup.tenant.as_str().to_owned());
            it.values.insert(":tenant".to_owned(), tenant);
        }
        it
    }

    /// The same without the tenant's condition, for requests by key: their rows are checked on arrival.
    pub(super) fn by_key(attributes: Option<&[String]>) -> Self {
        let mut it = Self::default();
        it.project(attributes);
        it
    }

    /// Asks for these attributes only.
    fn project(&mut self, attributes: Option<&[String]>) {
        let list = attributes.map(|names| names.iter().map(|name| self.name(name)).collect::<Vec<_>>().join(","));
        self.projection = list.filter(|list| !list.is_empty());
    }

    /// A dotted path, by placeholders.
    pub(super) fn path(&mut self, field: &str) -> String {
        let path: Vec<String> = field.split('.').map(|name| self.name(name.trim_end_matches("[]"))).collect();
        path.join(".")
    }

    /// Asks for one partition key.
    pub(super) fn key(mut self, field: &str, value: AttributeValue) -> Self {
        let name = self.name(field);
        self.key_condition = Some(format!("{name} = :key"));
        self.values.insert(":key".to_owned(), value);
        self
    }

    fn name(&mut self, name: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, known)| *known == name) {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The names, or nothing: an empty map is refused.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// The values, or nothing: an empty map is refused.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}
