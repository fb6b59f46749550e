//! What the flag of a quarantine must be: an attribute of a table that says nothing of people and ties nothing together,
//! so that setting it changes no plan and resetting it brings nothing back.

use super::place_of;
use crate::compile::Compiled;
use crate::erasure::{Treatment, is_personal};
use crate::finding::Report;
use crate::model::{Collection, Quarantine, Source};

pub(super) fn check(compiled: &Compiled, report: &mut Report) {
    for (index, collection) in compiled.map.collections.iter().enumerate() {
        let Some(quarantine) = &collection.quarantine else { continue };
        let place = place_of(compiled, index, None);
        let id = collection.id();
        let Source::DynamoDb { indexes, .. } = &collection.source else {
            let message = format!("`{id}` has no rows that can be flagged");
            report.error("quarantine-source", place, message, "flags are set in DynamoDB tables");
            continue;
        };
        let is_path = quarantine.field.contains(['.', '[']);
        let is_empty = quarantine.field.is_empty() || quarantine.value.is_empty();
        let is_tied = indexes.contains_key(&quarantine.field) || is_used(compiled, index, (collection, quarantine));
        if is_path || is_empty || is_tied {
            let message = format!("`{}` can't be the flag of `{id}`", quarantine.field);
            let help = "name an attribute of its own that is no key, identity, reference, time or data of people";
            report.error("quarantine-field", place, message, help);
        }
    }
}

/// Whether anything else reads or rewrites the attribute.
fn is_used(compiled: &Compiled, index: usize, (collection, quarantine): (&Collection, &Quarantine)) -> bool {
    let map = &compiled.map;
    let name = quarantine.field.as_str();
    let is_inside = |path: &str| path.split(['.', '[']).next() == Some(name);
    let tenant = map.connection(collection).and_then(|it| it.tenant_field.as_deref());
    let time = collection.retention.as_ref().map(|it| it.time_field.as_str());
    let lookups = map.lookup_fields(index);
    let starts = |at: usize| map.flows.iter().any(|flow| (flow.from, flow.from_field) == (index, at));
    let tied = collection.fields.iter().enumerate().filter(|(_, field)| is_inside(&field.path)).any(|(at, field)| {
        let personal = field.data_categories.iter().any(|category| is_personal(category));
        field.primary_key
            || field.identity.is_some()
            || field.read_only
            || personal
            || lookups.contains(&at)
            || starts(at)
    });
    let rewritten = |at: &usize| {
        let path = collection.fields.get(*at).map(|field| field.path.as_str()).unwrap_or_default();
        match map.treatment(index, path) {
            Treatment::Rewrite { fields, .. } => fields.iter().any(|field| is_inside(&field.path)),
            Treatment::Delete | Treatment::Keep { .. } => false,
        }
    };
    tied || tenant.is_some_and(is_inside) || time.is_some_and(is_inside) || lookups.iter().any(rewritten)
}
