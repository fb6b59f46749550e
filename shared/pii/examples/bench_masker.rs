//! What masking costs a function: the first line after a cold start, and each line after it.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::hint::black_box;
use std::time::Instant;

use pii::mask::LogMasker;
use serde_json::json;

static MASKER: LogMasker = LogMasker::new();

fn main() {
    let line = || {
        json!({"message": "answered", "request.id": "JKJaXmPLvHcESHA=", "method": "GET", "status": 200,
            "route": "/api/v1/privacy/jobs/{id}", "elapsed_ms": 12, "job.id": "job_0193a2b4c5d6780090a0b0c0d0e0f000"})
    };
    let personal =
        || json!({"message": "mail to ada@example.com, call +1 (415) 555-0100, iban DE89370400440532013000"});
    let started = Instant::now();
    black_box(MASKER.masked_json(line()));
    println!("first ordinary line {:>9.1} µs", started.elapsed().as_secs_f64() * 1e6);
    let started = Instant::now();
    black_box(MASKER.masked_json(personal()));
    println!("first personal line {:>9.1} µs", started.elapsed().as_secs_f64() * 1e6);
    for (name, make) in [("ordinary", &line as &dyn Fn() -> serde_json::Value), ("personal", &personal)] {
        let started = Instant::now();
        for _ in 0..20_000 {
            black_box(MASKER.masked_json(make()));
        }
        println!("each {name} line     {:>9.1} µs", started.elapsed().as_secs_f64() * 1e6 / 20_000.0);
    }
}
