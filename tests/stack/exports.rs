//! Portability in both forms, and an organisation with its media, against rows counted in the generated files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::{Api, job_id, request};
use crate::company::{ADA, ALDER, Company, Expected};
use crate::harness::Stack;
use crate::tokens::Bearer;
use crate::zip_file::{ZipFile, assert_same_rows};

fn assert_json(archive: &ZipFile, expected: &Expected) {
    let found = archive.json_rows();
    for (source, rows) in &expected.rows {
        let found = found.get(source).unwrap_or_else(|| panic!("nothing of {source}"));
        assert_same_rows(found, rows, source);
    }
    for (source, ids) in &expected.csv_ids {
        let found = found.get(source).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(found.len(), ids.len(), "rows of {source}");
        assert!(found.iter().all(|row| ids.contains(row["signin_id"].as_str().unwrap())), "{source}");
    }
    let extra: Vec<&String> = found
        .iter()
        .filter(|(source, rows)| {
            !rows.is_empty() && !expected.rows.contains_key(*source) && !expected.csv_ids.contains_key(*source)
        })
        .map(|(source, _)| source)
        .filter(|source| !source.starts_with("media.") && !source.starts_with("habeas."))
        .collect();
    assert!(extra.is_empty(), "rows nobody asked for: {extra:?}");
}

fn assert_csv(archive: &ZipFile, expected: &Expected) {
    let found: BTreeMap<String, usize> =
        archive.csv_rows().into_iter().map(|(source, rows)| (source, rows.len())).collect();
    for (source, rows) in &expected.rows {
        assert_eq!(found.get(source), Some(&rows.len()), "CSV rows of {source}");
    }
    for (source, ids) in &expected.csv_ids {
        assert_eq!(found.get(source).copied().unwrap_or(0), ids.len(), "CSV rows of {source}");
    }
    let users = &archive.csv_rows()["app.users"];
    let emails: BTreeSet<&str> = users.iter().map(|user| user["email"].as_str()).collect();
    let wanted: BTreeSet<&str> =
        expected.rows["app.users"].iter().map(|user| user["email"].as_str().unwrap()).collect();
    assert_eq!(emails, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn portability_is_json_or_csv_as_asked() {
    let Some(stack) = Stack::plain().await else { return };
    let expected = Company::read(&stack.home).person(ADA);
    let api = Api::of(&stack, &Bearer::subject("sample", ADA));
    for format in ["json", "csv"] {
        let mut body = request("portability", ADA);
        body["format"] = json!(format);
        let job = job_id(&api.post("/privacy/requests", &body).await.expect(202));
        let view = api.until_completed(&job, 120).await;
        assert_eq!((&view["type"], &view["archive"]["format"]), (&json!("portability"), &json!(format)));
        let archive = api.archive(&job).await;
        assert_eq!(archive.folders(), BTreeSet::from([format]), "one form, and no media where none was asked for");
        if format == "json" { assert_json(&archive, &expected) } else { assert_csv(&archive, &expected) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_export_holds_its_people_and_their_media_and_no_others() {
    let Some(stack) = Stack::plain().await else { return };
    let company = Company::read(&stack.home);
    let expected = company.organization(ALDER);
    let owner = Api::of(&stack, &Bearer::owner("sample", ALDER));
    let started = std::time::Instant::now();
    let body = json!({ "include_media": true, "format": "both" });
    let job = job_id(&owner.post("/privacy/export", &body).await.expect(202));
    let view = owner.until_completed(&job, 420).await;
    assert_eq!((&view["scope"], &view["organization_id"]), (&json!("organization"), &json!(ALDER)));
    let archive = owner.archive(&job).await;
    assert_json(&archive, &expected);
    assert_csv(&archive, &expected);
    assert_eq!(archive.media(), expected.media);
    let rows: usize = expected.rows.values().map(Vec::len).sum();
    let files: usize = expected.media.values().map(Vec::len).sum();
    let seconds = started.elapsed().as_secs();
    println!("organisation: {rows} rows, {files} media files, {} bytes, {seconds} s", view["archive"]["bytes"]);
    others_are_refused(&stack, &job).await;
}

async fn others_are_refused(stack: &Stack, job: &str) {
    let path = format!("/privacy/jobs/{job}/download");
    let other_owner = Api::of(stack, &Bearer::owner("sample", "org_bright"));
    other_owner.get(&path).await.expect(404);
    let officer = Api::of(stack, &Bearer::staff("sample", "dpo"));
    let refused = officer.get(&path).await.expect(403).json();
    assert_ne!(refused["detail"], Value::Null);
}
