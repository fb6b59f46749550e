//! Everything the world holds, open to tests. Copies are cheap: records, objects and sources are shared until changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::DataMap;
use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::Record;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{Alert, Anomaly, DeadlineWarning, LogHead, RetentionWarning};

use crate::event_sink::MaskedStream;
use crate::evidence::Evidence;
use crate::export_store::Objects;
use crate::faults::Faults;
use crate::job_queue::Queues;
use crate::job_store::Commit;
use crate::key_service::MasterKey;
use crate::mailer::Outbox;
use crate::mutants::Mutants;
use crate::outgoing::Outside;
use crate::random::SplitMix;
use crate::source::{Effect, Sources};

/// The state of a world.
#[derive(Debug, Clone)]
pub struct State {
    /// The time.
    pub now: Timestamp,
    /// How far the time moves with each call, so that slices end and leases run.
    pub tick: SignedDuration,
    /// Where random bytes come from.
    pub random: SplitMix,
    /// Both tables.
    pub items: BTreeMap<Arc<TenantKey>, Arc<Record>>,
    /// The sweep's index.
    pub wake: BTreeSet<(u8, Timestamp, Arc<TenantKey>)>,
    /// Audit events that are in their log, with their positions.
    pub sealed: BTreeMap<Arc<TenantKey>, u64>,
    /// Where each tenant's log stands.
    pub log_heads: BTreeMap<TenantId, LogHead>,
    /// The bucket of evidence.
    pub evidence: Evidence,
    /// Masked events.
    pub stream: MaskedStream,
    /// Every commit that had an effect, oldest first.
    pub journal: Vec<Arc<Commit>>,
    /// The queues.
    pub queues: Queues,
    /// The bucket of exports.
    pub objects: Objects,
    /// The key that wraps data keys.
    pub master_key: MasterKey,
    /// The mail service.
    pub outbox: Outbox,
    /// Systems of others.
    pub outside: Outside,
    /// Every alert, oldest first.
    pub alerts: Vec<(Timestamp, Alert)>,
    /// Deadline warnings passed on.
    pub warnings: Vec<(Timestamp, DeadlineWarning)>,
    /// Logs that were said to be broken, and where.
    pub broken_logs: Vec<(Timestamp, TenantId, String)>,
    /// Evidence that was said to be broken, with its place.
    pub broken_evidence: Vec<(Timestamp, TenantId, String)>,
    /// What rules over events found.
    pub anomalies: Vec<(Timestamp, TenantId, Anomaly)>,
    /// Published data maps.
    pub data_maps: BTreeMap<(TenantId, String), Arc<DataMap>>,
    /// The systems that hold personal data.
    pub sources: Arc<Sources>,
    /// Everything that was erased in the sources, oldest first.
    pub effects: Vec<Arc<Effect>>,
    /// Every write of an object of rows: of which collection, under which key; oldest first.
    pub rewritten: Vec<(String, String)>,
    /// What expired and was taken away: when, from which collection, which row.
    pub removed: Vec<(Timestamp, String, u64)>,
    /// Objects that the sweep took away whole: when, of which collection, under which key.
    pub removed_objects: Vec<(Timestamp, String, String)>,
    /// Warnings of the retention sweep.
    pub retention_warnings: Vec<(Timestamp, RetentionWarning)>,
    /// What goes wrong.
    pub faults: Faults,
    /// Whether whoever wires handlers over this world has archives stored instead of deflated, which saves time only.
    pub packs_nothing: bool,
    /// At which multiples of hours whoever wires handlers over this world ends grace periods; 0 ends each by itself.
    pub erasure_pass_hours: u16,
    /// Deliberate bugs.
    pub mutants: Mutants,
    /// The tenant on whose behalf code runs now; a call for another one is a violation (INV-T1).
    pub acting_for: Option<TenantId>,
    /// What the ports themselves saw that must never be.
    pub violations: Vec<String>,
    /// Whether the running call is the SDK's second.
    pub(crate) is_retry: bool,
}

impl State {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        let mut random = SplitMix::new(seed);
        let master_key = MasterKey::new(&mut random);
        Self {
            now,
            tick: SignedDuration::ZERO,
            random,
            items: BTreeMap::new(),
            wake: BTreeSet::new(),
            sealed: BTreeMap::new(),
            log_heads: BTreeMap::new(),
            evidence: Evidence::default(),
            stream: MaskedStream::default(),
            journal: Vec::new(),
            queues: Queues::default(),
            objects: Objects::default(),
            master_key,
            outbox: Outbox::default(),
            outside: Outside::default(),
            alerts: Vec::new(),
            warnings: Vec::new(),
            broken_logs: Vec::new(),
            broken_evidence: Vec::new(),
            anomalies: Vec::new(),
            data_maps: BTreeMap::new(),
            sources: Arc::new(Sources::default()),
            effects: Vec::new(),
            rewritten: Vec::new(),
            removed: Vec::new(),
            removed_objects: Vec::new(),
            retention_warnings: Vec::new(),
            faults: Faults::default(),
            packs_nothing: false,
            erasure_pass_hours: 0,
            mutants: Mutants::NONE,
            acting_for: None,
            violations: Vec::new(),
            is_retry: false,
        }
    }

    /// Notes a call that is made for one tenant while acting for another (INV-T1).
    pub(crate) fn check_tenant(&mut self, operation: &str, tenant: &TenantId) {
        if self.acting_for.as_ref().is_some_and(|acting| acting != tenant) {
            self.violations.push(format!("INV-T1 {operation} for a foreign tenant"));
        }
    }
}
