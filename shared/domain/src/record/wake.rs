//! The index of the sweeps: sixteen shards of steps, as many of jobs by their deadline, one of digests, sixteen of ended jobs.

use jiff::Timestamp;

use crate::ids::JobId;

/// An entry of the index of the sweeps: the shard (0 to 48) and the time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wake {
    /// `hash(job) mod 16`.
    pub shard: u8,
    /// When the item is due.
    pub at: Timestamp,
}

/// Shards of the sweep's index.
pub const WAKE_SHARDS: u8 = 16;

/// Shards of the same index in which jobs stand by the time their deadline is looked at.
pub const DEADLINE_SHARDS: std::ops::Range<u8> = WAKE_SHARDS..2 * WAKE_SHARDS;

/// The shard of the same index in which tenants stand by the time of their next digest.
pub const DIGEST_SHARD: u8 = 2 * WAKE_SHARDS;

/// Shards of the same index in which ended jobs stand by the time retention looks at them.
pub const ENDED_SHARDS: std::ops::Range<u8> = DIGEST_SHARD + 1..DIGEST_SHARD + 1 + WAKE_SHARDS;

/// `hash(job) mod 16`: the last hexadecimal digit, which is random.
#[must_use]
pub fn wake_shard(job: &JobId) -> u8 {
    let last = job.as_str().bytes().last().unwrap_or(b'0');
    let digit = char::from(last).to_digit(16).unwrap_or(0);
    u8::try_from(digit).unwrap_or(0)
}

/// The shard of a job's deadline.
#[must_use]
pub fn deadline_shard(job: &JobId) -> u8 {
    WAKE_SHARDS + wake_shard(job)
}

/// The shard of an ended job.
#[must_use]
pub fn ended_shard(job: &JobId) -> u8 {
    ENDED_SHARDS.start + wake_shard(job)
}
