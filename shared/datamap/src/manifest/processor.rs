//! `processors` manifests: who else holds the data, and how they are told of an erasure. A manifest of ours.

use std::collections::BTreeMap;

use crate::finding::{Located, Place, Report};
use crate::model::{Processor, ProcessorProtocol};
use crate::object::Object;
use crate::yaml::Value;

/// A processor as written.
#[derive(Debug)]
pub(crate) struct RawProcessor {
    pub(crate) key: Located<String>,
    pub(crate) url: Located<String>,
    pub(crate) secret: Located<String>,
    pub(crate) datasets: Vec<Located<String>>,
    pub(crate) categories: Vec<Located<String>>,
    pub(crate) identities: Vec<Located<String>>,
    pub(crate) public_key: Option<Located<String>>,
    pub(crate) processor: Processor,
}

const PROCESSOR: &[&str] = &[
    "fides_key",
    "name",
    "url",
    "protocol",
    "secret",
    "datasets",
    "data_categories",
    "identities",
    "answer_within_days",
    "public_key",
];

/// The legal month in days, where the map names no other time.
const ANSWER_WITHIN_DAYS: u32 = 30;
/// What nobody may wait longer for.
const LONGEST_DAYS: u32 = 365;

/// Reads one processor.
pub(crate) fn read(object: Object<'_>, report: &mut Report) -> Option<RawProcessor> {
    object.expect_only(PROCESSOR, report);
    let key = object.required("fides_key", report);
    let url = object.required("url", report);
    let secret = object.required("secret", report);
    let protocol = protocol(object, report);
    object.require("identities", report);
    let identities = identities(object, report);
    let datasets = object.texts("datasets", report);
    let categories = object.texts("data_categories", report);
    if datasets.is_empty() && categories.is_empty() {
        let message = "nothing says what the processor receives".to_owned();
        report.error("processor-scope", object.place, message, "name `datasets`, `data_categories`, or both");
    }
    let public_key = object.text("public_key", report);
    let days = days(object, report);
    let (key, url, secret, protocol) = (key?, url?, secret?, protocol?);
    let processor = Processor {
        fides_key: key.value.clone(),
        name: object.plain("name", report),
        url: url.value.trim_end_matches('/').to_owned(),
        protocol,
        secret: secret.value.clone(),
        datasets: super::values(&datasets),
        data_categories: super::values(&categories),
        identities: identities.iter().map(|(kind, name)| (kind.value.clone(), name.clone())).collect(),
        answer_within_days: days,
        public_key: public_key.as_ref().map(|key| key.value.clone()),
    };
    let identities = identities.into_iter().map(|(kind, _)| kind).collect();
    Some(RawProcessor { key, url, secret, datasets, categories, identities, public_key, processor })
}

fn protocol(object: Object<'_>, report: &mut Report) -> Option<ProcessorProtocol> {
    let name = object.required("protocol", report)?;
    match name.value.as_str() {
        "webhook" => Some(ProcessorProtocol::Webhook),
        "opendsr" => Some(ProcessorProtocol::OpenDsr),
        other => {
            let message = format!("unknown protocol `{other}`");
            report.error("unknown-protocol", name.place, message, "known: webhook, opendsr");
            None
        }
    }
}

/// A list of kinds, or a mapping of kinds to the processor's own names for them.
fn identities(object: Object<'_>, report: &mut Report) -> Vec<(Located<String>, String)> {
    let Some(node) = object.node("identities") else { return Vec::new() };
    if !matches!(node.value, Value::Map(_)) {
        let kinds = object.texts("identities", report);
        return kinds.into_iter().map(|kind| (kind.clone(), kind.value)).collect();
    }
    let Some(named) = Object::of(node, "identities", report) else { return Vec::new() };
    let mut found: BTreeMap<Place, (Located<String>, String)> = BTreeMap::new();
    for (kind, node) in named.entries() {
        if let Value::Scalar(name) = &node.value {
            let kind = Located { value: kind.text.clone(), place: kind.place };
            found.insert(kind.place, (kind, name.clone()));
        } else {
            let message = format!("the processor's name for `{}` must be a text", kind.text);
            report.error("wrong-type", node.place, message, "");
        }
    }
    found.into_values().collect()
}

fn days(object: Object<'_>, report: &mut Report) -> u32 {
    let Some(node) = object.node("answer_within_days") else { return ANSWER_WITHIN_DAYS };
    let days = object.count("answer_within_days", report).unwrap_or(ANSWER_WITHIN_DAYS);
    if days > LONGEST_DAYS {
        let message = format!("`answer_within_days` is {days}");
        report.error("wrong-type", node.place, message, "at most 365");
    }
    days
}
