//! Every handler of the house over one world in memory, wired as the functions' `main.rs` wire them.

use std::sync::{Arc, Mutex};

use adapters_memory::{MemoryWorld, Mutants};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use workflow::act_on_job::ActOnJob;
use workflow::advance_job::AdvanceJob;
use workflow::evidence::CollectEvidence;
use workflow::holds::Holds;
use workflow::issue_download::IssueDownload;
use workflow::keyring::Keyring;
use workflow::legal_clock::LegalClock;
use workflow::prove_event::ProveEvent;
use workflow::read_jobs::ReadJobs;
use workflow::record_mail_fate::RecordMailFate;
use workflow::seal_audit::{Rules, SealAudit};
use workflow::step_context::StepPorts;
use workflow::steps::{
    Anonymize, Collect, Conclude, Erasing, Expire, ExportEvents, Issuers, Locate, Notify, Package, Packing, PlanStore,
    Screen, Sources, TellProcessors, Verify, erasure_steps,
};
use workflow::submit_request::{Quotas, SubmitRequest};
use workflow::sweep_deadlines::SweepDeadlines;
use workflow::sweep_digests::SweepDigests;
use workflow::sweep_jobs::SweepJobs;
use workflow::verify_audits::VerifyAudits;
use workflow::verify_identity::VerifyIdentity;
use workflow::verify_log::VerifyLog;

mod bugs;

/// The region of the world.
pub const REGION: &str = "eu-central-1";
/// How long a claim lasts.
pub const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// Where the API is said to be.
pub const PUBLIC_URL: &str = "https://api.example.com";

/// What the names of the audit logs begin with.
pub const ORIGIN: &str = "habeas.example/audit";

/// One sandbox of each function. A crash ends it with all it kept; `new` starts another.
pub struct Handlers {
    /// Intake.
    pub submit: SubmitRequest,
    /// Proof of identity.
    pub verify: VerifyIdentity,
    /// Acts on jobs.
    pub act: ActOnJob,
    /// Legal holds.
    pub holds: Holds,
    /// What became of mail.
    pub mail_fates: RecordMailFate,
    /// Reading jobs.
    pub read: ReadJobs,
    /// Links.
    pub download: IssueDownload,
    /// The export worker.
    pub export_worker: AdvanceJob,
    /// The erasure worker.
    pub erasure_worker: AdvanceJob,
    /// The notification worker.
    pub notification_worker: AdvanceJob,
    /// The sweep.
    pub sweep: SweepJobs,
    /// The sweep of deadlines.
    pub deadlines: SweepDeadlines,
    /// The sealer of audit logs.
    pub sealer: SealAudit,
    /// The verifier of audit logs.
    pub verifier: VerifyAudits,
    /// The sweep of digests.
    pub digests: SweepDigests,
}

impl Handlers {
    /// Fresh sandboxes over a world, with the usual quotas (V2).
    #[must_use]
    pub fn new(world: &MemoryWorld) -> Self {
        Self::with_quotas(world, Quotas { open_jobs: 100, jobs_per_month: 10_000 })
    }

    /// Fresh sandboxes with these quotas.
    #[must_use]
    pub fn with_quotas(world: &MemoryWorld, quotas: Quotas) -> Self {
        let (ports, exports) = (ports(world), world.export_store());
        let submit = SubmitRequest {
            store: Arc::clone(&ports.store),
            queue: Arc::clone(&ports.queue),
            keyring: Arc::clone(&ports.keyring),
            maps: world.data_maps(),
            clock: Arc::clone(&ports.clock),
            entropy: Arc::clone(&ports.entropy),
            legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
            quotas,
            region: REGION.to_owned(),
            automated: true,
            pointers: Mutex::default(),
        };
        let read = ReadJobs {
            store: Arc::clone(&ports.store),
            keyring: Arc::clone(&ports.keyring),
            clock: Arc::clone(&ports.clock),
        };
        let sweep = SweepJobs {
            store: Arc::clone(&ports.store),
            queue: Arc::clone(&ports.queue),
            clock: Arc::clone(&ports.clock),
        };
        let deadlines = SweepDeadlines {
            store: Arc::clone(&ports.store),
            alerts: world.alerts(),
            clock: Arc::clone(&ports.clock),
            entropy: Arc::clone(&ports.entropy),
        };
        let digests = SweepDigests {
            store: Arc::clone(&ports.store),
            mailer: world.mailer(),
            clock: Arc::clone(&ports.clock),
            entropy: Arc::clone(&ports.entropy),
            timezone: TimeZone::UTC,
        };
        Self {
            submit,
            verify: VerifyIdentity { ports: ports.clone() },
            act: ActOnJob { ports: ports.clone(), pass_hours: world.inspect(|state| state.erasure_pass_hours) },
            holds: Holds { ports: ports.clone() },
            mail_fates: RecordMailFate { ports: ports.clone() },
            read,
            download: IssueDownload { ports: ports.clone(), exports },
            export_worker: export_worker(world, &ports),
            erasure_worker: erasure_worker(world, &ports),
            notification_worker: notification_worker(world, &ports, TimeZone::UTC),
            sweep,
            deadlines,
            sealer: sealer(world),
            verifier: verifier(world),
            digests,
        }
    }
}

