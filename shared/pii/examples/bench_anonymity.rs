//! Times anonymisation and the check from CSV in memory, CPU time of one thread (Linux): `bench_anonymity FILE.csv [RELEASE.csv]`.
//!
//! The file has the columns of UCI Adult; `anonymity_peers.py` makes it, and checks the release with another program.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use pii::anonymity::{
    AnonymityError, Column, Cutting, Diversity, Kind, Policy, Wanted, anonymize, measure, read_columns,
};

const QUASI: [&str; 8] =
    ["age", "workclass", "education", "marital_status", "occupation", "race", "sex", "native_country"];

fn wanted() -> Vec<Wanted> {
    let kind = |name: &str| if name == "age" { Kind::Numeric } else { Kind::Categorical };
    QUASI.iter().chain(["income"].iter()).map(|name| Wanted { name: (*name).to_owned(), kind: kind(name) }).collect()
}

fn read(csv: &[u8]) -> Result<(Vec<Column>, Vec<Column>), AnonymityError> {
    let mut columns = read_columns(csv, &wanted())?;
    let sensitive = columns.split_off(QUASI.len());
    Ok((columns, sensitive))
}

/// The seconds this thread was on a processor; others on the machine do not count.
struct Spent(f64);

impl Spent {
    fn so_far() -> Result<Self, std::io::Error> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
        let nanoseconds = text.split(' ').next().and_then(|field| field.parse::<f64>().ok());
        nanoseconds.map(|nanoseconds| Self(nanoseconds / 1e9)).ok_or(std::io::ErrorKind::InvalidData.into())
    }

    fn elapsed(&self) -> Result<f64, std::io::Error> {
        Ok(Self::so_far()?.0 - self.0)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let release_path = arguments.next();
    let csv = std::fs::read(path)?;
    check(&csv)?;
    let plain = |k| Policy::k(k);
    let policies = [
        ("k=5 (goal 0.032)", plain(5)),
        ("k=10 (goal 0.060)", plain(10)),
        ("k=50 (goal 0.157)", plain(50)),
        ("k=10 relaxed", Policy { cutting: Cutting::Relaxed, ..plain(10) }),
        ("k=10 suppression 1 %", Policy { suppression_limit: 0.01, ..plain(10) }),
        ("k=10 l=2", Policy { l: Some(Diversity::Distinct(2)), ..plain(10) }),
        ("k=10 entropy l=1.5", Policy { l: Some(Diversity::Entropy(1.5)), ..plain(10) }),
        ("k=10 t=0.2", Policy { t: Some(0.2), ..plain(10) }),
        ("k=10 l=2 t=0.2", Policy { l: Some(Diversity::Distinct(2)), t: Some(0.2), ..plain(10) }),
    ];
    for (name, policy) in policies {
        let mut best = [f64::MAX; 3];
        let mut line = String::new();
        for _ in 0..3 {
            let start = Spent::so_far()?;
            let (quasi, sensitive) = read(&csv)?;
            let read_for = start.elapsed()?;
            let release = anonymize(&quasi, &sensitive, &policy)?;
            let released_for = start.elapsed()?;
            let mut out = Vec::new();
            release.write_csv(&quasi, &sensitive, &mut out);
            for (best, now) in best.iter_mut().zip([read_for, released_for, start.elapsed()?]) {
                *best = best.min(now);
            }
            let report = release.report();
            line = format!(
                "NCP {:.4}, DM {}, {} classes, k {}, l {:?}, t {:.3}, suppressed {}, removed {}",
                report.information_loss,
                report.discernibility,
                report.privacy.classes,
                report.privacy.k,
                report.privacy.l.unwrap_or_default(),
                report.privacy.t.unwrap_or_default(),
                report.suppressed,
                report.removed,
            );
            if let Some(path) = release_path.as_ref().filter(|_| name.starts_with("k=10 l=2 t")) {
                std::fs::write(path, &out)?;
            }
        }
        let rows = quasi_rows(&csv)?;
        let [_, released, written] = best.map(|seconds| rows / seconds);
        println!(
            "{name}: {released:.0} rows/s from CSV, {written:.0} with writing, reading {:.3} s of {:.3}: {line}",
            best[0], best[1]
        );
    }
    Ok(())
}

fn check(csv: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    for _ in 0..3 {
        let start = Spent::so_far()?;
        let (quasi, sensitive) = read(csv)?;
        let read_for = start.elapsed()?;
        let found = measure(&quasi, &sensitive)?;
        let rate = found.rows as f64 / start.elapsed()?;
        println!("check: {rate:.0} rows/s from CSV (goal 1,500,000), reading alone {read_for:.3} s: {found:?}");
    }
    Ok(())
}

fn quasi_rows(csv: &[u8]) -> Result<f64, AnonymityError> {
    Ok(read(csv)?.0[0].rows() as f64)
}
