//! Peak memory of the deployed export worker while it exports 10 MB, 100 MB and 1 GB of one person's rows from S3.
//!
//! On the running local stack, Linux only: the worker's own `VmHWM` is read from `/proc`. A process is warm from one
//! size to the next, so that each figure is the peak up to and with that size.

use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};

use super::Figure;
use crate::api::Api;
use crate::args::Role;
use crate::commands::{datamap, load};
use crate::home::Home;
use crate::issuer::{Bearer, Issuer};
use crate::stack::{Stack, is_loopback, s3_client};
use crate::waiting::{epoch_seconds, pause};
use crate::{processes, report};

const MEGABYTES: [usize; 3] = [10, 100, 1_000];
/// Objects of at most this many bytes, as a recorder of events writes them.
const OBJECT_BYTES: usize = 32_000_000;
const BUCKET: &str = "habeas-bench-export";
const EMAIL: &str = "bench@example.com";
/// How long one export may take, in fifths of a second.
const PATIENCE: u32 = 6_000;

/// MiB of the worker and seconds of the job for each size.
pub(super) async fn measure(home: &Home) -> anyhow::Result<Vec<Figure>> {
    let stack = Stack::load(home).context("this bench needs a running stack: `cargo habeas up --detach`")?;
    ensure!(is_loopback(&stack.endpoint_url), "this bench fills buckets and runs on a local stack only");
    let mut figures = Vec::new();
    for megabytes in MEGABYTES {
        figures.extend(one(home, &stack, megabytes).await?);
    }
    Ok(figures)
}

async fn one(home: &Home, stack: &Stack, megabytes: usize) -> anyhow::Result<[Figure; 2]> {
    let tenant = format!("bench-{megabytes}mb");
    report::note(&format!("export memory: {megabytes} MB"));
    let bytes = fill(stack, megabytes).await?;
    let dir = home.state("bench").join(&tenant);
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("datamap.yml"), map(megabytes))?;
    datamap::publish(stack, &dir, &tenant).await?;
    let bearer = Bearer { tenant: &tenant, role: Role::DataSubject, email: Some(EMAIL), org: None };
    let token = Issuer::load_or_create(home)?.token(&bearer, epoch_seconds(), 3600)?;
    let api = Api { url: stack.api_url.clone(), token };
    let started = Instant::now();
    let accepted = api.post("/privacy/me/export", &json!({ "format": "both" })).await?.expect_success("no export")?;
    let job = accepted["id"].as_str().context("the answer names no job")?;
    let peak = watch(stack, &api, job).await?;
    let took = started.elapsed().as_secs_f64();
    let input = f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0;
    let name = |what: &str| format!("{what}, export of {megabytes} MB");
    Ok([
        Figure { name: name("memory"), value: peak, unit: "MiB", beside: "bar: 122 MiB (128 MB), flat".to_owned() },
        Figure {
            name: name("job"),
            value: took,
            unit: "s",
            beside: format!("{:.1} MB/s of {input:.1} MB, emulator beside it", input / took),
        },
    ])
}

/// Waits for the end; the highest peak of any worker that was seen on the way.
async fn watch(stack: &Stack, api: &Api, job: &str) -> anyhow::Result<f64> {
    let function = stack.resource("ExportWorker")?;
    let mut peak = 0.0_f64;
    for _ in 0..PATIENCE {
        peak = processes::of_function(function).into_iter().filter_map(processes::peak_mebibytes).fold(peak, f64::max);
        let view = api.get(&format!("/privacy/jobs/{job}")).await?.expect_success("the job could not be read")?;
        match view["status"].as_str().unwrap_or_default() {
            "completed" => return Ok(peak),
            "pending" | "in_progress" => pause(200).await,
            other => anyhow::bail!("the job is {other}: {}", view.get("parked_because").unwrap_or(&Value::Null)),
        }
    }
    anyhow::bail!("the export did not end within {} s", PATIENCE / 5)
}

/// Writes the objects of one size anew; the bytes written.
async fn fill(stack: &Stack, megabytes: usize) -> anyhow::Result<usize> {
    let client = s3_client(&stack.aws_config().await);
    load::ensure_bucket(&client, BUCKET).await?;
    let bar = report::bar(u64::try_from(megabytes)?, "writing objects, MB");
    let (mut written, mut row, mut part) = (0, 0_u64, 0);
    while written < megabytes * 1_000_000 {
        let mut text = String::with_capacity(OBJECT_BYTES + 1_024);
        while text.len() < OBJECT_BYTES.min(megabytes * 1_000_000 - written) {
            push_row(&mut text, row)?;
            row += 1;
        }
        written += text.len();
        let key = format!("mb{megabytes}/part-{part:04}.ndjson");
        let sent = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(text.into_bytes())).send().await;
        sent.context("cannot write an object")?;
        part += 1;
        bar.set_position(u64::try_from(written / 1_000_000)?);
    }
    bar.finish_and_clear();
    Ok(written)
}

/// One message of about 250 bytes, of words, so that it compresses as text does.
fn push_row(text: &mut String, row: u64) -> anyhow::Result<()> {
    const WORDS: [&str; 16] = [
        "order",
        "please",
        "tomorrow",
        "invoice",
        "meeting",
        "and",
        "the",
        "customer",
        "asked",
        "again",
        "about",
        "a",
        "late",
        "delivery",
        "of",
        "spare parts",
    ];
    write!(text, "{{\"id\":{row},\"email\":\"{EMAIL}\",\"at\":{},\"text\":\"", 1_700_000_000 + row)?;
    let mut state = row.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..28 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(WORDS[usize::try_from(state >> 60)?]);
        text.push(' ');
    }
    text.push_str("\"}\n");
    Ok(())
}

fn map(megabytes: usize) -> String {
    format!(
        "dataset:
  - fides_key: bench
    name: Bench
    collections:
      - name: messages
        description: What the person wrote.
        fields:
          - name: id
            fides_meta: {{primary_key: true, data_type: integer}}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {{identity: email, data_type: string}}
          - name: at
          - name: text
            data_categories: [user.content]
connection:
  - fides_key: bench_objects
    datasets: [bench]
    connector: s3
    purpose: To measure.
    lawful_basis: Art. 6(1)(f) GDPR, legitimate interest
    recipients: []
    retention_class: messages
    source: Made up.
    collections:
      messages: {{bucket: {BUCKET}, prefix: mb{megabytes}/, format: ndjson}}
controller:
  name: Bench
  contact: privacy@example.com
  dpo_contact: dpo@example.com
  complaint_authority: The authority of the country you live in.
  automated_decisions: There are none.
"
    )
}
