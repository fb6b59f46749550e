//! What a sweep costs: AWS calls per 1,000 records, and that deaths change nothing, over few rows.
//!
//! `cargo habeas bench retention` does the same over a million in release; `HABEAS_RETENTION=1000000` here, slowly.

use habeas_tests::large_retention::LargeRetention;

const USUAL: u64 = 3_000;
const DEATHS: u64 = 30;

#[expect(clippy::disallowed_methods, reason = "a million rows are asked for on demand")]
fn rows() -> u64 {
    std::env::var("HABEAS_RETENTION").ok().and_then(|rows| rows.parse().ok()).unwrap_or(USUAL)
}

#[test]
fn a_thousand_records_cost_45_calls_at_most_and_thirty_deaths_change_nothing() {
    let rows = rows();
    let scratch = std::env::temp_dir().join(format!("habeas-retention-flows-{}", std::process::id()));
    let calm = LargeRetention::reported(rows, &scratch.join("calm"));
    let cost = calm.sweep();
    println!(
        "retention: {rows} records looked at, {} archived and deleted in {:.1} s ({:.0} records/s), {:.1} AWS calls per \
         1,000",
        cost.deleted,
        cost.seconds,
        cost.rows_per_second(),
        cost.calls_per_thousand()
    );
    assert_eq!(calm.broken(), [""; 0]);
    // Few rows share their chunks with the keys that are made for the first time.
    assert!(cost.calls_per_thousand() <= 45.0 || rows < 200_000, "{cost:?}");
    let killed = LargeRetention::reported(rows, &scratch.join("killed"));
    killed.sweep_through(DEATHS, cost.calls);
    assert_eq!(killed.broken(), [""; 0], "after {DEATHS} deaths");
    drop(std::fs::remove_dir_all(scratch));
}
