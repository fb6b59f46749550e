//! What a sweep needs of a collection whose rows expire: that it can find them, read their time and tell whose they are.

use super::place_of;
use crate::compile::Compiled;
use crate::finding::Report;
use crate::model::{Collection, DataType, Retention, RetentionAct, Source, TimeUnit};

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
    match &collection.source {
        Source::DynamoDb { scan: true, .. } => {}
        Source::DynamoDb { scan: false, .. } => {
            refuse("retention-source", format!("what expired in `{id}` is found by a scan"), "set `scan: allow`");
        }
        Source::S3Objects { .. } | Source::S3Media { .. } => {
            let help = "use a lifecycle rule of the bucket; the sweep looks at DynamoDB tables";
            refuse("retention-source", format!("`{id}` is no table"), help);
        }
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
    let is_about_people = !compiled.map.lookup_fields(index).is_empty();
    if is_about_people && compiled.map.subjects(index).next().is_none() {
        let message = format!("nothing in a row of `{id}` says whose it is");
        let help = "holds and sealed archives need an identity, or a reference to the key of a row that has one";
        refuse("retention-subject", message, help);
    }
    if retention.act == RetentionAct::Anonymize && compiled.map.anonymized(index).is_empty() {
        let message = format!("no field of `{id}` says anything about people");
        refuse("retention-anonymize", message, "use `act: delete`");
    }
}
