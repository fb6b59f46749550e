//! MB of text per second of CPU time: all pattern types, beside one combined expression over the same bytes in the same run.
//!
//! `bench_scan FILE [MB]`, on the chat log or the nested records of the generators.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::fs;
use std::hint::black_box;

use pii::detect::{Hit, Scanner};

#[path = "combined/patterns.rs"]
mod patterns;

/// CPU seconds of this one thread.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().ok_or("no time in schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

fn found_in(scanner: &Scanner, line: &[u8], hits: &mut Vec<Hit>) -> usize {
    hits.clear();
    scanner.find(line, hits);
    hits.len()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut bytes = fs::read(arguments.next().ok_or("usage: bench_scan FILE [MB]")?)?;
    let megabytes: usize = arguments.next().map_or(Ok(64), |text| text.parse())?;
    bytes.truncate(megabytes * 1_000_000);
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let combined = patterns::combined()?;
    let is_json = lines.first().is_some_and(|line| line.starts_with(b"{"));
    let scanner = Scanner::new();
    let people = scanner.clone().with_people();
    let mut documents = scanner.documents();
    let mut rounds: [Vec<f64>; 5] = Default::default();
    let mut counts = [0_usize; 5];
    for _ in 0..5 {
        let mut hits: Vec<Hit> = Vec::new();
        let jobs: [&mut dyn FnMut() -> usize; 5] = [
            &mut || combined.find_iter(&bytes).count(),
            &mut || lines.iter().map(|line| combined.find_iter(line).count()).sum(),
            &mut || lines.iter().map(|line| found_in(&scanner, line, &mut hits)).sum(),
            &mut || {
                if is_json {
                    lines.iter().map(|line| documents.scan(line).map_or(0, |found| found.len())).sum()
                } else {
                    0
                }
            },
            &mut || {
                let mut hits = Vec::new();
                lines.iter().map(|line| found_in(&people, line, &mut hits)).sum()
            },
        ];
        for (at, job) in jobs.into_iter().enumerate() {
            let before = cpu_seconds()?;
            counts[at] = black_box(job());
            rounds[at].push(cpu_seconds()? - before);
        }
    }
    let size = f64::from(u32::try_from(bytes.len())?) / 1e6;
    let names = [
        "combined expression, whole buffer",
        "combined expression, by line",
        "scan by line",
        "scan as JSON by line",
        "scan by line with names and places",
    ];
    for ((name, mut seconds), found) in names.into_iter().zip(rounds).zip(counts) {
        seconds.sort_by(f64::total_cmp);
        if found > 0 {
            println!("{name}: {:.1} MB/s (median of 5, {size:.1} MB, {found} found)", size / seconds[2]);
        }
    }
    Ok(())
}
