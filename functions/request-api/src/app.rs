//! The use cases of this function over its ports. Tests build it on memory adapters, `main` on AWS.

use std::sync::Arc;

use axum::extract::FromRef;
use jiff::tz::TimeZone;
pub(crate) use lambda_kit::http::caller;
use lambda_kit::http::{Gate, Outermost};
use lambda_kit::{Problem, problem_of};
use workflow::act_on_clock::ActOnClock;
use workflow::act_on_job::ActOnJob;
use workflow::check_suppressions::CheckSuppressions;
use workflow::dashboard::Dashboard;
use workflow::holds::Holds;
use workflow::issue_download::IssueDownload;
use workflow::keyring::Keyring;
use workflow::notice_settings::ManageNotices;
use workflow::ports::{
    AuditFeed, CheckpointSigner, Clock, DataMaps, Entropy, EvidenceStore, ExportStore, JobQueue, JobStore, KeyService,
};
use workflow::processor_answer::TakeAnswer;
use workflow::prove_event::ProveEvent;
use workflow::read_jobs::ReadJobs;
use workflow::read_plan::ReadPlan;
use workflow::read_receipt::ReadReceipt;
use workflow::read_risk::ReadRisk;
use workflow::record_access::RecordAccess;
use workflow::refusal::Refusal;
use workflow::retention::Retention;
use workflow::step_context::StepPorts;
use workflow::submit_request::{PointerCache, SubmitRequest};
use workflow::verify_identity::VerifyIdentity;

use crate::config::Config;

/// Everything outside that this function touches.
#[derive(Clone)]
pub struct Ports {
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Nudges.
    pub queue: Arc<dyn JobQueue>,
    /// Wraps data keys.
    pub keys: Arc<dyn KeyService>,
    /// Signs links.
    pub exports: Arc<dyn ExportStore>,
    /// Where in its log an event stands.
    pub feed: Arc<dyn AuditFeed>,
    /// Where the logs are kept; only read.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Knows the key of the logs; signs nothing here.
    pub checkpoints: Arc<dyn CheckpointSigner>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The time of jobs and due dates.
    pub clock: Arc<dyn Clock>,
    /// The time of tokens: real time.
    pub token_clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// What the routes share.
#[derive(Clone)]
pub struct App {
    // Dependencies.
    pub(crate) submit: Arc<SubmitRequest>,
    pub(crate) read: Arc<ReadJobs>,
    pub(crate) verify: Arc<VerifyIdentity>,
    pub(crate) answers: Arc<TakeAnswer>,
    pub(crate) act: Arc<ActOnJob>,
    pub(crate) holds: Arc<Holds>,
    pub(crate) legal: Arc<ActOnClock>,
    pub(crate) retention: Arc<Retention>,
    pub(crate) suppressions: Arc<CheckSuppressions>,
    pub(crate) notices: Arc<ManageNotices>,
    pub(crate) download: Arc<IssueDownload>,
    pub(crate) plans: Arc<ReadPlan>,
    pub(crate) risks: Arc<ReadRisk>,
    pub(crate) receipts: Arc<ReadReceipt>,
    pub(crate) dashboard: Arc<Dashboard>,
    pub(crate) access: Arc<RecordAccess>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) outermost: Outermost,
}

impl App {
    /// Wires the use cases.
    #[must_use]
    pub fn new(ports: Ports, config: Config, take_calls: lambda_kit::TakeCalls) -> Self {
        let Ports { store, queue, keys, exports, feed, evidence, checkpoints, maps, clock, token_clock, entropy } =
            ports;
        let keyring = Arc::new(Keyring::new(Arc::clone(&store), keys, Arc::clone(&entropy)));
        let steps = StepPorts {
            store: Arc::clone(&store),
            queue: Arc::clone(&queue),
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        };
        let submit = SubmitRequest {
            store: Arc::clone(&store),
            queue,
            keyring: Arc::clone(&keyring),
            maps: Arc::clone(&maps),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            legal_clock: config.legal_clock.clone(),
            quotas: config.quotas,
            region: config.region,
            automated: config.automated,
            pointers: PointerCache::default(),
        };
        Self {
            submit: Arc::new(submit),
            retention: Arc::new(retention(&steps, Arc::clone(&maps))),
            notices: Arc::new(notices(&steps, config.is_local, config.legal_clock.timezone.clone())),
            suppressions: Arc::new(suppressions(&steps)),
            access: Arc::new(access(&steps)),
            read: Arc::new(read_jobs(&steps)),
            verify: Arc::new(VerifyIdentity { ports: steps.clone() }),
            answers: Arc::new(TakeAnswer { ports: steps.clone() }),
            act: Arc::new(ActOnJob { ports: steps.clone(), pass_hours: config.erasure_pass_hours }),
            holds: Arc::new(Holds { ports: steps.clone() }),
            plans: Arc::new(ReadPlan {
                store: Arc::clone(&store),
                keyring: Arc::clone(&keyring),
                exports: Arc::clone(&exports),
                maps: Arc::clone(&maps),
                clock: Arc::clone(&clock),
            }),
            risks: Arc::new(risks(&steps, Arc::clone(&exports))),
            receipts: Arc::new(ReadReceipt {
                store: Arc::clone(&store),
                keyring: Arc::clone(&keyring),
                exports: Arc::clone(&exports),
                proofs: ProveEvent::new(feed, evidence, checkpoints, config.audit_origin),
                clock: Arc::clone(&clock),
            }),
            legal: Arc::new(ActOnClock { ports: steps.clone(), legal_clock: config.legal_clock }),
            download: Arc::new(IssueDownload { ports: steps, exports }),
            dashboard: Arc::new(Dashboard { store, keyring, maps, clock: Arc::clone(&clock) }),
            clock,
            gate: Gate::new(config.verifier, token_clock, &config.public_url),
            outermost: Outermost { entropy, take_calls },
        }
    }

    /// The problem a refusal is answered with.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Problem {
        problem_of(refusal, self.clock.now())
    }
}

fn retention(ports: &StepPorts, maps: Arc<dyn DataMaps>) -> Retention {
    let StepPorts { store, queue: _, keyring, clock, entropy } = ports.clone();
    Retention { store, maps, keyring, clock, entropy }
}

fn notices(ports: &StepPorts, is_local: bool, timezone: TimeZone) -> ManageNotices {
    let StepPorts { store, queue: _, keyring, clock, entropy } = ports.clone();
    ManageNotices { store, keyring, clock, entropy, is_local, timezone }
}

fn read_jobs(ports: &StepPorts) -> ReadJobs {
    let StepPorts { store, queue: _, keyring, clock, entropy: _ } = ports.clone();
    ReadJobs { store, keyring, clock }
}

fn risks(ports: &StepPorts, exports: Arc<dyn ExportStore>) -> ReadRisk {
    let StepPorts { store, queue: _, keyring, clock, entropy: _ } = ports.clone();
    ReadRisk { store, keyring, exports, clock }
}

fn suppressions(ports: &StepPorts) -> CheckSuppressions {
    let StepPorts { store, queue: _, keyring, clock, entropy: _ } = ports.clone();
    CheckSuppressions { store, keyring, clock }
}

fn access(ports: &StepPorts) -> RecordAccess {
    let StepPorts { store, queue: _, keyring, clock, entropy } = ports.clone();
    RecordAccess { store, keyring, clock, entropy }
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}
