//! Keys of an issuer that publishes them: fetched when needed, kept for ten minutes, and looked for anew when a token
//! names one we don't know, so that rotated keys count at once.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use workflow::ports::Documents;

use super::TokenError;
use super::issuers::{Key, fitting, read_key};

/// How long a key set counts as current.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long it still counts while a newer one can't be had.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// The shortest time between two fetches, whatever tokens name.
const BETWEEN: SignedDuration = SignedDuration::from_secs(30);

/// The published key set of one issuer.
#[derive(Debug)]
pub(super) struct RemoteKeys {
    pub(super) url: String,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Vec<Key>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl RemoteKeys {
    pub(super) fn at(url: String) -> Self {
        Self { url, kept: Mutex::default() }
    }

    /// The key a token names.
    pub(super) async fn key(
        &self,
        documents: Option<&dyn Documents>,
        (id, algorithm): (Option<&str>, Algorithm),
        now: Timestamp,
    ) -> Result<DecodingKey, TokenError> {
        let (found, age, may_try) = self.look(id, algorithm, now);
        let is_fresh = age.is_some_and(|age| age < FRESH);
        if let Some(key) = found.clone().filter(|_| is_fresh || !may_try) {
            return Ok(key);
        }
        if may_try && let Some(documents) = documents {
            self.refresh(documents, now).await;
        }
        let (found, age, _) = self.look(id, algorithm, now);
        match age {
            Some(_) => found.ok_or(TokenError::UnknownKey),
            None => Err(TokenError::KeysUnavailable),
        }
    }

    /// What is kept: the key, the age of the set unless it is too old to count, and whether it may be fetched now.
    fn look(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> (Option<DecodingKey>, Option<SignedDuration>, bool) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let age = kept.fetched_at.map(|at| now.duration_since(at)).filter(|age| *age < STALE);
        let may_try = kept.tried_at.is_none_or(|at| now.duration_since(at) >= BETWEEN);
        (age.and_then(|_| fitting(&kept.keys, id, algorithm).cloned()), age, may_try)
    }

    async fn refresh(&self, documents: &dyn Documents, now: Timestamp) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
        let fetched = documents.fetch(&self.url).await;
        let keys = match fetched.map(|bytes| read_set(&bytes)) {
            Ok(Some(keys)) => keys,
            Ok(None) => {
                tracing::error!(url = %self.url, "the published key set holds no usable key");
                return;
            }
            Err(error) => {
                tracing::error!(url = %self.url, error = %error, "the published key set was not fetched");
                return;
            }
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.keys = keys;
        kept.fetched_at = Some(now);
    }
}

/// The usable keys of a set; others, such as those for encryption, are passed by.
fn read_set(bytes: &[u8]) -> Option<Vec<Key>> {
    #[derive(serde::Deserialize)]
    struct Published {
        keys: Vec<serde_json::Value>,
    }
    let published: Published = serde_json::from_slice(bytes).ok()?;
    let one = |key: serde_json::Value| serde_json::from_value::<JwkSet>(serde_json::json!({ "keys": [key] })).ok();
    let sets = published.keys.into_iter().filter_map(one);
    let keys: Vec<Key> = sets.flat_map(|set| set.keys).filter_map(|jwk| read_key(&jwk)).collect();
    (!keys.is_empty()).then_some(keys)
}
