//! A handle on a world. Handles share their world; `fork` makes a world of its own.

use std::sync::{Arc, Mutex, PoisonError};

use datamap::DataMap;
use domain::ids::TenantId;
use domain::record::{DataMapPointer, Record};
use jiff::{SignedDuration, Timestamp};

use crate::alerts::MemoryAlerts;
use crate::audit_feed::MemoryAuditFeed;
use crate::audit_index::MemoryAuditIndex;
use crate::clock::{MemoryClock, MemoryEntropy};
use crate::data_maps::MemoryDataMaps;
use crate::event_sink::MemoryEventSink;
use crate::evidence::{MemoryCheckpointSigner, MemoryEvidenceStore};
use crate::export_store::MemoryExportStore;
use crate::job_queue::MemoryJobQueue;
use crate::job_store::{MemoryJobStore, write_item};
use crate::key_service::MemoryKeyService;
use crate::mailer::MemoryMailer;
use crate::notices::{MemoryTopic, MemoryWebhooks};
use crate::outgoing::{MemoryOutgoing, MemorySecrets};
use crate::receipt_signer::MemoryReceiptSigner;
use crate::source::{MemoryEraser, MemoryRetentionSource, MemorySource, Sources};
use crate::state::State;

/// A world in memory. The lock is never held over an await.
#[derive(Debug, Clone)]
pub struct MemoryWorld {
    state: Arc<Mutex<State>>,
}

/// A state to come back to.
#[derive(Debug, Clone)]
pub struct Snapshot(Box<State>);

impl Snapshot {
    /// The state as it was.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.0
    }
}

