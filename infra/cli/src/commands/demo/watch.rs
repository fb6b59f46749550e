//! Watches a job with a progress bar until it ends.

use anyhow::bail;
use serde_json::Value;

use crate::api::Api;
use crate::report;
use crate::waiting::pause;

/// How long to watch, in fifths of a second.
const PATIENCE: u32 = 3_000;

/// The job as it is once completed.
pub(super) async fn until_completed(api: &Api, job: &str) -> anyhow::Result<Value> {
    until(api, job, "completed").await
}

/// The job as it is once it has a status.
pub(super) async fn until(api: &Api, job: &str, wanted: &str) -> anyhow::Result<Value> {
    let bar = report::bar(0, "working");
    for _ in 0..PATIENCE {
        let view = api.get(&format!("/privacy/jobs/{job}")).await?.expect_success("the job could not be read")?;
        let progress = &view["progress"];
        bar.set_length(progress["total"].as_u64().unwrap_or(0));
        bar.set_position(progress["done"].as_u64().unwrap_or(0));
        bar.set_message(running(&view));
        match view["status"].as_str().unwrap_or("unknown") {
            status if status == wanted => {
                bar.finish_and_clear();
                return Ok(view);
            }
            status @ ("needs_human" | "failed" | "cancelled" | "rejected" | "expired" | "completed") => {
                bar.finish_and_clear();
                let why =
                    view["parked_because"].as_str().or(view["resolution_notes"].as_str()).unwrap_or("no reason given");
                bail!("the job is {status}: {why}");
            }
            _ => pause(200).await,
        }
    }
    bail!("the job did not end within {} s: see .habeas/emulator.log", PATIENCE / 5)
}

/// The steps under way, in words.
fn running(view: &Value) -> String {
    let steps = view["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let open = steps.iter().filter(|step| step["state"] == "claimed" || step["state"] == "ready");
    let names: Vec<&str> = open.filter_map(|step| step["name"].as_str()).collect();
    names.first().map_or_else(|| "waiting".to_owned(), |name| (*name).to_owned())
}
