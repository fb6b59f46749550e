//! The audit event: who did what to which item, with pseudonyms, enums and counts only (V7, INV-A4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::index::EventIndex;
use crate::ids::{EventId, JobId, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::wire_enum;
use crate::role::{Pseudonym, Role};
use crate::sealed::Sealed;

mod index;

wire_enum! {
    /// What was done (V7).
    Action {
        /// Something came to be.
        Create = "create",
        /// Something was read.
        Read = "read",
        /// Something changed.
        Update = "update",
        /// Something was deleted.
        Delete = "delete",
        /// Work was done.
        Execute = "execute",
        /// Data left in an export.
        Export = "export",
    }
}

wire_enum! {
    /// How loud (V7).
    Level {
        /// Ordinary.
        Info = "info",
        /// Unusual.
        Warning = "warning",
        /// A failure.
        Error = "error",
        /// A failure that needs someone now.
        Critical = "critical",
    }
}

wire_enum! {
    /// How it ended.
    EventOutcome {
        /// Done.
        Success = "success",
        /// Refused or failed.
        Failure = "failure",
    }
}

wire_enum! {
    /// The kind of event (V7).
    EventType {
        /// A person's data was read.
        DataAccess = "data_access",
        /// A request or one of its steps moved.
        RequestChange = "request_change",
        /// A link to an archive was handed out.
        ExportIssued = "export_issued",
        /// Someone proved, or failed to prove, an identity.
        Authentication = "authentication",
        /// The data map or a setting changed.
        ConfigurationChange = "configuration_change",
        /// A legal hold was placed or released.
        HoldChange = "hold_change",
        /// The retention sweep counted or took away.
        RetentionRun = "retention_run",
        /// An administrative endpoint was read, or a call was refused.
        UserAccess = "user_access",
        /// Evidence was collected.
        EvidenceCollected = "evidence_collected",
        /// Somebody was erased.
        Erasure = "erasure",
        /// A rule over events found something out of the ordinary.
        Anomaly = "anomaly",
    }
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A person, by keyed hash of the token's `sub`.
    #[serde(rename = "person")]
    Person {
        /// The keyed hash.
        pseudonym: Pseudonym,
        /// The strongest role used.
        role: Option<Role>,
    },
    /// Somebody who holds a code or a ticket, and needs no other name.
    #[serde(rename = "holder")]
    Holder,
    /// A function of ours.
    #[serde(rename = "worker")]
    Worker,
    /// Somebody with credentials of the account, through the program; `CloudTrail` knows who.
    #[serde(rename = "operator")]
    Operator,
}

/// What is personal in an event, under a key of the person concerned, which erasure destroys, or of the tenant for its staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedDetail {
    /// Whose key, as in [`KeyRecord::owner`](crate::record::KeyRecord).
    pub owner: String,
    /// The ciphertext.
    pub sealed: Sealed,
}

/// The item version an event belongs to: as many events as versions (INV-A1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemVersion {
    /// Sort key of the item.
    pub item: String,
    /// The version the event's transition wrote.
    pub version: u64,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Version of this form.
    pub v: u8,
    /// The event's id.
    pub id: EventId,
    /// The tenant.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The kind of event.
    pub event_type: EventType,
    /// What was done.
    pub action: Action,
    /// How loud.
    pub level: Level,
    /// How it ended.
    pub outcome: EventOutcome,
    /// Who acted.
    pub actor: Actor,
    /// The job concerned; none for what concerns the tenant as a whole.
    pub job: Option<JobId>,
    /// What kind of thing was acted on.
    pub resource_type: String,
    /// The item and version written by the same transaction; none for events without a state change.
    pub item: Option<ItemVersion>,
    /// State before.
    pub from: Option<String>,
    /// State after.
    pub to: Option<String>,
    /// Why, as one of our own sentences; never a person's words.
    pub reason: Option<String>,
    /// How many rows, files or bytes; what depends on the event.
    pub counts: Vec<(String, u64)>,
    /// The organisation of whoever acted, where the token names one in plain letters and digits.
    #[serde(default)]
    pub organization_id: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// Keyed hash of the caller's address.
    pub ip_hash: Option<String>,
    /// Family of the caller's user agent.
    pub user_agent_family: Option<String>,
    /// The control it is evidence for.
    pub control_id: Option<String>,
    /// What the acting person said, sealed.
    #[serde(default)]
    pub detail: Option<SealedDetail>,
    /// E-mail, address and user agent of whoever acted, sealed: under the tenant's key for staff, under the acting
    /// person's for everybody else (R-AUD-1).
    #[serde(default)]
    pub actor_detail: Option<SealedDetail>,
}

impl AuditEvent {
    /// What kind of thing a receipt is in an event; its SHA-256 stands in `to`.
    pub const RECEIPT: &str = "receipt";

    /// What kind of thing records of Habeas's own that were taken away are; the archive's SHA-256 stands in `to`, how
    /// many they were in `counts`.
    pub const PURGED: &str = "purged_records";

    /// What such an event says in `from` where it announces that events leave the table; `to` is the time before which.
    pub const SHED: &str = crate::retention::RetentionClass::AuditLogs.as_str();

    /// How the sort keys of all events begin.
    pub const SORT_PREFIX: &str = "event#";

    /// How many records the event says were taken away.
    #[must_use]
    pub fn purged(&self) -> u64 {
        let deleted = |(name, count): &(String, u64)| (name == "deleted").then_some(*count);
        if self.resource_type == Self::PURGED { self.counts.iter().find_map(deleted).unwrap_or(0) } else { 0 }
    }

    /// Before which instant events leave the table, if the event says that some do.
    #[must_use]
    pub fn sheds(&self) -> Option<Timestamp> {
        let is_of_events = self.resource_type == Self::PURGED && self.from.as_deref() == Some(Self::SHED);
        self.to.as_deref().filter(|_| is_of_events)?.parse().ok()
    }

    /// A sort key behind every event of this time and before, and before every later one.
    #[must_use]
    pub fn sort_after(at: Timestamp) -> String {
        format!("{}{:013}", Self::SORT_PREFIX, at.as_millisecond().max(0) + 1)
    }

    /// The sort key of an event of this time, with the item and version it tells of, else with its id.
    #[must_use]
    pub fn sort_of(at: Timestamp, item: Option<(&str, u64)>, id: &str) -> String {
        let millis = at.as_millisecond().max(0);
        match item {
            Some((item, version)) => format!("event#{millis:013}#{item}#{version:06}"),
            None => format!("event#{millis:013}#{id}"),
        }
    }

    /// Events sort by time within the job; the item and its version make the key unique.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        let item = self.item.as_ref().map(|it| (it.item.as_str(), it.version));
        let sort = Self::sort_of(self.at, item, self.id.as_str());
        TenantKey::new(&self.tenant, self.job.clone().map_or(Partition::Tenant, Partition::Job), sort)
    }
}
