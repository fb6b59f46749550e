//! What an export of the audit log costs: events a second, and the largest piece that is ever held.
//!
//! `HABEAS_LOG_EVENTS=1000000` exports a million events, best with `--release`; without it five thousand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use domain::event::{AuditEvent, EventIndex};
use domain::ids::{EventId, TenantId};
use domain::job::{JobStatus, Period};
use domain::request::ExportFormat;
use domain::role::{Principal, Role};
use domain::sensitive::Sensitive;
use domain::step::{Nudge, StepKind, UploadedPart};
use habeas_tests::executor::run;
use habeas_tests::handlers::{LEASE, REGION, ports};
use habeas_tests::sample::tenant;
use habeas_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use workflow::advance_job::AdvanceJob;
use workflow::begin_log_export::BeginLogExport;
use workflow::caller::Caller;
use workflow::ports::{AuditIndex, ByteRange, EventPage, ExportStore, IdRange, Link, ObjectHead, PortError};
use workflow::steps::{ExportEvents, Package, Packing, Sources};
use workflow::submit_request::Quotas;

use crate::audit_figures::Million;

/// Two megabytes over twice the size of a part: a part, what a look adds to it, and its index.
const MOST_HELD: usize = 18 * 1024 * 1024;

/// So many of the million events, found by halving.
struct Newest {
    events: Million,
    count: i64,
    looks: AtomicUsize,
}

impl Newest {
    fn id(&self, number: i64) -> EventId {
        self.events.event(number).id
    }

    /// The first of the numbers, newest last, whose id is not before a text.
    fn bound(&self, text: &str) -> i64 {
        let (mut low, mut high) = (Million::COUNT - self.count, Million::COUNT);
        while low < high {
            let middle = (low + high) / 2;
            if self.id(middle).as_str() < text { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[async_trait]
impl AuditIndex for Newest {
    async fn newest(
        &self,
        _: &TenantId,
        _: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let (first, end) = (self.bound(&range.above), self.bound(&range.below));
        let from = first.max(end - i64::try_from(limit).unwrap());
        let events: Vec<AuditEvent> = (from..end).rev().map(|number| self.events.event(number)).collect();
        Ok(EventPage { events, more: from > first })
    }

    async fn oldest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        let mut page = self.newest(tenant, index, range, limit).await?;
        page.events.reverse();
        Ok(page)
    }

    async fn find(&self, _: &TenantId, _: &EventId) -> Result<Option<AuditEvent>, PortError> {
        Ok(None)
    }
}

/// A bucket that notes the largest piece that went through it.
struct Watched {
    inner: Arc<dyn ExportStore>,
    largest: AtomicUsize,
}

impl Watched {
    fn note(&self, bytes: &[u8]) {
        self.largest.fetch_max(bytes.len(), Ordering::Relaxed);
    }
}

#[async_trait]
impl ExportStore for Watched {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        self.note(&bytes);
        self.inner.put(key, bytes).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Vec<u8>) -> Result<bool, PortError> {
        self.note(&bytes);
        self.inner.put_if_absent(key, bytes).await
    }

    async fn read(&self, key: &str, range: Option<ByteRange>) -> Result<Vec<u8>, PortError> {
        let bytes = self.inner.read(key, range).await?;
        self.note(&bytes);
        Ok(bytes)
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, PortError> {
        self.inner.head(key).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.inner.delete(key).await
    }

    async fn delete_all(&self, prefix: &str) -> Result<(), PortError> {
        self.inner.delete_all(prefix).await
    }

    async fn start_upload(&self, key: &str) -> Result<String, PortError> {
        self.inner.start_upload(key).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<UploadedPart, PortError> {
        self.note(&bytes);
        self.inner.upload_part(key, upload_id, number, bytes).await
    }

    async fn complete_upload(&self, key: &str, upload_id: &str, parts: &[UploadedPart]) -> Result<(), PortError> {
        self.inner.complete_upload(key, upload_id, parts).await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), PortError> {
        self.inner.abort_upload(key, upload_id).await
    }

    async fn sign_link(&self, key: &str, file_name: &str, now: Timestamp, until: Timestamp) -> Result<Link, PortError> {
        self.inner.sign_link(key, file_name, now, until).await
    }
}

fn auditor() -> Caller {
    let principal = Principal {
        subject: Sensitive::new("auditor-1".to_owned()),
        tenant: tenant("acme"),
        organization_id: None,
        organization_name: None,
        roles: vec![Role::Auditor],
        email: None,
    };
    Caller { principal, request_id: "r".to_owned(), ip: None, user_agent: None, language: None }
}

/// The most memory the process has had so far, where the system tells.
fn peak_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kilobytes| kilobytes * 1024)
}

#[test]
fn an_export_of_the_log_holds_one_piece_at_a_time() {
    #[expect(clippy::disallowed_methods, reason = "a million events are asked for on demand")]
    let asked = std::env::var("HABEAS_LOG_EVENTS").ok().and_then(|asked| asked.parse().ok());
    let count = asked.unwrap_or(5_000).clamp(1, Million::COUNT);
    let world = World::new(9);
    let (memory, ports) = (&world.memory, ports(&world.memory));
    let index = Arc::new(Newest { events: Million::until(memory.now()), count, looks: AtomicUsize::new(0) });
    let exports = Arc::new(Watched { inner: memory.export_store(), largest: AtomicUsize::new(0) });
    let quotas = Quotas { open_jobs: 100, jobs_per_month: 100 };
    let begin = BeginLogExport { ports: ports.clone(), quotas, region: REGION.to_owned() };
    let period = Period { start: memory.now() - SignedDuration::from_hours(24 * 730), end: memory.now() };
    let job = run(memory, begin.begin(&auditor(), period, ExportFormat::Json)).answer().unwrap();
    let sources = Sources { maps: memory.data_maps(), connector: memory.source(), region: REGION.to_owned() };
    let (packing, download_for) = (Packing::Deflated, SignedDuration::from_hours(24));
    let worker = AdvanceJob::new(ports, memory.alerts(), LEASE)
        .runs(ExportEvents { index: index.clone(), exports: exports.clone(), packing })
        .runs(Package { sources, exports: exports.clone(), signer: memory.receipt_signer(), download_for, packing });
    let (before, started) = (peak_bytes(), Instant::now());
    for step in [StepKind::ExportEvents, StepKind::Package] {
        let nudge = Nudge { v: 1, tenant: tenant("acme"), job: job.id.clone(), step, shard: 0, version: 0 };
        let ends_at = memory.now() + SignedDuration::from_mins(10);
        run(memory, worker.once(&nudge, ends_at)).answer().unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    let done = world.job(&tenant("acme"), &job.id).unwrap();
    let archive = done.archive.unwrap();
    assert_eq!((done.status, archive.rows), (JobStatus::Completed, u64::try_from(count).unwrap()));
    let (largest, looks) = (exports.largest.load(Ordering::Relaxed), index.looks.load(Ordering::Relaxed));
    // What the bucket in memory keeps is in the peak as well: parts and archive.
    println!(
        "{count} events in {seconds:.1} s, {looks} looks, an archive of {} bytes; largest piece {largest} bytes; peak {before:?} before, {:?} after",
        archive.bytes,
        peak_bytes()
    );
    assert!(largest <= MOST_HELD, "{largest} bytes were held at once");
}
