//! The use cases of this function over its ports. Tests build it on memory adapters, `main` on AWS.

use std::sync::Arc;

use axum::extract::FromRef;
use jiff::tz::TimeZone;
use lambda_kit::http::{Gate, Outermost};
use lambda_kit::{Problem, problem_of};
use workflow::anonymization::Anonymization;
use workflow::keyring::Keyring;
use workflow::legal_clock::LegalClock;
use workflow::ports::{Clock, CollectionReader, DataMaps, Entropy, JobQueue, JobStore, KeyService};
use workflow::refusal::Refusal;
use workflow::submit_request::{PointerCache, SubmitRequest};

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
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The mapped systems.
    pub reader: Arc<dyn CollectionReader>,
    /// The time of audit events.
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
    pub(crate) anonymization: Arc<Anonymization>,
    pub(crate) submit: Arc<SubmitRequest>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) outermost: Outermost,
}

impl App {
    /// Wires the use cases.
    #[must_use]
    pub fn new(ports: Ports, config: Config, take_calls: lambda_kit::TakeCalls) -> Self {
        let Ports { store, queue, keys, maps, reader, clock, token_clock, entropy } = ports;
        let keyring = Arc::new(Keyring::new(Arc::clone(&store), keys, Arc::clone(&entropy)));
        let submit = SubmitRequest {
            store: Arc::clone(&store),
            queue,
            maps: Arc::clone(&maps),
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            // No law sets a date for an order, so no day of it is asked for.
            legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
            quotas: config.quotas,
            region: config.region,
            automated: true,
            pointers: PointerCache::default(),
        };
        let anonymization = Anonymization {
            store,
            keyring,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            maps,
            reader,
            privacy_budget: config.privacy_budget,
        };
        Self {
            anonymization: Arc::new(anonymization),
            submit: Arc::new(submit),
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
