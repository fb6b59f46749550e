//! A CSV or Parquet table as a whole: widened until nobody stands alone in it, checked, then written.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use domain::datum::Datum;
use indicatif::ProgressBar;
use pii::anonymity::{Cutting, Diversity, Kind, Policy, Wanted, anonymize, read_columns};

use super::write_to;
use crate::args::AnonymizeArguments;
use crate::parquet_rows::{MAGIC, each_row, is_parquet};
use crate::report;

const METHODS: [&str; 3] = ["k_anonymity", "l_diversity", "t_closeness"];

/// Whether the method is about tables as a whole.
pub(super) fn is_for_tables(method: &str) -> bool {
    METHODS.contains(&method)
}

pub(super) fn run(arguments: &AnonymizeArguments) -> anyhow::Result<ExitCode> {
    let policy = policy(arguments)?;
    let wanted = wanted(arguments)?;
    let waiting = report::spinner("anonymising");
    let csv = csv_of(arguments, &wanted)?;
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

/// The bytes of a CSV file, or the wanted columns of a Parquet file in that form.
fn csv_of(arguments: &AnonymizeArguments, wanted: &[Wanted]) -> anyhow::Result<Vec<u8>> {
    let mut csv = Vec::new();
    let path = Path::new(&arguments.source);
    if arguments.source == "-" {
        std::io::stdin().lock().read_to_end(&mut csv)?;
        ensure!(!csv.starts_with(MAGIC), "Parquet can't be read from a stream: name the file");
    } else if is_parquet(path) {
        let is_wanted = |name: &str| wanted.iter().any(|column| column.name == name);
        let read = each_row(path, &ProgressBar::hidden(), &mut |number, row| {
            let Datum::Map(mut fields) = row else { return Ok(()) };
            fields.retain(|(name, _)| is_wanted(name));
            if number == 1 {
                write_line(&mut csv, fields.iter().map(|(name, _)| Datum::Text(name.clone())));
            }
            write_line(&mut csv, fields.into_iter().map(|(_, value)| value));
            Ok(())
        })?;
        ensure!(!read.broken, "{} can't be read to its end as Parquet", arguments.source);
    } else {
        csv = fs::read(path).with_context(|| format!("{} can't be read", arguments.source))?;
    }
    Ok(csv)
}

/// One record; a field without quotes and content is null, and what is no single value is its JSON.
fn write_line(csv: &mut Vec<u8>, values: impl Iterator<Item = Datum>) {
    for (at, value) in values.enumerate() {
        if at > 0 {
            csv.push(b',');
        }
        let text = match value {
            Datum::Null => continue,
            Datum::Text(text) => text,
            Datum::Number(digits) => digits,
            Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => {
                String::from_utf8_lossy(&value.to_json()).into_owned()
            }
        };
        csv.extend(format!("\"{}\"", text.replace('"', "\"\"")).bytes());
    }
    csv.push(b'\n');
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};
    use crate::parquet_rows::tests::written;

    fn arguments(words: &[&str]) -> AnonymizeArguments {
        let words = ["habeas", "anonymize"].iter().chain(words).copied();
        let Command::Anonymize(arguments) = Arguments::parse_from(words).command else { unreachable!() };
        arguments
    }

    fn refused(words: &[&str]) -> String {
        format!("{:#}", run(&arguments(words)).unwrap_err())
    }

    #[test]
    fn a_parquet_table_is_anonymised_as_a_whole() {
        let rows: Vec<(i64, &str)> = (0..40).map(|id| (20 + id, if id % 2 == 0 { "a, \"b\"" } else { "c" })).collect();
        let path = written("whole", &rows);
        let out = path.with_extension("csv");
        let (from, to) = (path.to_str().unwrap(), out.to_str().unwrap());
        let table = [from, "--out", to, "--method", "k_anonymity", "--quasi-identifiers", "id", "--numeric", "id"];
        run(&arguments(&[&table[..], &["--sensitive", "note"]].concat())).unwrap();
        let text = fs::read_to_string(&out).unwrap();
        assert!(text.starts_with("id,note\n") && text.lines().count() == 41 && text.contains(".."), "{text}");
        assert!(text.contains("\"a, \"\"b\"\"\""), "{text}");
        assert!(refused(&[from, "--method", "k_anonymity", "--quasi-identifiers", "age"]).contains("age"));
        fs::remove_file(path).unwrap();
        fs::remove_file(out).unwrap();
    }

    #[test]
    fn what_cannot_be_asked_of_a_table_is_refused_by_name() {
        let path = std::env::temp_dir().join(format!("habeas-refused-{}.csv", std::process::id()));
        fs::write(&path, "age,city\n30,Ulm\n31,Ulm\nNaN,Bonn\n").unwrap();
        let from = path.to_str().unwrap();
        let city = [from, "--method", "k_anonymity", "--quasi-identifiers", "city"];
        let age = [from, "--method", "k_anonymity", "--quasi-identifiers", "age", "--numeric", "age", "--k", "2"];
        assert!(refused(&[&city[..], &["--k", "0"]].concat()).contains('k'));
        assert!(refused(&[&city[..], &["--k", "4"]].concat()).contains('4'));
        assert!(refused(&age).contains("age"), "NaN is no number");
        assert!(refused(&[&city[..], &["--k", "1", "--suppression-limit", "NaN"]].concat()).contains("suppression"));
        let close = [from, "--method", "t_closeness", "--quasi-identifiers", "city", "--k", "2"];
        assert!(refused(&close).contains("--t"));
        assert!(refused(&[&close[..], &["--t", "NaN"]].concat()).contains('t'));
        assert!(super::super::run(&arguments(&[from, "--method", "k_anonymize"])).is_err());
        fs::write(&path, b"age,city\n30,\xff\xfe\n").unwrap();
        drop(run(&arguments(&[&city[..], &["--k", "1"]].concat())));
        fs::remove_file(path).unwrap();
    }
}
