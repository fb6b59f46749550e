//! A CSV table as a whole: widened until nobody stands alone in it, checked, then written.

use std::fs;
use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use pii::anonymity::{Cutting, Diversity, Kind, Policy, Wanted, anonymize, read_columns};

use super::write_to;
use crate::args::AnonymizeArguments;
use crate::report;

const METHODS: [&str; 3] = ["k_anonymity", "l_diversity", "t_closeness"];

/// Whether the method is about tables as a whole.
pub(super) fn is_for_tables(method: &str) -> bool {
    METHODS.contains(&method)
}

pub(super) fn run(arguments: &AnonymizeArguments) -> anyhow::Result<ExitCode> {
    let policy = policy(arguments)?;
    let wanted = wanted(arguments)?;
    let mut csv = Vec::new();
    if arguments.source == "-" {
        std::io::stdin().lock().read_to_end(&mut csv)?;
    } else {
        csv = fs::read(&arguments.source).with_context(|| format!("{} can't be read", arguments.source))?;
    }
    let waiting = report::spinner("anonymising");
    let mut quasi = read_columns(&csv, &wanted)?;
    let sensitive = quasi.split_off(arguments.quasi_identifiers.len());
    let release = anonymize(&quasi, &sensitive, &policy)?;
    let mut out = Vec::with_capacity(csv.len());
    release.write_csv(&quasi, &sensitive, &mut out);
    waiting.finish_and_clear();
    write_to(arguments.out.as_deref(), |to| Ok(to.write_all(&out)?))?;
    let told = release.report();
    let (l, t) = (told.privacy.l, told.privacy.t);
    report::note(&format!(
        "{} rows in {} groups: k {}{}{}, information loss {:.4}, {} suppressed, {} left out",
        told.privacy.rows,
        told.privacy.classes,
        told.privacy.k,
        l.map_or_else(String::new, |l| format!(", l {l}")),
        t.map_or_else(String::new, |t| format!(", t {t:.3}")),
        told.information_loss,
        told.suppressed,
        told.removed,
    ));
    Ok(ExitCode::SUCCESS)
}

fn policy(arguments: &AnonymizeArguments) -> anyhow::Result<Policy> {
    let (l, t) = match (arguments.method.as_str(), arguments.t) {
        ("k_anonymity", None) => (None, None),
        ("l_diversity", None) => (Some(Diversity::Distinct(arguments.l)), None),
        ("t_closeness", Some(t)) => (None, Some(t)),
        ("t_closeness", None) => bail!("t_closeness needs --t, a number between 0 and 1"),
        (_, _) => bail!("--t is for t_closeness only"),
    };
    Ok(Policy { k: arguments.k, l, t, cutting: Cutting::Strict, suppression_limit: arguments.suppression_limit })
}

fn wanted(arguments: &AnonymizeArguments) -> anyhow::Result<Vec<Wanted>> {
    ensure!(!arguments.quasi_identifiers.is_empty(), "--quasi-identifiers names no column");
    for name in &arguments.numeric {
        ensure!(arguments.quasi_identifiers.contains(name), "--numeric: {name} is no quasi-identifier");
    }
    let kind = |name: &String| if arguments.numeric.contains(name) { Kind::Numeric } else { Kind::Categorical };
    let quasi = arguments.quasi_identifiers.iter().map(|name| Wanted { name: name.clone(), kind: kind(name) });
    let sensitive = arguments.sensitive.iter().map(|name| Wanted { name: name.clone(), kind: Kind::Categorical });
    Ok(quasi.chain(sensitive).collect())
}
