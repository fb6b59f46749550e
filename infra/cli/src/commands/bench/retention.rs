//! Retention over a million generated rows: runs the bench of `tests`, which proves what left before it tells a figure.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Figure;
use crate::home::Home;
use crate::report;

/// Lines of the bench that become figures: how they begin, what they are called, their unit, and what stands beside them.
const LINES: [(&str, &str, &str, &str); 4] = [
    ("rows/s:", "retention, 1,000,000 rows", "rows/s", "both passes; 600,000 archived and deleted"),
    ("calls per 1,000:", "retention, AWS calls per 1,000 records", "calls", "bar: 45"),
    ("peak MiB:", "retention, memory", "MiB", "the sweep and what stands for our tables"),
    ("deaths:", "retention, killed", "times", "the same rows gone, each archived once"),
];

/// Records a second, calls, memory, and how many deaths changed nothing.
pub(super) fn measure(home: &Home) -> anyhow::Result<Vec<Figure>> {
    report::note("retention: building and running the bench of `tests`");
    let mut command = Command::new("cargo");
    command.args(["run", "--release", "--quiet", "--package", "habeas-tests", "--bin", "retention-bench"]);
    let output = command.current_dir(home.root()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the retention bench failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(LINES.iter().filter_map(|line| figure(&text, *line)).collect())
}

fn figure(text: &str, (start, name, unit, beside): (&str, &str, &'static str, &str)) -> Option<Figure> {
    let value = text.lines().find_map(|line| line.strip_prefix(start))?.trim().parse().ok()?;
    Some(Figure { name: name.to_owned(), value, unit, beside: beside.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_bench_is_a_figure() {
        let text = "rows: 9\nrows/s: 120\ncalls per 1,000: 44.0\ndeaths: 30\npeak MiB: 80.5\n";
        let values: Vec<f64> = LINES.iter().filter_map(|line| figure(text, *line)).map(|figure| figure.value).collect();
        assert_eq!(values, [120.0, 44.0, 80.5, 30.0]);
    }
}
