//! Where one collection is: a table with its indexes, or objects under a prefix or key template.

use std::collections::BTreeMap;

use crate::finding::{Located, Report};
use crate::model::{RowFormat, Source};
use crate::object::Object;

use super::PROCESSING;

fn expect_only(object: Object<'_>, keys: &[&str], report: &mut Report) {
    let own = ["retention", "revoke", "consent", "quarantine"];
    let known: Vec<&str> = keys.iter().chain(PROCESSING).copied().chain(own).collect();
    object.expect_only(&known, report);
}

pub(super) fn dynamodb(object: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<Source> {
    expect_only(object, &["table", "indexes", "scan", "scan_segments"], report);
    let mut indexes = BTreeMap::new();
    if let Some(named) = object.object("indexes", "indexes", report) {
        for (field, index) in crate::manifest::texts(named, report) {
            indexes.insert(field, index);
        }
        fields.extend(named.entries().map(|(name, _)| Located { value: name.text.clone(), place: name.place }));
    }
    let scan = match object.text("scan", report) {
        None => false,
        Some(word) => match word.value.as_str() {
            "allow" => true,
            "deny" => false,
            other => {
                report.error("invalid-scan", word.place, format!("scan is `allow` or `deny`, not `{other}`"), "");
                false
            }
        },
    };
    let segments = object.count("scan_segments", report).unwrap_or(4);
    Some(Source::DynamoDb { table: object.required("table", report)?.value, indexes, scan, segments })
}

pub(super) fn s3(object: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<Source> {
    expect_only(object, &["bucket", "prefix", "format", "key_template", "manifest"], report);
    let bucket = object.required("bucket", report);
    let format = object.required("format", report)?;
    let format = match format.value.as_str() {
        "ndjson" => RowFormat::NdJson,
        "csv" => RowFormat::Csv,
        "parquet" => RowFormat::Parquet,
        "media" => {
            let template = object.required("key_template", report)?;
            let names = crate::model::placeholders(&template.value);
            fields.extend(names.iter().map(|name| Located { value: (*name).to_owned(), place: template.place }));
            check_template(&template, report);
            return Some(Source::S3Media { bucket: bucket?.value, key_template: template.value });
        }
        other => {
            report.error(
                "unknown-format",
                format.place,
                format!("unknown format `{other}`"),
                "known: ndjson, csv, parquet, media",
            );
            return None;
        }
    };
    let manifest = object.text("manifest", report);
    let prefix = object.required("prefix", report)?.value;
    if let Some(manifest) = &manifest {
        check_manifest(manifest, &prefix, report);
    }
    Some(Source::S3Objects { prefix, bucket: bucket?.value, format, manifest: manifest.map(|it| it.value) })
}

/// The manifest must lie where reading is allowed in any case, and be one object for everybody.
fn check_manifest(manifest: &Located<String>, prefix: &str, report: &mut Report) {
    let literal = prefix.split('{').next().unwrap_or_default();
    if !manifest.value.starts_with(literal) || manifest.value.contains('{') {
        let message = format!("the manifest must be one object under `{literal}`");
        report.error("manifest-place", manifest.place, message, "such as <prefix>manifest.txt");
    }
}

/// Each placeholder must end at a sign that no value holds, else the objects of 10 are found for 1.
fn check_template(template: &Located<String>, report: &mut Report) {
    let mut rests = template.value.split('{').skip(1).peekable();
    if rests.peek().is_none() {
        let message = "key_template names no field".to_owned();
        report.error("key-template", template.place, message, "such as media/{user_id}/");
    }
    for rest in rests {
        let after = rest.split_once('}').map(|(_, after)| after);
        if !after.is_some_and(|after| after.starts_with(['/', '.'])) {
            let message = "a placeholder must be closed and followed by / or .".to_owned();
            report.error("key-template", template.place, message, "else the objects of 10 are found for 1");
        }
    }
}
