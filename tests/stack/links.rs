//! Links: minted on demand, for minutes, for one object, refused once touched, gone with the archive's 24 hours.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::Api;
use crate::aws;
use crate::company::ADA;
use crate::harness::{Stack, pause};
use crate::http::{get, send};
use crate::mails;
use crate::tokens::Bearer;

const LONGEST: SignedDuration = SignedDuration::from_mins(15);

#[tokio::test(flavor = "multi_thread")]
async fn links_work_until_they_are_touched() {
    let Some(stack) = Stack::plain().await else { return };
    let api = Api::of(&stack, &Bearer::subject("sample", ADA));
    let (job, other) = (api.export_own(&json!({})).await, api.export_own(&json!({})).await);
    api.until_completed(&job, 120).await;
    api.until_completed(&other, 120).await;

    let before = Timestamp::now();
    let link = api.link(&job).await;
    let ends: Timestamp = link["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(ends > before && ends <= Timestamp::now() + LONGEST, "{ends}");
    let url = link["url"].as_str().unwrap();
    let seconds: i64 = parameter(url, "X-Amz-Expires").parse().unwrap();
    assert!(seconds <= 900, "the signature itself lives {seconds} s");
    assert_eq!(get(url).await.expect(200).body, get(url).await.expect(200).body);

    let signature = parameter(url, "X-Amz-Signature");
    let last = if signature.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &signature[..signature.len() - 1]);
    let touched = [
        url.replace(signature, &forged),
        url.replace(&job, &other),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000"),
        url.split('?').next().unwrap().to_owned(),
    ];
    for url in touched {
        assert_ne!(url, link["url"].as_str().unwrap());
        let refused = get(&url).await;
        assert_eq!(refused.status.as_u16(), 403, "{url}: {}", refused.text());
    }
    for method in [Method::PUT, Method::DELETE] {
        assert_eq!(send(method, url, &[], Vec::new()).await.status.as_u16(), 403, "a link reads and does nothing else");
    }
    get(url).await.expect(200);
    each_link_is_audited(&stack, &job).await;
}

async fn each_link_is_audited(stack: &Stack, job: &str) {
    let auditor = Api::of(stack, &Bearer::staff("sample", "auditor"));
    let issued = |timeline: &Value| timeline.to_string().matches("\"export\"").count();
    let path = format!("/privacy/jobs/{job}/timeline?limit=200");
    let before = issued(&auditor.get(&path).await.expect(200).json());
    Api::of(stack, &Bearer::subject("sample", ADA)).link(job).await;
    let after = issued(&auditor.get(&path).await.expect(200).json());
    assert_eq!(after, before + 1, "one event for one link");
}

#[tokio::test(flavor = "multi_thread")]
async fn mailed_link_leads_to_the_archive_of_its_own_job_only() {
    let Some(stack) = Stack::plain().await else { return };
    let api = Api::of(&stack, &Bearer::subject("sample", ADA));
    let (job, other) = (api.export_own(&json!({})).await, api.export_own(&json!({})).await);
    api.until_completed(&job, 120).await;
    api.until_completed(&other, 120).await;
    let mailed = mails::link(&stack, ADA, &job).await;
    let redirect = get(&mailed).await.expect(303);
    let location = redirect.headers["location"].to_str().unwrap();
    assert_eq!(
        get(location).await.expect(200).body,
        get(api.link(&job).await["url"].as_str().unwrap()).await.expect(200).body
    );

    let unknown = "job_00000000000000000000000000000000";
    let ticket = parameter(&mailed, "ticket");
    let swapped: String = ticket.chars().rev().collect();
    for wrong in [
        mailed.replace(&job, &other),
        mailed.replace(&job, unknown),
        mailed.replace("tenant=sample", "tenant=chinook"),
        mailed.replace(ticket, &swapped),
        mailed.replace(ticket, ""),
    ] {
        assert_ne!(wrong, mailed);
        let refused = get(&wrong).await;
        assert_eq!(refused.status.as_u16(), 404, "{wrong}: {}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_day_the_archive_is_gone_and_so_is_its_key() {
    let Some(stack) = Stack::plain().await else { return };
    let api = Api::of(&stack, &Bearer::subject("sample", ADA));
    let job = api.export_own(&json!({})).await;
    api.until_completed(&job, 120).await;
    let link = api.link(&job).await;
    let mailed = mails::link(&stack, ADA, &job).await;
    let archive = format!("exports/sample/{job}.zip");
    let (config, bucket) = (aws::config(&stack).await, stack.resource("ExportsBucket"));
    let s3 = aws::s3(&config);
    assert!(aws::keys(&s3, bucket).await.contains(&archive));

    let day = SignedDuration::from_hours(24);
    aws::let_time_pass(&config, stack.resource("JobsTable"), &format!("t#sample#job#{job}"), day).await;
    let path = format!("/privacy/jobs/{job}/download?redirect=false");
    api.get(&path).await.expect(410);
    get(&mailed).await.expect(410);
    let mut seconds = 0;
    while aws::keys(&s3, bucket).await.contains(&archive) {
        assert!(seconds < 150, "the archive outlived its day by {seconds} s");
        // Its own schedule comes each minute.
        assert_eq!(aws::invoke(&stack, "JobSweep", &json!({})).await, None);
        pause(1000).await;
        seconds += 1;
    }
    let refused = get(link["url"].as_str().unwrap()).await;
    assert_eq!(refused.status.as_u16(), 404, "a link that is still signed leads to nothing");
    api.get(&path).await.expect(410);
    // The receipt stays: it holds counts and hashes.
    let is_left = |key: &String| key.contains(&job) && !key.starts_with("receipts/");
    let left = aws::keys(&s3, bucket).await.into_iter().filter(is_left).count();
    assert_eq!(left, 0, "parts or plans are left");
    let keys = aws::scan(&config, stack.resource("KeyringTable"), &format!("t#sample#keys#job#{job}")).await;
    assert!(keys.is_empty(), "the job key is destroyed");
}

/// The value of a query parameter.
fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let pairs = url.split_once('?').map_or("", |(_, query)| query).split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}
