//! Leaves against the events in the table: each leaf must be what its event says, at the place its event says.

use audit_log::event::LogEvent;
use audit_log::tile::{Entries, TILE_WIDTH, TileName};
use domain::event::AuditEvent;
use domain::ids::{JobId, TenantId};
use domain::key::{Partition, TenantKey};
use jiff::Timestamp;

use crate::ports::{AuditFeed, PortError, StoredEvent};
use crate::seal_audit::leaf_of;

/// Keys of one read.
const PER_READ: usize = 100;
/// What the sealer writes into a quiet log; it is in no table.
const HEARTBEAT: &str = "heartbeat";

/// Compares leaf by leaf; remembers the first that differs.
pub(super) struct Leaves<'a> {
    feed: &'a dyn AuditFeed,
    tenant: &'a TenantId,
    broken: Option<String>,
    /// How many leaves are gone from the table, and the first of them.
    gone: (u64, Option<u64>),
    shed: Shed,
}

/// What a log says of events that left the table: how many, and all of before which time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shed {
    pub(super) events: u64,
    pub(super) before: Option<Timestamp>,
}

impl Shed {
    /// Adds what a leaf says.
    pub(super) fn hear(&mut self, entry: &[u8]) {
        let Ok(leaf) = serde_json::from_slice::<LogEvent>(entry) else { return };
        if leaf.resource_type == AuditEvent::PURGED && leaf.from.as_deref() == Some(AuditEvent::SHED) {
            self.events += leaf.counts.get("deleted").copied().unwrap_or(0);
            self.before = self.before.max(leaf.to.and_then(|to| to.parse().ok()));
        }
    }
}

impl<'a> Leaves<'a> {
    pub(super) const fn new(feed: &'a dyn AuditFeed, tenant: &'a TenantId) -> Self {
        Self { feed, tenant, broken: None, gone: (0, None), shed: Shed { events: 0, before: None } }
    }

    /// The first leaf that differs, in words; more that are gone than the log says is such a leaf.
    pub(super) fn broken(&self) -> Option<String> {
        let first = self.gone.1.filter(|_| self.is_short());
        self.broken.clone().or_else(|| first.map(|index| format!("event {index} of the log is gone from the table")))
    }

    /// Whether more leaves are gone from the table than the log says.
    pub(super) const fn is_short(&self) -> bool {
        self.gone.0 > self.shed.events
    }

    /// What the log says of events that left the table.
    pub(super) const fn shed(&mut self) -> &mut Shed {
        &mut self.shed
    }

    /// Compares the leaves of a bundle; what isn't in the form of an event is the other check's to tell.
    pub(super) async fn compare(&mut self, name: &TileName, bundle: &[u8]) -> Result<(), PortError> {
        if self.broken.is_some() {
            return Ok(());
        }
        let mut leaves = Vec::new();
        for (entry, index) in Entries::of(bundle).zip(name.index * TILE_WIDTH..) {
            let Ok(entry) = entry else { break };
            self.shed.hear(entry);
            leaves.extend(key_of(self.tenant, entry).map(|key| (index, entry, key)));
        }
        for leaves in leaves.chunks(PER_READ) {
            let keys: Vec<TenantKey> = leaves.iter().map(|(_, _, key)| key.clone()).collect();
            let stored = self.feed.events(&keys).await?;
            for ((index, _, _), _) in leaves.iter().zip(&stored).filter(|(_, stored)| stored.is_none()) {
                self.gone = (self.gone.0 + 1, self.gone.1.or(Some(*index)));
            }
            let found = leaves.iter().zip(stored).find_map(|((index, entry, _), it)| differs(*index, entry, &it?));
            if found.is_some() {
                self.broken = found;
                break;
            }
        }
        Ok(())
    }
}

/// Where the event of a leaf stands in the table.
fn key_of(tenant: &TenantId, entry: &[u8]) -> Option<TenantKey> {
    let leaf: LogEvent = serde_json::from_slice(entry).ok()?;
    if leaf.event_type == HEARTBEAT {
        return None;
    }
    let at: Timestamp = leaf.at.parse().ok()?;
    let partition = match &leaf.job {
        Some(job) => Partition::Job(job.parse::<JobId>().ok()?),
        None => Partition::Tenant,
    };
    let item = leaf.item.as_deref().zip(leaf.version);
    Some(TenantKey::new(tenant, partition, AuditEvent::sort_of(at, item, &leaf.id)))
}

fn differs(index: u64, entry: &[u8], stored: &StoredEvent) -> Option<String> {
    if leaf_of(&stored.event).ok().as_deref() != Some(entry) {
        return Some(format!("event {index} of the log reads otherwise in the table"));
    }
    let place = stored.leaf_index.filter(|place| *place != index)?;
    Some(format!("event {index} of the log is said to be event {place} by the table"))
}
