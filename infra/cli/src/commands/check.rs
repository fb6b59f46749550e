//! `habeas check`: what CI checks before it runs the tests, in the same order. It changes nothing but formatting, and that only with `--fix`.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Context as _;

use crate::args::CheckArguments;
use crate::home::Home;
use crate::report;

/// Cargo's arguments, check by check; the first failing one ends the run.
const CHECKS: [(&str, &[&str]); 3] = [
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    // No `-p`: the tests are then built with the features of the whole workspace, as everything else is.
    ("tidy", &["test", "--test", "tidy", "--locked", "--quiet"]),
];
const REPAIR: (&str, &[&str]) = ("format", &["fmt", "--all"]);

/// Runs format, lints and the tidy suite; fails with the first of them that fails.
pub(crate) fn run(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    for (name, given) in plan(arguments.fix) {
        let begun = Instant::now();
        let status = Command::new("cargo")
            .args(given)
            .current_dir(home.root())
            .status()
            .with_context(|| format!("cannot start cargo for {name}"))?;
        if !status.success() {
            report::note(&format!("{name}: failed; run it alone with `cargo {}`", given.join(" ")));
            return Ok(ExitCode::FAILURE);
        }
        report::note(&format!("{name}: fine, {:.1} s", begun.elapsed().as_secs_f64()));
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(fix: bool) -> Vec<(&'static str, &'static [&'static str])> {
    let mut plan = CHECKS.to_vec();
    if fix {
        plan[0] = REPAIR;
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::plan;

    #[test]
    fn formatting_comes_first_and_is_repaired_only_if_asked() {
        assert!(plan(false)[0].1.contains(&"--check"));
        assert_eq!(plan(true)[0].1, ["fmt", "--all"]);
        assert_eq!(plan(true)[1..], plan(false)[1..]);
    }

    #[test]
    fn ci_runs_the_same_checks() {
        let script = include_str!("../../../../.ci/run");
        for (name, given) in plan(false).iter().take(2) {
            assert!(script.contains(&format!("cargo {}", given.join(" "))), "{name} differs in .ci/run");
        }
    }
}
