//! What the YAML says, with places, before any of it is tied together: one struct per manifest.

pub(crate) mod connection;
pub(crate) mod controller;
pub(crate) mod dataset;
pub(crate) mod processor;

use std::collections::BTreeMap;

use crate::erasure::{NAMES, is_bare, is_known};
use crate::finding::{Located, Report};
use crate::model::{Controller, ErasureRule, Masking, Strategy};
use crate::object::Object;
use crate::yaml::{Node, Value};

use connection::RawConnection;
use dataset::RawDataset;
use processor::RawProcessor;

/// Everything read from all files.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) datasets: Vec<RawDataset>,
    pub(crate) connections: Vec<RawConnection>,
    pub(crate) erasure: Vec<ErasureRule>,
    pub(crate) controller: Option<Located<Controller>>,
    pub(crate) processors: Vec<RawProcessor>,
    /// Categories that the files declare themselves (`data_category:` manifests).
    pub(crate) categories: Vec<String>,
}

impl Manifests {
    /// Adds what one document holds.
    pub(crate) fn read(&mut self, node: &Node, report: &mut Report) {
        if matches!(node.value, Value::Null) {
            return;
        }
        let Some(root) = Object::of(node, "the file", report) else {
            return;
        };
        root.expect(&["dataset", "connection", "erasure", "controller", "data_category", "processors"], report);
        for object in root.objects("dataset", "dataset", report) {
            self.datasets.extend(dataset::read(object, report));
        }
        for object in root.objects("connection", "connection", report) {
            self.connections.extend(connection::read(object, report));
        }
        for object in root.objects("erasure", "erasure rule", report) {
            self.erasure.extend(controller::read_rule(object, report));
        }
        for object in root.objects("data_category", "data category", report) {
            self.categories.extend(object.plain("fides_key", report));
        }
        for object in root.objects("processors", "processor", report) {
            self.processors.extend(processor::read(object, report));
        }
        let Some(object) = root.object("controller", "controller", report) else {
            return;
        };
        if let Some(first) = &self.controller {
            let first = report.files.get(first.place.file).cloned().unwrap_or_default();
            let message = "a second controller".to_owned();
            report.error("duplicate-controller", object.place, message, &format!("the first is in {first}"));
            return;
        }
        self.controller = controller::read(object, report);
    }
}

/// A strategy with its settings, from `strategy` and `configuration` of a mapping.
fn masking(object: Object<'_>, report: &mut Report) -> Option<Masking> {
    let name = object.required("strategy", report)?;
    let Some(strategy) = Strategy::parse(&name.value) else {
        let known = "delete, null_rewrite, string_rewrite, hash, hmac, random_string_rewrite, aes_encrypt, pii_rewrite, preserve";
        report.error(
            "unknown-strategy",
            name.place,
            format!("unknown strategy `{}`", name.value),
            &format!("known: {known}"),
        );
        return None;
    };
    let settings = object.object("configuration", "configuration", report);
    let configuration = settings.map(|settings| texts(settings, report)).unwrap_or_default();
    let masking = Masking { strategy, configuration };
    if let Some((message, help)) = wrong_setting(&masking) {
        report.error("wrong-setting", name.place, message, help);
    }
    Some(masking)
}

/// What is wrong with the settings of a strategy, and the way out.
fn wrong_setting(masking: &Masking) -> Option<(String, &'static str)> {
    match masking.strategy {
        Strategy::StringRewrite => {
            let template = masking.configuration.get("rewrite_value")?;
            if is_bare(template) {
                let message = "a pseudonym by itself can't be told from other values of its form".to_owned();
                return Some((message, "put a text around it, or use {uuid}"));
            }
            let message = || (format!("`{template}` has no meaning"), "known: one of {pseudonym} and {uuid}");
            (!is_known(template)).then(message)
        }
        Strategy::PiiRewrite => {
            let is_right = |(key, word): (&String, &String)| key == NAMES && matches!(word.as_str(), "true" | "false");
            let wrong = masking.configuration.iter().find(|(key, word)| !is_right((key, word)))?;
            Some((format!("`{}: {}` has no meaning", wrong.0, wrong.1), "known: names: true"))
        }
        Strategy::Delete
        | Strategy::NullRewrite
        | Strategy::Hash
        | Strategy::Hmac
        | Strategy::RandomStringRewrite
        | Strategy::AesEncrypt
        | Strategy::Preserve
        | Strategy::Correct => None,
    }
}

fn texts(object: Object<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, node) in object.entries() {
        match &node.value {
            Value::Scalar(text) => {
                found.insert(name.text.clone(), text.clone());
            }
            Value::Null => {}
            // Nested settings (such as `format_preservation`) carry a text each at most.
            Value::List(_) | Value::Map(_) => {
                let inner = Object::of(node, "configuration", report).map(|inner| texts(inner, report));
                let named = |(key, value)| (format!("{}.{key}", name.text), value);
                found.extend(inner.unwrap_or_default().into_iter().map(named));
            }
        }
    }
    found
}

/// The values alone.
fn values(texts: &[Located<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}
