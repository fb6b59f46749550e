//! The place of a receipt in the audit log: fetched once the sealer has run, kept beside the receipt, and checked here without the stack.

use std::path::PathBuf;

use adapters_aws::{Aws, CallCounter};
use anyhow::{Context as _, ensure};
use audit_log::bundle::Bundle;
use audit_log::note::Verifier;
use audit_log::receipt::{Receipt, verify_place};
use workflow::ports::CheckpointSigner as _;

use super::Demo;
use crate::api::Api;
use crate::report;
use crate::waiting::pause;

/// How often the sealer is asked; by itself it runs each minute.
const TRIES: u32 = 60;

/// What a third party needs beside the receipt and its key.
pub(super) struct Place {
    /// The inclusion proof (C2SP tlog-proof).
    pub(super) proof: PathBuf,
    /// The public key of the log.
    pub(super) key: PathBuf,
    /// The position of the receipt's event.
    pub(super) index: u64,
    /// Events under the signed checkpoint.
    pub(super) size: u64,
}

/// Fetches proof and key, and checks one with the other and the receipt, and nothing else.
pub(super) async fn of(
    demo: &Demo<'_>,
    api: &Api,
    job: &str,
    (jws, content): (&str, &Receipt),
) -> anyhow::Result<Place> {
    let text = fetched(demo, api, job).await?;
    let aws = Aws::new(demo.stack.aws_config().await, CallCounter::process());
    let signer = aws.checkpoint_signer(demo.stack.resource("CheckpointKey")?);
    let pem = signer.key().await.context("the public key of the log could not be read")?.to_pem();
    let dir = demo.home.state("demo");
    let (proof, key) = (dir.join(format!("{job}.tlog-proof")), dir.join("log.pem"));
    std::fs::write(&proof, &text)?;
    std::fs::write(&key, &pem)?;
    let origin = format!("{}/{}", demo.stack.resource("AuditOrigin")?, demo.tenant);
    let (index, size) = check(&text, &pem, &origin, (jws, content))?;
    Ok(Place { proof, key, index, size })
}

/// Asks until the event is in the log.
async fn fetched(demo: &Demo<'_>, api: &Api, job: &str) -> anyhow::Result<String> {
    report::note("waiting for the sealer, which puts the receipt's event into the signed log");
    let lambda = aws_sdk_lambda::Client::new(&demo.stack.aws_config().await);
    let path = format!("/privacy/jobs/{job}/receipt/proof");
    for _ in 0..TRIES {
        if api.get(&path).await?.status.is_success() {
            return api.text(&path).await;
        }
        let sealer = lambda.invoke().function_name(demo.stack.resource("AuditSealer")?);
        sealer.payload("{}".as_bytes().to_vec().into()).send().await.context("the sealer can't be run")?;
        pause(500).await;
    }
    anyhow::bail!("the receipt's event did not come into the log")
}

/// Position and size; refused unless the signed log holds the event of exactly this receipt.
fn check(proof: &str, pem: &str, origin: &str, receipt: (&str, &Receipt)) -> anyhow::Result<(u64, u64)> {
    let bundle = Bundle::parse(proof)?;
    let key = audit_log::key::CheckpointKey::from_pem(pem)?;
    let verifier = Verifier::new(origin, key).context("the log has no usable name")?;
    let checkpoint = verify_place(receipt, &bundle, origin, &verifier).context("the proof does not hold")?;
    ensure!(bundle.index < checkpoint.size, "the proof names a place beyond the log");
    Ok((bundle.index, checkpoint.size))
}
