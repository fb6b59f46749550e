//! Issuers that are trusted: read at start, refused with a sentence if described wrongly.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

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
    /// A `jwks_url`, which this version doesn't fetch.
    #[error("issuer {issuer}: jwks_url is not supported yet; put the key set inline as jwks")]
    RemoteKeys {
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
    keys: Vec<Key>,
}

struct Key {
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

impl Issuer {
    /// The key of that id and algorithm; without an id only where there is no choice.
    pub(super) fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)).map(|key| &key.key),
            None => fitting.next().filter(|_| fitting.next().is_none()).map(|key| &key.key),
        }
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
    if jwks_url.is_some() {
        return Err(IssuersError::RemoteKeys { issuer });
    }
    let pinned: Option<Vec<_>> = algorithms.iter().map(|name| allowed_algorithm(name)).collect();
    let Some(algorithms) = pinned.filter(|pinned| !pinned.is_empty()) else {
        return Err(IssuersError::Algorithms { issuer });
    };
    let found: Option<Vec<_>> = jwks.unwrap_or(JwkSet { keys: Vec::new() }).keys.iter().map(read_key).collect();
    let Some(keys) = found.filter(|keys| keys.iter().any(|key| algorithms.contains(&key.algorithm))) else {
        return Err(IssuersError::Keys { issuer });
    };
    Ok(Issuer { name: issuer, audience, algorithms, tenant_claim, keys })
}

fn allowed_algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS256" => Some(Algorithm::RS256),
        "ES256" => Some(Algorithm::ES256),
        _ => None,
    }
}

fn read_key(jwk: &Jwk) -> Option<Key> {
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
