//! Cold start and memory of each packaged function, beside a bare `lambda_runtime` program, against a runtime API of our own.
//!
//! Measured from the start of the process to its first request for an event; no AWS call is made in that time.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::Figure;
use crate::commands::package;
use crate::home::Home;
use crate::{processes, report};

/// Starts of each program; the median counts.
const ROUNDS: usize = 15;

/// Milliseconds and MiB of each function.
pub(super) async fn measure(home: &Home) -> anyhow::Result<Vec<Figure>> {
    let bare = build_bare(home)?;
    let (bare_ms, bare_mib) = start_often(&bare).await?;
    let mut figures = vec![
        figure("cold start, bare lambda_runtime", bare_ms, "ms", "the floor of this run".to_owned()),
        figure("memory, bare lambda_runtime", bare_mib, "MiB", "the floor of this run".to_owned()),
    ];
    for function in package::FUNCTIONS {
        let program = home.packages().join(function).join("bootstrap");
        ensure!(program.is_file(), "{} is not packaged: run `cargo habeas package` first", program.display());
        let (ms, mib) = start_often(&program).await?;
        let over = format!("bar: floor + 10 ms; here + {:.1} ms", ms - bare_ms);
        figures.push(figure(&format!("cold start, {function}"), ms, "ms", over));
        figures.push(figure(&format!("memory, {function}"), mib, "MiB", "bar: 40 MiB".to_owned()));
        let bytes = std::fs::metadata(&program)?.len();
        figures.push(figure(&format!("size, {function}"), mebibytes(bytes), "MiB", String::new()));
    }
    Ok(figures)
}

/// Built like the functions that are packaged, so that the floor is theirs.
fn build_bare(home: &Home) -> anyhow::Result<PathBuf> {
    let profile = package::packaged_profile(home)?;
    report::note(&format!("cold start: building a bare function with the profile `{profile}`"));
    let mut command = Command::new("cargo");
    command.args(["build", "--quiet", "--profile", &profile, "--package", "lambda-kit", "--example", "bare"]);
    let status = command.current_dir(home.root()).status().context("cannot run cargo")?;
    ensure!(status.success(), "the bare function does not build");
    let directory = if profile == "dev" { "debug" } else { &profile };
    Ok(home.root().join("target").join(directory).join("examples/bare"))
}

/// Median milliseconds to the first request for an event, and peak MiB until then.
async fn start_often(program: &Path) -> anyhow::Result<(f64, f64)> {
    let mut times = Vec::new();
    let mut peaks = Vec::new();
    for _ in 0..ROUNDS {
        let (took, peak) = start_once(program).await?;
        times.push(took.as_secs_f64() * 1000.0);
        peaks.push(peak);
    }
    Ok((median(times), median(peaks)))
}

async fn start_once(program: &Path) -> anyhow::Result<(Duration, f64)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let started = Instant::now();
    let mut child = spawn(program, &address.to_string())?;
    let asked = timeout(Duration::from_secs(10), async {
        let (mut stream, _) = listener.accept().await?;
        let mut head = [0; 64];
        // Held until the memory is read: without a runtime API the function ends.
        stream.read(&mut head).await.map(|_| stream)
    })
    .await;
    let took = started.elapsed();
    let peak = processes::peak_mebibytes(child.id()).context("no peak memory is told");
    child.kill().context("cannot end the function")?;
    child.wait()?;
    drop(asked.with_context(|| format!("{} asked for no event within 10 s", program.display()))??);
    Ok((took, peak?))
}

fn spawn(program: &Path, runtime_api: &str) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    command.envs([
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("HABEAS_STAGE", "dev"),
        ("HABEAS_JOBS_TABLE", "jobs"),
        ("HABEAS_KEYRING_TABLE", "keyring"),
        ("HABEAS_EXPORTS_BUCKET", "exports"),
        ("HABEAS_CONFIG_BUCKET", "config"),
        ("HABEAS_KMS_KEY_ID", "key"),
        ("HABEAS_EXPORT_QUEUE_URL", "http://127.0.0.1/export"),
        ("HABEAS_ERASURE_QUEUE_URL", "http://127.0.0.1/erasure"),
        ("HABEAS_RECEIPT_KEY_ID", "receipts"),
        ("HABEAS_NOTIFICATION_QUEUE_URL", "http://127.0.0.1/notification"),
        ("HABEAS_ALERTS_TOPIC_ARN", ""),
        ("HABEAS_NOTICES_TOPIC_ARN", ""),
        ("HABEAS_TRUSTED_ISSUERS", "[]"),
        ("HABEAS_MAIL_FROM", "privacy@example.com"),
        ("HABEAS_PUBLIC_URL", "http://127.0.0.1"),
        ("HABEAS_LEASE_SECONDS", "150"),
        ("HABEAS_MAX_OPEN_JOBS", "100"),
        ("HABEAS_MAX_JOBS_PER_MONTH", "10000"),
        ("HABEAS_PRIVACY_EPSILON", "10"),
        ("HABEAS_DOWNLOAD_HOURS", "24"),
        ("HABEAS_TIMEZONE", "UTC"),
        ("HABEAS_HOLIDAY_CALENDAR", ""),
        ("LOG_REDACT_PII", "true"),
        ("GDPR_RESPONSE_DAYS", "30"),
        ("GDPR_AUTOMATION_ENABLED", "true"),
    ]);
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mebibytes(bytes: u64) -> f64 {
    // Programs are far smaller than 4 TiB, so that the count of KiB fits.
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

fn figure(name: &str, value: f64, unit: &'static str, beside: String) -> Figure {
    Figure { name: name.to_owned(), value, unit, beside }
}
