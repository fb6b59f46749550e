//! Issuers that are trusted: read at start, refused with a sentence if described wrongly.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::remote::RemoteKeys;
use crate::settings::is_loopback;

/// Why the issuers can't be read.
#[derive(Debug, thiserror::Error)]
pub enum IssuersError {
    /// Not the JSON that is expected.
    #[error("HABEAS_TRUSTED_ISSUERS is not a list of issuers (line {line}, column {column})")]
    Form {
        /// Line of the mistake.
        line: usize,
        /// Column of the mistake.
        column: usize,
    },
    /// Both `jwks` and `jwks_url`, or neither.
    #[error("issuer {issuer}: give either jwks, the key set itself, or jwks_url, where it is published")]
    OneKeySet {
        /// The issuer.
        issuer: String,
    },
    /// A `jwks_url` that is not HTTPS; plain HTTP counts for a loopback address on a local stack only.
    #[error("issuer {issuer}: jwks_url must be an https:// URL without credentials")]
    Url {
        /// The issuer.
        issuer: String,
    },
    /// An algorithm other than RS256 and ES256, or none at all.
    #[error("issuer {issuer}: algorithms must name RS256 or ES256 and nothing else")]
    Algorithms {
        /// The issuer.
        issuer: String,
    },
    /// No key, or one that fits none of the algorithms.
    #[error("issuer {issuer}: its key set has no usable key, or one that is not RSA or P-256")]
    Keys {
        /// The issuer.
        issuer: String,
    },
    /// An empty name.
    #[error("an issuer has an empty issuer, audience or tenant_claim")]
    Empty,
}

/// One issuer.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) tenant_claim: String,
    pub(super) keys: Keys,
}

/// Where the keys of an issuer come from.
#[derive(Debug)]
pub(super) enum Keys {
    /// From the setting.
    Given(Vec<Key>),
    /// From where the issuer publishes them.
    Remote(RemoteKeys),
}

pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    issuer: String,
    audience: String,
    algorithms: Vec<String>,
    jwks: Option<JwkSet>,
    jwks_url: Option<String>,
    #[serde(default = "default_tenant_claim")]
    tenant_claim: String,
}

fn default_tenant_claim() -> String {
    "tenant".to_owned()
}

/// The key of that id and algorithm; without an id only where there is no choice.
pub(super) fn fitting<'a>(keys: &'a [Key], id: Option<&str>, algorithm: Algorithm) -> Option<&'a DecodingKey> {
    let mut fitting = keys.iter().filter(|key| key.algorithm == algorithm);
    match id {
        Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)).map(|key| &key.key),
        None => fitting.next().filter(|_| fitting.next().is_none()).map(|key| &key.key),
    }
}

/// Reads the list.
pub(super) fn read(text: &str) -> Result<Vec<Issuer>, IssuersError> {
    let described: Vec<Described> = serde_json::from_str(text)
        .map_err(|error| IssuersError::Form { line: error.line(), column: error.column() })?;
    described.into_iter().map(read_one).collect()
}

fn read_one(described: Described) -> Result<Issuer, IssuersError> {
    let Described { issuer, audience, algorithms, jwks, jwks_url, tenant_claim } = described;
    if issuer.is_empty() || audience.is_empty() || tenant_claim.is_empty() {
        return Err(IssuersError::Empty);
    }
    let pinned: Option<Vec<_>> = algorithms.iter().map(|name| allowed_algorithm(name)).collect();
    let Some(algorithms) = pinned.filter(|pinned| !pinned.is_empty()) else {
        return Err(IssuersError::Algorithms { issuer });
    };
    let keys = match (jwks, jwks_url) {
        (Some(set), None) => {
            let found: Option<Vec<_>> = set.keys.iter().map(read_key).collect();
            let fits = |keys: &Vec<Key>| keys.iter().any(|key| algorithms.contains(&key.algorithm));
            Keys::Given(found.filter(fits).ok_or(IssuersError::Keys { issuer: issuer.clone() })?)
        }
        (None, Some(url)) if is_allowed(&url) => Keys::Remote(RemoteKeys::at(url)),
        (None, Some(_)) => return Err(IssuersError::Url { issuer }),
        (Some(_), Some(_)) | (None, None) => return Err(IssuersError::OneKeySet { issuer }),
    };
    Ok(Issuer { name: issuer, audience, algorithms, tenant_claim, keys })
}

/// HTTPS, or plain HTTP to this machine, which only a local stack fetches.
fn is_allowed(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let bare =
        uri.authority().is_some_and(|authority| !authority.as_str().contains('@') && !authority.host().is_empty());
    let scheme = uri.scheme_str();
    bare && (scheme == Some("https") || scheme == Some("http") && is_loopback(url))
}

fn allowed_algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS256" => Some(Algorithm::RS256),
        "ES256" => Some(Algorithm::ES256),
        _ => None,
    }
}

pub(super) fn read_key(jwk: &Jwk) -> Option<Key> {
    if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is open; what we don't know is refused")]
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(parameters) if parameters.curve == EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    Some(Key { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}
