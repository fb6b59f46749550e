//! `retention` of an entry: which class its rows belong to, from when their time is counted, what becomes of them.

use domain::retention::RetentionClass;

use crate::finding::{Located, Report};
use crate::model::{Retention, RetentionAct, TimeUnit};
use crate::object::Object;

const KEYS: &[&str] = &["class", "time_field", "time_unit", "act", "organization_field", "archive"];

/// Reads `retention`; the fields it names are checked against the collection later.
pub(super) fn read(entry: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<Retention> {
    let object = entry.object("retention", "retention", report)?;
    object.expect_only(KEYS, report);
    let class = object.required("class", report);
    let time_field = object.required("time_field", report);
    let organization_field = object.text("organization_field", report);
    fields.extend(time_field.iter().chain(&organization_field).cloned());
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
    let class = class.and_then(|class| known(&class, report))?;
    let archive = object.flag("archive", report).unwrap_or(class.archives_first());
    let time_field = time_field?.value;
    let organization_field = organization_field.map(|field| field.value);
    Some(Retention { class, time_field, time_unit: time_unit?, act: act?, organization_field, archive })
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
