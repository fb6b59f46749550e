//! The small items beside jobs, steps and events, each with its key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{JobId, OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::Alias;

/// A verification code, hashed; at most five attempts count, and it is used once (INV-X4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// HMAC-SHA-256 of the code under the job key, hexadecimal.
    pub code_hash: String,
    /// When the code stops counting.
    pub expires_at: Timestamp,
    /// Attempts made, right or wrong.
    pub attempts: u32,
    /// Whether the code has been used.
    pub used: bool,
}

impl Challenge {
    /// Attempts that count per code.
    pub const MAX_ATTEMPTS: u32 = 5;

    /// The key of a job's only challenge.
    #[must_use]
    pub fn key_of(tenant: &TenantId, job: &JobId) -> TenantKey {
        TenantKey::new(tenant, Partition::Job(job.clone()), "challenge")
    }
}

/// A mailed entitlement: whoever holds its secret may fetch the archive until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// SHA-256 of the 32-byte secret, hexadecimal.
    pub secret_hash: String,
}

impl Ticket {
    /// The key of a job's only ticket.
    #[must_use]
    pub fn key_of(tenant: &TenantId, job: &JobId) -> TenantKey {
        TenantKey::new(tenant, Partition::Job(job.clone()), "ticket")
    }
}

/// The answer given to an `Idempotency-Key`, kept 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Keyed digest of principal, route and key.
    pub scope: String,
    /// Keyed digest of the body.
    pub body: String,
    /// The job that was made.
    pub job: JobId,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

impl IdempotencyRecord {
    /// The key of the record for a scope.
    #[must_use]
    pub fn key_of(tenant: &TenantId, scope: &str) -> TenantKey {
        TenantKey::new(tenant, Partition::Idempotency(scope.to_owned()), "idempotency")
    }
}

/// A wrapped data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Whose key: `tenant`, `job#<id>`, `subject#<alias>`, or `subject#<alias>/<nonce>` for one act of a person.
    pub owner: String,
    /// The wrapped key, base64: by KMS for tenants and jobs, by the tenant key for subjects.
    pub wrapped: String,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
}

impl KeyRecord {
    /// The key of the wrapped key of an owner: all keys of a person are in one partition, so that none is forgotten.
    #[must_use]
    pub fn key_of(tenant: &TenantId, owner: &str) -> TenantKey {
        match owner.split_once('/') {
            Some((person, act)) => TenantKey::new(tenant, Partition::Keys(person.to_owned()), format!("act#{act}")),
            None => TenantKey::new(tenant, Partition::Keys(owner.to_owned()), "key"),
        }
    }

    /// The owner name of a key for one act of a person: made without looking whether there are others.
    #[must_use]
    pub fn act_owner(person: &str, nonce: &OpNonce) -> String {
        format!("{person}/{}", nonce.as_str())
    }

    /// The owner name of a job's key.
    #[must_use]
    pub fn job_owner(job: &JobId) -> String {
        format!("job#{job}")
    }

    /// The owner name of a subject's key, by the subject's keyed hash.
    #[must_use]
    pub fn subject_owner(keyed_hash: &str) -> String {
        format!("subject#{keyed_hash}")
    }
}

/// Which data map new jobs follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataMapPointer {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// SHA-256 of the canonical data map.
    pub hash: String,
    /// When it became current.
    pub published_at: Timestamp,
}

impl DataMapPointer {
    /// The key of the tenant's pointer.
    #[must_use]
    pub fn key_of(tenant: &TenantId) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, "datamap")
    }
}

/// Remembers, without personal data, that somebody was erased (R-ERA-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionRecord {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Keyed hash of one of the identities or keys the subject was known by.
    pub alias: Alias,
    /// The job that erased.
    pub job: JobId,
    /// Nonce of the write.
    pub op_nonce: OpNonce,
    /// When.
    pub erased_at: Timestamp,
}

impl SuppressionRecord {
    /// The key of the suppression of an alias.
    #[must_use]
    pub fn key_of(tenant: &TenantId, alias: &Alias) -> TenantKey {
        TenantKey::new(tenant, Partition::Suppression(alias.as_str().to_owned()), "suppression")
    }
}

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Where it lives.
    pub key: TenantKey,
    /// Its value.
    pub value: i64,
}

impl Counter {
    /// Jobs that are not terminal.
    #[must_use]
    pub fn open_jobs(tenant: &TenantId) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, "counter#open_jobs")
    }

    /// What was spent of the privacy budget, in millionths of epsilon.
    #[must_use]
    pub fn privacy_spent(tenant: &TenantId) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, "counter#privacy_spent")
    }

    /// Jobs accepted in a month, by its first day, UTC.
    #[must_use]
    pub fn jobs_in_month(tenant: &TenantId, now: Timestamp) -> TenantKey {
        let month = now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string();
        TenantKey::new(tenant, Partition::Tenant, format!("counter#jobs#{month}"))
    }
}
