//! Tokens that were verified already, by digest, until they end.

use std::collections::HashMap;

use domain::role::Principal;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

const MOST_TOKENS: usize = 1_000;

/// At most a thousand verified tokens. The tokens themselves are not kept.
#[derive(Debug, Default)]
pub(super) struct TokenCache {
    verified: HashMap<[u8; 32], (Principal, Timestamp)>,
}

/// What a token is known by.
pub(super) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl TokenCache {
    /// The principal of a token that was verified and has not ended.
    pub(super) fn find(&self, digest: &[u8; 32], now: Timestamp) -> Option<Principal> {
        self.verified.get(digest).filter(|(_, expires_at)| now < *expires_at).map(|(principal, _)| principal.clone())
    }

    /// Remembers a verified token; when full, forgets those that ended, else all.
    pub(super) fn remember(&mut self, digest: [u8; 32], principal: Principal, expires_at: Timestamp, now: Timestamp) {
        if self.verified.len() >= MOST_TOKENS {
            self.verified.retain(|_, (_, expires_at)| now < *expires_at);
        }
        if self.verified.len() >= MOST_TOKENS {
            self.verified.clear();
        }
        self.verified.insert(digest, (principal, expires_at));
    }
}
