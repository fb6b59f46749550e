//! `habeas demo --erase`: one person is erased as the law asks: planned, approved by another, carried out, searched for
//! again, and proven by a receipt and its place in the audit log, both checked here without the stack.

use std::path::PathBuf;
use std::process::ExitCode;

use adapters_aws::{Aws, CallCounter};
use anyhow::{Context as _, ensure};
use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, verify};
use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::outcome::{Stopwatch, millis};
use super::place::{self, Place};
use super::{Demo, watch};
use crate::api::{self, Api};
use crate::args::Role;
use crate::home::Home;
use crate::report;
use crate::sample::{self, SETTINGS_FILE, Settings};

/// Where the number of people erased so far is kept, so that each run takes the next person.
const ERASED: &str = "demo/erased";

/// The next person of the sample who was not erased yet. The first is left alone: the other demo is about them.
pub(super) fn next_person(home: &Home) -> anyhow::Result<String> {
    let settings = Settings::beside(&home.sample())?.with_context(|| format!("the sample has no {SETTINGS_FILE}"))?;
    let erased: usize =
        std::fs::read_to_string(home.state(ERASED)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    sample::address(&settings, erased + 1).context(
        "everybody of the sample is erased: run `cargo habeas load infra/sample` and remove .habeas/demo/erased",
    )
}

fn note_person(home: &Home) -> anyhow::Result<()> {
    let path = home.state(ERASED);
    let erased: usize = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    std::fs::create_dir_all(home.state("demo"))?;
    Ok(std::fs::write(path, (erased + 1).to_string())?)
}

/// What the demo has seen.
struct Seen {
    job: String,
    status: Value,
    plan: Value,
    residual: u64,
    receipt: PathBuf,
    key: PathBuf,
    content: Receipt,
    place: Place,
}

/// Runs the demo; success only if nothing is left and the receipt verifies.
pub(super) async fn run(demo: &Demo<'_>, mut laps: Stopwatch, as_json: bool) -> anyhow::Result<ExitCode> {
    let seen = play(demo, &mut laps).await?;
    if demo.tenant == demo.stack.tenant {
        note_person(demo.home)?;
    }
    let steps: Vec<(String, u64)> = laps.finish().into_iter().map(|(name, took)| (name, millis(took))).collect();
    if as_json {
        let steps: Vec<Value> = steps.iter().map(|(name, ms)| json!({"name": name, "ms": ms})).collect();
        let body = json!({
            "job_id": seen.job,
            "status": seen.status,
            "steps": steps,
            "plan": { "hash": seen.plan["plan_hash"], "sources": seen.plan["sources"] },
            "residual": seen.residual,
            "receipt": { "path": seen.receipt, "key_path": seen.key },
            "proof": {
                "path": seen.place.proof,
                "key_path": seen.place.key,
                "leaf_index": seen.place.index,
                "tree_size": seen.place.size,
            },
        });
        report::line(&serde_json::to_string_pretty(&body)?);
    } else {
        print(&seen, &steps);
    }
    ensure!(seen.residual == 0, "{} rows of the person are still there", seen.residual);
    ensure!(seen.content.plan_hash == seen.plan["plan_hash"], "the receipt is for another plan than the one approved");
    Ok(ExitCode::SUCCESS)
}

async fn play(demo: &Demo<'_>, laps: &mut Stopwatch) -> anyhow::Result<Seen> {
    let operator = demo.api(Role::Operator)?;
    let mailbox = Mailbox::new(&demo.stack.endpoint_url, demo.subject);
    let job = submit(demo, &operator, "erasure").await?;
    report::note(&format!("job {job} accepted: erase one person of tenant {}", demo.tenant));
    let code = mailbox.code(&job).await?;
    let verified = operator.post(&format!("/privacy/jobs/{job}/verify"), &json!({ "code": code })).await?;
    verified.expect_success("the code was refused")?;
    laps.lap("submit and verify");
    watch::until(&operator, &job, "awaiting_approval").await?;
    let plan = operator.get(&format!("/privacy/jobs/{job}/plan")).await?.expect_success("there is no plan")?;
    laps.lap("plan");
    report::note(&format!("the plan waits for approval; {}", in_words(&plan)));
    let approval = json!({ "plan_hash": plan["plan_hash"] });
    let approved = demo.api(Role::Dpo)?.post(&format!("/privacy/jobs/{job}/approve"), &approval).await?;
    approved.expect_success("the approval was refused")?;
    laps.lap("approve");
    report::note("approved by the privacy officer; the grace period of this demo is 0 days");
    let view = watch::until_completed(&operator, &job).await?;
    laps.lap("plan again, erase, confirm, sign");
    let (receipt, key, content) = receipt(demo, &operator, &job).await?;
    laps.lap("verify the receipt offline");
    let jws = std::fs::read_to_string(&receipt)?;
    let place = place::of(demo, &operator, &job, (&jws, &content)).await?;
    laps.lap("seal, verify its place offline");
    let residual = left(demo).await?;
    laps.lap("export again");
    Ok(Seen { job, status: view["status"].clone(), plan, residual, receipt, key, content, place })
}

async fn submit(demo: &Demo<'_>, api: &Api, kind: &str) -> anyhow::Result<String> {
    let mut request = json!({
        "type": kind,
        "regime": "gdpr",
        "subject": { "identities": [{ "type": "email", "value": demo.subject }] },
    });
    if kind == "erasure" {
        request["grace_period_days"] = json!(0);
    } else {
        request["include_media"] = json!(true);
    }
    let accepted = api.post("/privacy/requests", &request).await?.expect_success("the request was refused")?;
    Ok(accepted["id"].as_str().context("the answer names no job")?.to_owned())
}

/// Keeps the receipt and the public key, and checks one with the other and nothing else.
pub(super) async fn receipt(demo: &Demo<'_>, operator: &Api, job: &str) -> anyhow::Result<(PathBuf, PathBuf, Receipt)> {
    let jws = operator.text(&format!("/privacy/jobs/{job}/receipt")).await?;
    let aws = Aws::new(demo.stack.aws_config().await, CallCounter::process());
    let der = aws.receipt_signer(demo.stack.resource("ReceiptKey")?).public_key().await;
    let der = der.context("the public key of the receipts could not be read")?;
    let pem = ReceiptKey::from_der(&der)?.to_pem();
    std::fs::create_dir_all(demo.home.state("demo"))?;
    let receipt = demo.home.state("demo").join(format!("{job}.jws"));
    let key = demo.home.state("demo").join("receipts.pem");
    std::fs::write(&receipt, &jws)?;
    std::fs::write(&key, &pem)?;
    let content = verify(&jws, &ReceiptKey::from_pem(&pem)?).context("the receipt does not verify")?.read()?;
    Ok((receipt, key, content))
}

/// How many rows an export still finds, asked for by the person, signed in.
async fn left(demo: &Demo<'_>) -> anyhow::Result<u64> {
    let person = demo.api_of(Role::DataSubject, Some(demo.subject))?;
    let job = submit(demo, &person, "access").await?;
    watch::until_completed(&person, &job).await?;
    let link = person.get(&format!("/privacy/jobs/{job}/download?redirect=false")).await?.expect_success("no link")?;
    let path = demo.home.state("demo").join(format!("{job}.zip"));
    api::download(link["url"].as_str().context("the answer holds no link")?, &path).await?;
    let archive = archive::verify(std::fs::File::open(&path)?).context("the download is not an archive")?;
    let kept = demo_kept();
    let rows = archive.rows.iter().filter(|(source, _)| !kept.contains(&source.as_str()));
    Ok(rows.map(|(_, rows)| *rows).sum())
}

/// Sources of our own that tell of the requests themselves; they are not what was erased.
const fn demo_kept() -> [&'static str; 2] {
    ["habeas.requests", "habeas.audit_events"]
}

fn in_words(plan: &Value) -> String {
    let sum = |field: &str| -> u64 {
        let sources = plan["sources"].as_array().map(Vec::as_slice).unwrap_or_default();
        sources.iter().filter_map(|source| source[field].as_u64()).sum()
    };
    let (delete, anonymise, keep) = (sum("would_delete"), sum("would_anonymise"), sum("would_keep"));
    format!("{delete} records to delete, {anonymise} to anonymise, {keep} to keep")
}

fn print(seen: &Seen, steps: &[(String, u64)]) {
    report::line(&format!("plan {}", seen.plan["plan_hash"].as_str().unwrap_or("")));
    for source in seen.plan["sources"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let count = |field: &str| source[field].as_u64().unwrap_or(0);
        report::line(&format!(
            "  {:32} delete {:>6}  anonymise {:>6}  keep {:>6}  {}",
            source["source"].as_str().unwrap_or(""),
            count("would_delete"),
            count("would_anonymise"),
            count("would_keep"),
            source["reason"].as_str().unwrap_or(""),
        ));
    }
    report::line(&format!("receipt {} (verified offline with {})", seen.receipt.display(), seen.key.display()));
    let Place { proof, key, index, size } = &seen.place;
    report::line(&format!(
        "proof   {} (event {index} of {size}, verified offline with {})",
        proof.display(),
        key.display()
    ));
    for source in &seen.content.sources {
        let counts: Vec<String> = source.counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        report::line(&format!("  {:32} {}", source.source, counts.join(", ")));
    }
    report::line(&format!("rows an export still finds: {}", seen.residual));
    for (name, ms) in steps {
        report::line(&format!("  {name:32} {ms:>8} ms"));
    }
}
