//! Where an item lives. Every key carries its tenant, so that a read or write without one can't be written.

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, TenantId};

/// The group of items that are read together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Partition {
    /// One job: the job, its steps, its audit events, its challenge and tickets.
    Job(JobId),
    /// What the tenant has once: counters, the pointer to the data map, its legal holds.
    Tenant,
    /// One idempotency record, by the keyed digest of its scope.
    Idempotency(String),
    /// One alias: of somebody erased, or of somebody who does not want our mail.
    Suppression(String),
    /// The guards of one scope of legal holds, and the claims past them.
    Guard(String),
    /// Wrapped data keys of one owner (the tenant, a job, a subject); kept in the keyring table.
    Keys(String),
}

impl Partition {
    /// Whether the items live in the keyring table.
    #[must_use]
    pub const fn is_keyring(&self) -> bool {
        matches!(self, Self::Keys(_))
    }
}

/// The full address of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantKey {
    tenant: TenantId,
    partition: Partition,
    sort: String,
}

impl TenantKey {
    /// The only way to build a key: the tenant comes first.
    #[must_use]
    pub fn new(tenant: &TenantId, partition: Partition, sort: impl Into<String>) -> Self {
        Self { tenant: tenant.clone(), partition, sort: sort.into() }
    }

    /// The key of a job item.
    #[must_use]
    pub fn job(tenant: &TenantId, job: &JobId) -> Self {
        Self::new(tenant, Partition::Job(job.clone()), "job")
    }

    /// The tenant whose item this is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The group of items.
    #[must_use]
    pub const fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The name within the group.
    #[must_use]
    pub fn sort(&self) -> &str {
        &self.sort
    }

    /// The partition key as stored.
    #[must_use]
    pub fn stored_partition(&self) -> String {
        stored_partition(&self.tenant, &self.partition)
    }

    /// Reads a stored pair back; `None` where it isn't one of ours.
    #[must_use]
    pub fn from_stored(partition: &str, sort: &str) -> Option<Self> {
        let mut parts = partition.splitn(4, '#');
        if parts.next()? != "t" {
            return None;
        }
        let tenant: TenantId = parts.next()?.parse().ok()?;
        let kind = parts.next()?;
        let rest = parts.next().unwrap_or("");
        let partition = match kind {
            "job" => Partition::Job(rest.parse().ok()?),
            "tenant" => Partition::Tenant,
            "idempotency" => Partition::Idempotency(rest.to_owned()),
            "suppression" => Partition::Suppression(rest.to_owned()),
            "guard" => Partition::Guard(rest.to_owned()),
            "keys" => Partition::Keys(rest.to_owned()),
            _ => return None,
        };
        Some(Self { tenant, partition, sort: sort.to_owned() })
    }
}

/// The partition key as stored, for queries over a whole group.
#[must_use]
pub fn stored_partition(tenant: &TenantId, partition: &Partition) -> String {
    match partition {
        Partition::Job(job) => format!("t#{tenant}#job#{job}"),
        Partition::Tenant => format!("t#{tenant}#tenant"),
        Partition::Idempotency(digest) => format!("t#{tenant}#idempotency#{digest}"),
        Partition::Suppression(alias) => format!("t#{tenant}#suppression#{alias}"),
        Partition::Guard(scope) => format!("t#{tenant}#guard#{scope}"),
        Partition::Keys(owner) => format!("t#{tenant}#keys#{owner}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_keys_read_back() {
        let tenant: TenantId = "acme".parse().unwrap();
        let job = JobId::new(jiff::Timestamp::UNIX_EPOCH, [7; 10]);
        for partition in [
            Partition::Job(job),
            Partition::Tenant,
            Partition::Idempotency("ab12".to_owned()),
            Partition::Suppression("ab12".to_owned()),
            Partition::Guard("alias#ab12".to_owned()),
            Partition::Keys("subject#ff".to_owned()),
        ] {
            let key = TenantKey::new(&tenant, partition, "x#1");
            assert_eq!(TenantKey::from_stored(&key.stored_partition(), "x#1"), Some(key));
        }
    }
}
