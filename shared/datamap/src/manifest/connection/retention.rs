//! `retention` of an entry: which class its rows belong to, from when their time is counted, what becomes of them.

use domain::retention::RetentionClass;

use crate::finding::{Located, Report};
use crate::model::{LAST_MODIFIED, Partitions, Retention, RetentionAct, Source, TimeIndex, TimeUnit};
use crate::object::Object;

const KEYS: &[&str] =
    &["class", "time_field", "time_unit", "act", "organization_field", "archive", "whole_objects", "index"];
const INDEX: &[&str] = &["name", "partition_field", "partitions", "days_since", "shards"];
/// More partitions of a day would be asked for in vain, day by day.
const MOST_SHARDS: u32 = 100;

/// Reads `retention`; the fields it names are checked against the collection later.
pub(super) fn read(
    entry: Object<'_>,
    source: Option<&Source>,
    fields: &mut Vec<Located<String>>,
    report: &mut Report,
) -> Option<Retention> {
    let object = entry.object("retention", "retention", report)?;
    object.expect_only(KEYS, report);
    let class = object.required("class", report);
    let is_media = matches!(source, Some(Source::S3Media { .. }));
    let whole_objects = object.flag("whole_objects", report).unwrap_or(is_media);
    let time_field =
        if whole_objects { object.text("time_field", report) } else { object.required("time_field", report) };
    let organization_field = object.text("organization_field", report);
    // What S3 says of an object is no field of the collection.
    let is_field = |it: &&Located<String>| !(whole_objects && it.value == LAST_MODIFIED);
    fields.extend(time_field.iter().filter(is_field).chain(&organization_field).cloned());
    let time_unit = word(object, "time_unit", TimeUnit::Rfc3339, report, |text| match text {
        "rfc3339" => Some(TimeUnit::Rfc3339),
        "seconds" => Some(TimeUnit::Seconds),
        "milliseconds" => Some(TimeUnit::Milliseconds),
        _ => None,
    });
    let act = word(object, "act", RetentionAct::Delete, report, |text| match text {
        "delete" => Some(RetentionAct::Delete),
        "anonymize" => Some(RetentionAct::Anonymize),
        _ => None,
    });
    let index = index(object, fields, report);
    let class = class.and_then(|class| known(&class, report))?;
    let archive = object.flag("archive", report).unwrap_or(class.archives_first());
    let time_field = match time_field {
        Some(field) => field.value,
        None if whole_objects => LAST_MODIFIED.to_owned(),
        None => return None,
    };
    let organization_field = organization_field.map(|field| field.value);
    let (time_unit, act) = (time_unit?, act?);
    Some(Retention { class, time_field, time_unit, act, organization_field, archive, whole_objects, index })
}

fn known(class: &Located<String>, report: &mut Report) -> Option<RetentionClass> {
    let known = RetentionClass::parse(&class.value);
    if known.is_none() {
        let all: Vec<&str> = RetentionClass::ALL.iter().map(|class| class.as_str()).collect();
        let message = format!("unknown retention class `{}`", class.value);
        report.error("unknown-retention-class", class.place, message, &format!("known: {}", all.join(", ")));
    }
    known
}

fn word<T>(
    object: Object<'_>,
    key: &'static str,
    usual: T,
    report: &mut Report,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let Some(text) = object.text(key, report) else { return Some(usual) };
    let known = read(&text.value);
    if known.is_none() {
        let help = "time_unit: rfc3339, seconds, milliseconds; act: delete, anonymize";
        report.error("invalid-retention", text.place, format!("{key} can't be `{}`", text.value), help);
    }
    known
}

/// The index by time, if the entry names one; what is wrong with it is reported.
fn index(object: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<TimeIndex> {
    let object = object.object("index", "index", report)?;
    object.expect_only(INDEX, report);
    let name = object.required("name", report);
    let partition_field = object.required("partition_field", report);
    fields.extend(partition_field.clone());
    let since = object.text("days_since", report);
    let values: Vec<String> = object.texts("partitions", report).into_iter().map(|value| value.value).collect();
    let shards = object.count("shards", report);
    let (name, partition_field) = (name?, partition_field?);
    let mut refuse = |message: &str| {
        let help = "partitions: [a, b], or days_since: 2026-01-31 with shards up to 100";
        report.error("invalid-retention", name.place, message.to_owned(), help);
    };
    let partitions = match (since, values.is_empty()) {
        (Some(_), false) | (None, true) => {
            refuse("an index by time has either `partitions` or `days_since`");
            return None;
        }
        (None, false) => Partitions::Values(values),
        (Some(day), true) => {
            let Ok(since) = day.value.parse() else {
                refuse("`days_since` is no day");
                return None;
            };
            Partitions::Days { since, shards }
        }
    };
    if shards.is_some_and(|shards| shards > MOST_SHARDS || matches!(partitions, Partitions::Values(_))) {
        refuse("`shards` are up to 100, and of days");
        return None;
    }
    Some(TimeIndex { name: name.value, partition_field: partition_field.value, partitions })
}
