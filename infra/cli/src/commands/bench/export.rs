//! Export speed: runs the bench of `archive`, which prints limit, plain program and ours from one run.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Figure;
use crate::home::Home;
use crate::report;

/// Lines of the bench that become figures: how they begin, and what is said beside them.
const LINES: [(&str, &str); 4] = [
    ("limit:", "deflate alone on the same outputs"),
    ("plain:", "serde_json, csv and zlib-rs: the naive program"),
    ("ours, rows as JSON", "bar: 35 MB/s, not larger than zlib level 6"),
    ("ours, rows as values", "bar: 35 MB/s, not larger than zlib level 6"),
];

/// MB of input per second of CPU.
pub(super) fn measure(home: &Home) -> anyhow::Result<Vec<Figure>> {
    report::note("export: building and running the bench of `archive`");
    let mut command = Command::new("cargo");
    command.args(["bench", "--quiet", "--package", "archive", "--bench", "export"]).current_dir(home.root());
    let output = command.output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the export bench failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    report::note(text.trim_end());
    Ok(LINES.iter().filter_map(|(start, beside)| figure(&text, start, beside)).collect())
}

fn figure(text: &str, start: &str, beside: &str) -> Option<Figure> {
    let line = text.lines().find(|line| line.starts_with(start) && line.contains("MB/s"))?;
    let value = line.split("MB/s").next()?.split_whitespace().last()?.parse().ok()?;
    Some(Figure {
        name: format!("export, {}", start.trim_end_matches(':')),
        value,
        unit: "MB/s",
        beside: beside.to_owned(),
    })
}
