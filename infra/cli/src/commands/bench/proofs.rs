//! Inclusion proofs a second through the real handler of `audit-api` on memory adapters; over the stack it is `tests/stack/proof_rate.rs`.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Figure;
use crate::home::Home;
use crate::report;

/// The test that measures, asserts the bar where it is optimised, and prints the figure.
const TEST: &str = "audit_figures::a_thousand_proofs_a_second_leave_the_handler";
const FIGURE: &str = " proofs a second through the handler";

/// Proofs a second, with token and audit event, in the profile of the local stack: its programs are there already.
pub(super) fn measure(home: &Home) -> anyhow::Result<Vec<Figure>> {
    report::note("proofs: building the flows in the profile `local`");
    let mut command = Command::new("cargo");
    command.args([
        "test",
        "--quiet",
        "--workspace",
        "--profile",
        "local",
        "--test",
        "flows",
        "--",
        "--nocapture",
        TEST,
    ]);
    let output = command.current_dir(home.root()).output().context("cannot run cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the bench of proofs failed:\n{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| line.split_once(FIGURE)).context("the bench said no figure")?;
    let value =
        line.0.split_whitespace().last().and_then(|rate| rate.parse().ok()).context("the figure is no number")?;
    let beside = "bar: 1,000; token and audit event included".to_owned();
    Ok(vec![Figure { name: "inclusion proofs, by the handler".to_owned(), value, unit: "/s", beside }])
}
