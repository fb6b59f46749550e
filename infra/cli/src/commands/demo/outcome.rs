//! What a demo shows at its end, for people and as one JSON object.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::Verified;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::report;

/// Everything a demo has seen.
pub(super) struct Outcome {
    pub(super) job: String,
    pub(super) view: Value,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) archive: Verified,
    pub(super) as_promised: bool,
    pub(super) audit: Vec<Value>,
    pub(super) laps: Vec<(String, Duration)>,
    pub(super) total: Duration,
}

/// Times the stretches of a demo.
pub(super) struct Stopwatch {
    last: Instant,
    laps: Vec<(String, Duration)>,
}

impl Stopwatch {
    /// Starts.
    pub(super) fn start() -> Self {
        Self { last: Instant::now(), laps: Vec::new() }
    }

    /// Ends a stretch under a name.
    pub(super) fn lap(&mut self, name: &str) {
        let now = Instant::now();
        self.laps.push((name.to_owned(), now.duration_since(self.last)));
        self.last = now;
    }

    /// The stretches.
    pub(super) fn finish(self) -> Vec<(String, Duration)> {
        self.laps
    }
}

/// Whether length and checksum of the download are those the job tells.
pub(super) fn is_as_promised(view: &Value, path: &Path, bytes: u64) -> anyhow::Result<bool> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let sha256: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let promised = &view["archive"];
    Ok(promised["bytes"] == bytes && promised["sha256"] == sha256.as_str())
}

impl Outcome {
    /// Whether the whole archive is what its manifest and the job say, and holds something beside our own records.
    pub(super) fn is_verified(&self) -> bool {
        let of_sources = self.archive.rows.iter().filter(|(source, _)| !source.starts_with("habeas."));
        self.as_promised && self.archive.is_whole() && of_sources.map(|(_, rows)| rows).sum::<u64>() > 0
    }

    /// The object of `--json`.
    pub(super) fn to_json(&self) -> Value {
        let files: Vec<Value> = self.archive.files.iter().map(|file| {
            json!({ "name": file.name, "rows": file.rows, "sha256": file.sha256, "verified": file.problem.is_none() })
        }).collect();
        let steps: Vec<Value> =
            self.laps.iter().map(|(name, took)| json!({ "name": name, "ms": millis(*took) })).collect();
        let audit: Vec<Value> =
            self.audit.iter().map(|event| json!({ "at": event["at"], "action": action(event) })).collect();
        json!({
            "job_id": self.job,
            "status": self.view["status"],
            "steps": steps,
            "archive": { "path": self.path, "bytes": self.bytes, "files": files },
            "rows": self.archive.rows,
            "audit": audit,
        })
    }

    /// The same for people.
    pub(super) fn print(&self) {
        report::line(&format!("{}  ({} bytes, whole: {})", self.path.display(), self.bytes, yes(self.is_verified())));
        for file in &self.archive.files {
            let mark = file.problem.as_ref().map_or_else(|| "ok".to_owned(), ToString::to_string);
            report::line(&format!("  {:56} {:>8} rows  {}…  {mark}", file.name, file.rows, &file.sha256[..12]));
        }
        report::line("audit trail");
        for event in &self.audit {
            report::line(&format!("  {:32} {}", event["at"].as_str().unwrap_or(""), action(event)));
        }
        report::line("how long it took");
        for (name, took) in &self.laps {
            report::line(&format!("  {name:32} {:>8} ms", millis(*took)));
        }
        report::line(&format!("  {:32} {:>8} ms", "request to verified archive", millis(self.total)));
    }
}

/// An event in a few words: what, on what, from where to where.
fn action(event: &Value) -> String {
    let item = event["item"].as_str().or(event["resource_type"].as_str()).unwrap_or("");
    let to = event["to"].as_str().map(|to| format!(" -> {to}")).unwrap_or_default();
    format!("{} {item}{to}", event["action"].as_str().unwrap_or("")).trim().to_owned()
}

/// How long a stretch took.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "NO" }
}
