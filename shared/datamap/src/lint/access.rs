//! Keys: each collection has one, each lookup can be asked without reading what the map forbids to read.

use crate::compile::Compiled;
use crate::finding::Report;
use crate::model::{Access, Collection, Source};

use super::{open, place_of};

/// Checks keys, lookups and tenant fields.
pub(super) fn check(compiled: &Compiled, report: &mut Report) {
    for (index, collection) in open(compiled) {
        primary_key(compiled, index, collection, report);
        lookups(compiled, index, collection, report);
        tenant(compiled, index, collection, report);
    }
}

fn is_media(collection: &Collection) -> bool {
    matches!(collection.source, Source::S3Media { .. })
}

fn primary_key(compiled: &Compiled, index: usize, collection: &Collection, report: &mut Report) {
    if !is_media(collection) && collection.primary_key().next().is_none() {
        let message = format!("`{}` has no primary_key", collection.id());
        report.error(
            "no-primary-key",
            place_of(compiled, index, None),
            message,
            "set fides_meta.primary_key on its key fields",
        );
    }
}

fn lookups(compiled: &Compiled, index: usize, collection: &Collection, report: &mut Report) {
    for position in compiled.map.lookup_fields(index) {
        let Some(field) = collection.fields.get(position) else {
            continue;
        };
        if collection.access(&field.path) != Access::Refused {
            continue;
        }
        let message = format!("`{}` is looked up by `{}`, which is no key or index of it", collection.id(), field.path);
        let help = if is_media(collection) {
            "objects are found by the first field of key_template"
        } else {
            "name an index under `indexes`, or set `scan: allow`"
        };
        report.error("no-index", place_of(compiled, index, Some(position)), message, help);
    }
}

fn tenant(compiled: &Compiled, index: usize, collection: &Collection, report: &mut Report) {
    let tenant = compiled.map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let Some(tenant) = tenant.filter(|tenant| !is_media(collection) && collection.field(tenant).is_none()) else {
        return;
    };
    let place = compiled.places.tenants.get(index).copied().flatten().unwrap_or_default();
    let message = format!("`{}` has no tenant field `{tenant}`", collection.id());
    report.error("unknown-field", place, message, "each row of a shared table is checked on it");
}