/// The ports every handler runs on, over one world.
#[must_use]
pub fn ports(world: &MemoryWorld) -> StepPorts {
    let (store, entropy) = (world.job_store(), world.entropy());
    let keyring = Keyring::new(store.clone(), world.key_service(), entropy.clone());
    let (queue, clock) = (world.job_queue(), world.clock());
    StepPorts { store, queue, keyring: Arc::new(keyring), clock, entropy }
}

/// What seals the logs of a world; nothing is delivered.
#[must_use]
pub fn sealer(world: &MemoryWorld) -> SealAudit {
    SealAudit {
        feed: world.audit_feed(),
        evidence: world.evidence_store(),
        signer: world.checkpoint_signer(),
        store: world.job_store(),
        alerts: world.alerts(),
        siem: None,
        clock: world.clock(),
        rules: Rules::standard(),
        origin: ORIGIN.to_owned(),
        keep_days: 2_557,
    }
}

fn verifier(world: &MemoryWorld) -> VerifyAudits {
    let prove = ProveEvent::new(world.audit_feed(), world.evidence_store(), world.checkpoint_signer(), ORIGIN);
    let verify = VerifyLog {
        prove: Arc::new(prove),
        evidence: world.evidence_store(),
        feed: world.audit_feed(),
        store: world.job_store(),
        clock: world.clock(),
    };
    VerifyAudits {
        verify,
        feed: world.audit_feed(),
        evidence: world.evidence_store(),
        alerts: world.alerts(),
        collect: CollectEvidence {
            store: world.job_store(),
            index: world.audit_index(),
            evidence: world.evidence_store(),
            keyring: ports(world).keyring,
            entropy: world.entropy(),
            settings: vec![("HABEAS_STAGE", "test".to_owned())],
            keep_days: 2_557,
        },
        clock: world.clock(),
        keep_days: 2_557,
    }
}

fn export_worker(world: &MemoryWorld, ports: &StepPorts) -> AdvanceJob {
    let exports = world.export_store();
    let sources = Sources { maps: world.data_maps(), connector: world.source(), region: REGION.to_owned() };
    let plans = || PlanStore { exports: exports.clone() };
    let packing = world.inspect(|state| if state.packs_nothing { Packing::Stored } else { Packing::Deflated });
    let download_for = SignedDuration::from_hours(24);
    AdvanceJob::new(ports.clone(), world.alerts(), LEASE)
        .runs(Screen { sources: sources.clone() })
        .runs(Verify)
        .runs(Locate { sources: sources.clone(), plans: plans() })
        .runs(Collect { sources: sources.clone(), plans: plans(), exports: exports.clone(), packing })
        .runs(Anonymize { sources: sources.clone(), reader: world.source(), plans: plans(), exports: exports.clone() })
        .runs(ExportEvents { index: world.audit_index(), exports: exports.clone(), packing })
        .runs(Package { sources, exports: exports.clone(), signer: world.receipt_signer(), download_for, packing })
        .runs(Expire { exports })
}

fn erasure_worker(world: &MemoryWorld, ports: &StepPorts) -> AdvanceJob {
    let exports = world.export_store();
    let sources = Sources { maps: world.data_maps(), connector: world.source(), region: REGION.to_owned() };
    let erasing = Erasing { sources, eraser: world.eraser(), plans: PlanStore { exports: exports.clone() } };
    let signer = world.receipt_signer();
    let conclude = Conclude { exports, signer, backups_last: SignedDuration::from_hours(35 * 24) };
    let engine = AdvanceJob::new(ports.clone(), world.alerts(), LEASE);
    let issuers = Issuers { calls: world.outgoing(), secrets: world.secrets() };
    let engine = erasure_steps(engine, &erasing, issuers, world.alerts(), conclude);
    let mutants = world.inspect(|state| state.mutants);
    if mutants == Mutants::NONE { engine } else { bugs::wrong_steps(engine, mutants) }
}

/// A sandbox of the notification worker whose controller is elsewhere.
#[must_use]
pub fn notification_worker_in(world: &MemoryWorld, timezone: TimeZone) -> AdvanceJob {
    notification_worker(world, &ports(world), timezone)
}

fn notification_worker(world: &MemoryWorld, ports: &StepPorts, timezone: TimeZone) -> AdvanceJob {
    let topic = world.inspect(|state| state.outbox.has_topic).then(|| world.topic() as _);
    let (mailer, webhooks) = (world.mailer(), world.webhooks());
    let (maps, public_url) = (world.data_maps(), PUBLIC_URL.to_owned());
    let notify = Notify { mailer, webhooks, topic, maps, public_url, timezone };
    let tell = TellProcessors {
        plans: PlanStore { exports: world.export_store() },
        calls: world.outgoing(),
        secrets: world.secrets(),
        alerts: world.alerts(),
        public_url: PUBLIC_URL.to_owned(),
    };
    let engine = AdvanceJob::new(ports.clone(), world.alerts(), LEASE).runs(notify).runs(tell);
    bugs::wrong_notices(engine, world.inspect(|state| state.mutants))
}
