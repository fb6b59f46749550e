//! The use cases of this function over its ports. Tests build it on memory adapters, `main` on AWS.

use std::sync::Arc;

use axum::extract::FromRef;
use lambda_kit::http::{Gate, Outermost};
use lambda_kit::{Problem, problem_of};
use workflow::begin_log_export::BeginLogExport;
use workflow::evidence::KeepEvidence;
use workflow::keyring::Keyring;
use workflow::ports::{
    AuditFeed, AuditIndex, CheckpointSigner, Clock, Entropy, EvidenceStore, IntegrityAlerts, JobQueue, JobStore,
    KeyService,
};
use workflow::prove_event::ProveEvent;
use workflow::read_audit::ReadAudit;
use workflow::refusal::Refusal;
use workflow::step_context::StepPorts;
use workflow::verify_log::VerifyLog;

use crate::config::Config;

/// Everything outside that this function touches.
#[derive(Clone)]
pub struct Ports {
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Nudges for exports that are jobs.
    pub queue: Arc<dyn JobQueue>,
    /// Events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// Where events stand in their logs.
    pub feed: Arc<dyn AuditFeed>,
    /// The logs.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Whoever must hear of broken evidence.
    pub alerts: Arc<dyn IntegrityAlerts>,
    /// Knows the key of the checkpoints.
    pub signer: Arc<dyn CheckpointSigner>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyService>,
    /// The time.
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
    pub(crate) read: Arc<ReadAudit>,
    pub(crate) verify: Arc<VerifyLog>,
    pub(crate) kept: Arc<KeepEvidence>,
    pub(crate) begin: Arc<BeginLogExport>,
    pub(crate) most_answered: usize,
    pub(crate) evidence: Arc<dyn EvidenceStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) outermost: Outermost,
}

impl App {
    /// Wires the use cases.
    #[must_use]
    pub fn new(ports: Ports, config: Config, take_calls: lambda_kit::TakeCalls) -> Self {
        let Ports { store, queue, index, feed, evidence, alerts, signer, keys, clock, token_clock, entropy } = ports;
        let keyring = Arc::new(Keyring::new(Arc::clone(&store), keys, Arc::clone(&entropy)));
        let ports = StepPorts {
            store: Arc::clone(&store),
            queue,
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        };
        let begin = BeginLogExport { ports, quotas: config.quotas, region: config.region };
        let prove = Arc::new(ProveEvent::new(Arc::clone(&feed), Arc::clone(&evidence), signer, config.origin));
        let read = ReadAudit {
            index,
            store: Arc::clone(&store),
            prove: Arc::clone(&prove),
            keyring,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        };
        let verify = VerifyLog { prove, evidence: Arc::clone(&evidence), feed, store, clock: Arc::clone(&clock) };
        let read = Arc::new(read);
        let kept = KeepEvidence {
            read: Arc::clone(&read),
            store: Arc::clone(&evidence),
            alerts,
            keep_days: config.evidence_keep_days,
        };
        Self {
            read,
            kept: Arc::new(kept),
            begin: Arc::new(begin),
            most_answered: config.most_answered,
            verify: Arc::new(verify),
            evidence,
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

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}
