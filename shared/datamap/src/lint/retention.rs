//! What a sweep needs of a collection whose rows expire: that it can find them, read their time and tell whose they are.

use super::place_of;
use crate::compile::Compiled;
use crate::finding::Report;
use crate::model::{Collection, DataType, LAST_MODIFIED, Retention, RetentionAct, Source, TimeUnit, placeholders};

pub(super) fn check(compiled: &Compiled, report: &mut Report) {
    for (index, collection) in compiled.map.collections.iter().enumerate() {
        if let Some(retention) = &collection.retention {
            one(compiled, index, (collection, retention), report);
        }
    }
}

fn one(compiled: &Compiled, index: usize, it: (&Collection, &Retention), report: &mut Report) {
    let (collection, retention) = it;
    let place = compiled.places.retentions.get(index).copied().flatten();
    let place = place.unwrap_or_else(|| place_of(compiled, index, None));
    let id = collection.id();
    let mut refuse = |code, message: String, help: &str| report.error(code, place, message, help);
    if let Some((message, help)) = unfindable(collection, retention) {
        refuse("retention-source", message, help);
    }
    let field = collection.field(&retention.time_field).and_then(|at| collection.fields.get(at));
    if let Some(field) = field {
        let fits = match (field.data_type, retention.time_unit) {
            (None, _) | (Some(DataType::String), TimeUnit::Rfc3339) => true,
            (Some(DataType::Integer | DataType::Float), TimeUnit::Seconds | TimeUnit::Milliseconds) => true,
            (Some(_), _) => false,
        };
        if !fits || field.array {
            let message = format!("`{}` of `{id}` does not hold one time of its unit", field.path);
            refuse("retention-time", message, "time_unit: rfc3339 for texts, seconds or milliseconds for numbers");
        }
    }
    if retention.time_field == LAST_MODIFIED && retention.whole_objects && retention.time_unit != TimeUnit::Rfc3339 {
        let message = format!("`last_modified` of `{id}` is a time by itself");
        refuse("retention-time", message, "leave `time_unit` out");
    }
    let is_about_people = !compiled.map.lookup_fields(index).is_empty();
    if is_about_people && !says_whose(compiled, index, (collection, retention)) {
        let (message, help) = if retention.whole_objects {
            let message = format!("the keys of `{id}` do not say whose an object is");
            (message, "sweep the rows in it (`whole_objects: false`), or name the person in the key")
        } else {
            let message = format!("nothing in a row of `{id}` says whose it is");
            (message, "holds and sealed archives need an identity, or a reference to the key of a row that has one")
        };
        refuse("retention-subject", message, help);
    }
    if retention.act == RetentionAct::Anonymize && !retention.whole_objects && compiled.map.anonymized(index).is_empty()
    {
        let message = format!("no field of `{id}` says anything about people");
        refuse("retention-anonymize", message, "use `act: delete`");
    }
}

/// Why a sweep can't find what expired there, and what helps.
fn unfindable(collection: &Collection, retention: &Retention) -> Option<(String, &'static str)> {
    let id = collection.id();
    let template = match &collection.source {
        Source::DynamoDb { .. } if retention.whole_objects => {
            return Some((format!("`{id}` is a table and has no objects"), "leave `whole_objects` out"));
        }
        Source::DynamoDb { scan: true, .. } => return None,
        Source::DynamoDb { .. } if retention.index.is_some() => return None,
        Source::DynamoDb { .. } => {
            let message = format!("what expired in `{id}` is found by a scan");
            return Some((message, "set `scan: allow`, or name an index by time (`index`)"));
        }
        Source::S3Objects { .. } | Source::S3Media { .. } if retention.index.is_some() => {
            return Some((format!("`{id}` is no table and has no index"), "leave `index` out"));
        }
        Source::S3Media { .. } if !retention.whole_objects => {
            return Some((format!("`{id}` has objects and no rows"), "leave `whole_objects` out"));
        }
        Source::S3Objects { .. } if !retention.whole_objects => return None,
        Source::S3Objects { manifest: Some(_), .. } => {
            let message = format!("the manifest of `{id}` would name objects that are gone");
            return Some((message, "sweep the rows in them (`whole_objects: false`)"));
        }
        Source::S3Objects { prefix, .. } => prefix,
        Source::S3Media { key_template, .. } => key_template,
    };
    let named = placeholders(template);
    let is_told = |field: &str| named.contains(&field);
    if retention.time_field != LAST_MODIFIED && !is_told(&retention.time_field) {
        let message = format!("no key of `{id}` tells `{}`", retention.time_field);
        return Some((message, "name it in the key as {field}, or count from `last_modified`"));
    }
    if retention.organization_field.as_deref().is_some_and(|field| !is_told(field)) {
        return Some((format!("no key of `{id}` tells whose policy counts"), "name the field in the key as {field}"));
    }
    (retention.act == RetentionAct::Anonymize)
        .then(|| (format!("whole objects of `{id}` can only be deleted"), "use `act: delete`"))
}

/// Whether a hold can tell whose it is: a row by a field of it, an object by its key.
fn says_whose(compiled: &Compiled, index: usize, (collection, retention): (&Collection, &Retention)) -> bool {
    let template = match &collection.source {
        Source::S3Objects { prefix, .. } if retention.whole_objects => Some(prefix),
        Source::S3Media { key_template, .. } => Some(key_template),
        Source::S3Objects { .. } | Source::DynamoDb { .. } => None,
    };
    let named = template.map(|template| placeholders(template));
    let mut subjects = compiled.map.subjects(index);
    match named {
        Some(named) => subjects.any(|field| named.contains(&field.path)),
        None => subjects.next().is_some(),
    }
}