impl MemoryWorld {
    /// An empty world; the seed decides every random byte in it.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(seed, now))) }
    }

    /// Looks at the state.
    pub fn inspect<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state behind the ports' backs.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers the state.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Box::new(self.inspect(State::clone)))
    }

    /// Goes back to a remembered state.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.change(|state| state.clone_from(&snapshot.0));
    }

    /// A world of its own that starts where this one is.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.inspect(State::clone))) }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inspect(|state| state.now)
    }

    /// Sets the time.
    pub fn set_now(&self, now: Timestamp) {
        self.change(|state| state.now = now);
    }

    /// Moves the time.
    pub fn advance(&self, by: SignedDuration) {
        self.change(|state| state.now += by);
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<MemoryClock> {
        self.skewed_clock(SignedDuration::ZERO)
    }

    /// The clock of a sandbox whose time is off.
    #[must_use]
    pub fn skewed_clock(&self, skew: SignedDuration) -> Arc<MemoryClock> {
        Arc::new(MemoryClock::new(self.clone(), skew))
    }

    /// Random bytes.
    #[must_use]
    pub fn entropy(&self) -> Arc<MemoryEntropy> {
        Arc::new(MemoryEntropy::new(self.clone()))
    }

    /// Our own tables.
    #[must_use]
    pub fn job_store(&self) -> Arc<MemoryJobStore> {
        Arc::new(MemoryJobStore::new(self.clone()))
    }

    /// The queues.
    #[must_use]
    pub fn job_queue(&self) -> Arc<MemoryJobQueue> {
        Arc::new(MemoryJobQueue::new(self.clone()))
    }

    /// The key management service.
    #[must_use]
    pub fn key_service(&self) -> Arc<MemoryKeyService> {
        Arc::new(MemoryKeyService::new(self.clone()))
    }

    /// The bucket of exports.
    #[must_use]
    pub fn export_store(&self) -> Arc<MemoryExportStore> {
        Arc::new(MemoryExportStore::new(self.clone()))
    }

    /// What is not sealed, and the heads of the logs.
    #[must_use]
    pub fn audit_feed(&self) -> Arc<MemoryAuditFeed> {
        Arc::new(MemoryAuditFeed::new(self.clone()))
    }

    /// What takes masked events.
    #[must_use]
    pub fn event_sink(&self) -> Arc<MemoryEventSink> {
        Arc::new(MemoryEventSink::new(self.clone()))
    }

    /// Audit events by tenant, actor, resource and action.
    #[must_use]
    pub fn audit_index(&self) -> Arc<MemoryAuditIndex> {
        Arc::new(MemoryAuditIndex::new(self.clone()))
    }

    /// The bucket of evidence.
    #[must_use]
    pub fn evidence_store(&self) -> Arc<MemoryEvidenceStore> {
        Arc::new(MemoryEvidenceStore::new(self.clone()))
    }

    /// What signs checkpoints.
    #[must_use]
    pub fn checkpoint_signer(&self) -> Arc<MemoryCheckpointSigner> {
        Arc::new(MemoryCheckpointSigner::new(self.clone()))
    }

    /// The mail service.
    #[must_use]
    pub fn mailer(&self) -> Arc<MemoryMailer> {
        Arc::new(MemoryMailer::new(self.clone()))
    }

    /// The receivers of webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Arc<MemoryWebhooks> {
        Arc::new(MemoryWebhooks::new(self.clone()))
    }

    /// Systems of others.
    #[must_use]
    pub fn outgoing(&self) -> Arc<MemoryOutgoing> {
        Arc::new(MemoryOutgoing::new(self.clone()))
    }

    /// The secrets of tenants.
    #[must_use]
    pub fn secrets(&self) -> Arc<MemorySecrets> {
        Arc::new(MemorySecrets::new(self.clone()))
    }

    /// The operator's topic.
    #[must_use]
    pub fn topic(&self) -> Arc<MemoryTopic> {
        Arc::new(MemoryTopic::new(self.clone()))
    }

    /// The alerts.
    #[must_use]
    pub fn alerts(&self) -> Arc<MemoryAlerts> {
        Arc::new(MemoryAlerts::new(self.clone()))
    }

    /// Published data maps.
    #[must_use]
    pub fn data_maps(&self) -> Arc<MemoryDataMaps> {
        Arc::new(MemoryDataMaps::new(self.clone()))
    }

    /// The systems that hold personal data.
    #[must_use]
    pub fn source(&self) -> Arc<MemorySource> {
        Arc::new(MemorySource::new(self.clone()))
    }

    /// The same systems, where they are erased.
    #[must_use]
    pub fn eraser(&self) -> Arc<MemoryEraser> {
        Arc::new(MemoryEraser::new(self.clone()))
    }

    /// The sweep of sources.
    #[must_use]
    pub fn retention_source(&self) -> Arc<MemoryRetentionSource> {
        Arc::new(MemoryRetentionSource::new(self.clone()))
    }

    /// The key that signs receipts.
    #[must_use]
    pub fn receipt_signer(&self) -> Arc<MemoryReceiptSigner> {
        Arc::new(MemoryReceiptSigner::new(self.clone()))
    }

    /// Changes what the sources hold, also while a job runs.
    pub fn change_sources<T>(&self, change: impl FnOnce(&mut Sources) -> T) -> T {
        self.change(|state| change(Arc::make_mut(&mut state.sources)))
    }

    /// Writes an item without a transition.
    pub fn plant(&self, record: Record) {
        self.change(|state| {
            let key = Arc::new(record.key());
            write_item(state, key, Some(Arc::new(record)));
        });
    }

    /// Publishes a data map and makes it the tenant's current one; gives its hash.
    ///
    /// # Errors
    /// None in practice: every data map has a canonical form.
    pub fn publish(&self, tenant: &TenantId, map: Arc<DataMap>) -> Result<String, serde_json::Error> {
        let hash = map.hash()?;
        let published_at = self.now();
        self.change(|state| state.data_maps.insert((tenant.clone(), hash.clone()), map));
        let op_nonce = domain::ids::OpNonce::new([0; 16]);
        let pointer =
            DataMapPointer { v: 1, tenant: tenant.clone(), version: 1, op_nonce, hash: hash.clone(), published_at };
        self.plant(Record::DataMapPointer(pointer));
        Ok(hash)
    }
}
