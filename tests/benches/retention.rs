//! `cargo habeas bench retention`: what a sweep of a million rows costs, and that thirty deaths change nothing.
//!
//! Figures are printed as lines of name and number; another number of rows may be given as an argument.

use std::path::PathBuf;
use std::process::ExitCode;

use habeas_tests::large_retention::LargeRetention;

const ROWS: u64 = 1_000_000;
const DEATHS: u64 = 30;

fn main() -> ExitCode {
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let scratch = std::env::temp_dir().join(format!("habeas-retention-{}", std::process::id()));
    let calm = LargeRetention::reported(rows, &scratch.join("calm"));
    let cost = calm.sweep();
    let peak = peak_mebibytes();
    let mut broken = calm.broken();
    drop(calm);
    let killed = LargeRetention::reported(rows, &scratch.join("killed"));
    killed.sweep_through(DEATHS, cost.calls);
    broken.extend(killed.broken());
    // What is left there is only in the way.
    drop(std::fs::remove_dir_all(scratch));
    if let Some(first) = broken.first() {
        eprintln!("{} things are not as they must be: {first}", broken.len());
        return ExitCode::FAILURE;
    }
    println!("rows: {rows}");
    println!("deleted: {}", cost.deleted);
    println!("rows/s: {:.0}", cost.rows_per_second());
    println!("calls per 1,000: {:.1}", cost.calls_per_thousand());
    println!("deaths: {DEATHS}");
    if let Some(peak) = peak {
        println!("peak MiB: {peak:.1}");
    }
    ExitCode::SUCCESS
}

/// The peak of this process so far; none where there is no `/proc`.
fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string(PathBuf::from("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kibibytes) / 1024.0)
}
