//! The leaf: one event as canonical JSON (RFC 8785), checked byte by byte.
//!
//! No member is meant for personal data: a personal detail is sealed elsewhere under its person's key, and the leaf holds only the commitment to the ciphertext.

mod scan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub(crate) use scan::Shapes;
pub use scan::{EventFormError, EventView};

use crate::tile::LEAF_LIMIT;

/// The version of the form written today.
pub const EVENT_VERSION: u64 = 1;

/// One event as it is logged: pseudonyms, words and counts (INV-A4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEvent {
    /// Version of this form.
    pub v: u64,
    /// The event's id.
    pub id: String,
    /// The tenant whose log it is in.
    pub tenant: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// The kind of event.
    pub event_type: String,
    /// What was done.
    pub action: String,
    /// How loud.
    pub level: String,
    /// How it ended.
    pub outcome: String,
    /// Who acted: `person`, `holder` or `worker`.
    pub actor: String,
    /// Keyed hash of the person who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// The strongest role used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The job concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// What kind of thing was acted on.
    pub resource_type: String,
    /// The item written in the same transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The version it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// State before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// State after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why, as one of our own sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many of what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// The organisation of whoever acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Keyed hash of the caller's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_hash: Option<String>,
    /// Family of the caller's user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent_family: Option<String>,
    /// The control it is evidence for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_id: Option<String>,
    /// Commitment to the sealed detail: see [`commitment`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// Why an event can't be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// A member has no canonical form, such as a count of 2^53 or more, or an id is no word of ours.
    #[error("the event has no canonical form")]
    Form,
    /// The leaf would be longer than 65,535 bytes.
    #[error("the event is longer than 65,535 bytes")]
    TooLong,
}

impl LogEvent {
    /// The bytes of the leaf; what is written here is what [`EventView::read`] accepts.
    ///
    /// # Errors
    /// A member has no canonical form, or the leaf is too long.
    pub fn leaf(&self) -> Result<Vec<u8>, LeafError> {
        let words =
            [&self.id, &self.tenant, &self.at, &self.event_type, &self.action, &self.level, &self.outcome, &self.actor];
        let optional = [&self.job, &self.role, &self.sealed, &self.organization_id].into_iter().flatten();
        if !words.into_iter().chain(optional).all(|word| is_word(word)) {
            return Err(LeafError::Form);
        }
        let leaf = serde_json_canonicalizer::to_vec(self).map_err(|_| LeafError::Form)?;
        if leaf.len() > LEAF_LIMIT {
            return Err(LeafError::TooLong);
        }
        EventView::read(&leaf).map_err(|_| LeafError::Form)?;
        Ok(leaf)
    }
}

/// Ids and words of ours need no other characters; an e-mail address or a name with a space is none.
fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// What a leaf says about a sealed detail: the SHA-256 of its ciphertext, hexadecimal.
/// Once the key is destroyed neither ciphertext nor commitment tells anything, and the log still verifies (R-ERA-6).
#[must_use]
pub fn commitment(ciphertext: &[u8]) -> String {
    Sha256::digest(ciphertext).iter().map(|byte| format!("{byte:02x}")).collect()
}
