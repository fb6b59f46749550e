//! Why and by whom something changes: what all events of a transition share.

use jiff::Timestamp;

use crate::event::{Actor, SealedDetail};
use crate::record::KeyRecord;

/// Who acts, when and on which job: the part all events of a transition share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why, as one of our own sentences.
    pub reason: Option<String>,
    /// The organisation of whoever acts.
    pub organization_id: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// Keyed hash of the caller's address.
    pub ip_hash: Option<String>,
    /// Family of the caller's user agent.
    pub user_agent_family: Option<String>,
    /// Who acts, from where and with what, sealed.
    pub sealed: Option<SealedDetail>,
    /// The key it is sealed under, where it is a new one: written by the same transaction.
    pub key: Option<KeyRecord>,
}

impl Cause {
    /// A function of ours acts.
    #[must_use]
    pub const fn worker(at: Timestamp) -> Self {
        Self {
            at,
            actor: Actor::Worker,
            reason: None,
            organization_id: None,
            request_id: None,
            ip_hash: None,
            user_agent_family: None,
            sealed: None,
            key: None,
        }
    }

    /// The same cause with a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}
