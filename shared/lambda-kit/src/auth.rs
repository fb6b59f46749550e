//! Who speaks: verifies bearer tokens (JWT, RFC 7519) against configured issuers and gives the principal.
//!
//! Nothing here decides what a principal may do.

use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::TenantId;
use domain::role::{Principal, Role};
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use workflow::ports::Documents;

use self::cache::TokenCache;
use self::claims::Claims;
pub use self::issuers::IssuersError;
use self::issuers::{Issuer, Keys, fitting};

mod cache;
mod claims;
mod issuers;
mod remote;

/// A token may be used this long before its `nbf`, as issuers' clocks differ.
const NOT_BEFORE_LEEWAY_SECONDS: i64 = 30;
const LONGEST_TOKEN: usize = 8 * 1024;

/// Why a token is refused. The caller is told no more than this; the token is never quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No `Authorization: Bearer`.
    #[error("no bearer token was sent")]
    Missing,
    /// Not three parts of base64url JSON, or one of the required claims is missing.
    #[error("the token is not a JWT with iss, aud, sub, exp, nbf and a tenant")]
    Malformed,
    /// Nobody we trust.
    #[error("the token's issuer is not trusted")]
    UnknownIssuer,
    /// `none`, a symmetric one, or one the issuer isn't pinned to.
    #[error("the token's algorithm is not allowed for its issuer")]
    AlgorithmNotAllowed,
    /// No such key, or more than one and no `kid`.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The issuer's published keys can't be had now.
    #[error("the keys of the token's issuer can't be fetched now")]
    KeysUnavailable,
    /// Signed by another key, or changed.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// Made for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Past `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before `nbf`.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Verifies tokens. Each issuer's algorithms are pinned; a verified token is remembered until it ends.
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<Issuer>,
    documents: Option<Arc<dyn Documents>>,
    verified: Mutex<TokenCache>,
}

impl Verifier {
    /// Reads `HABEAS_TRUSTED_ISSUERS`: `[{"issuer","audience","algorithms":["ES256"],"jwks":{…},"tenant_claim"?}]`,
    /// or `jwks_url` instead of `jwks`.
    ///
    /// # Errors
    /// Says which issuer is described wrongly, and how.
    pub fn from_json(text: &str) -> Result<Self, IssuersError> {
        Ok(Self { issuers: issuers::read(text)?, documents: None, verified: Mutex::new(TokenCache::default()) })
    }

    /// The same verifier, with the means to fetch published key sets.
    #[must_use]
    pub fn fetching(self, documents: Arc<dyn Documents>) -> Self {
        Self { documents: Some(documents), ..self }
    }

    /// The principal a token speaks for at `now`.
    ///
    /// # Errors
    /// Says why the token is refused.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let digest = cache::digest(token);
        let remembered = self.verified.lock().unwrap_or_else(PoisonError::into_inner).find(&digest, now);
        if let Some(principal) = remembered {
            return Ok(principal);
        }
        let (principal, expires_at) = self.verify_afresh(token, now).await?;
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.remember(digest, principal.clone(), expires_at, now);
        Ok(principal)
    }

    /// The issuer of this name that is pinned to the algorithm.
    fn issuer(&self, name: &str, algorithm: Algorithm) -> Result<&Issuer, TokenError> {
        let mut of_name = self.issuers.iter().filter(|issuer| issuer.name == name).peekable();
        if of_name.peek().is_none() {
            return Err(TokenError::UnknownIssuer);
        }
        of_name.find(|issuer| issuer.algorithms.contains(&algorithm)).ok_or(TokenError::AlgorithmNotAllowed)
    }

    async fn verify_afresh(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), TokenError> {
        let header = read_header(token)?;
        let named: Named = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| TokenError::Malformed)?;
        let issuer = self.issuer(&named.iss, header.alg)?;
        let wanted = (header.kid.as_deref(), header.alg);
        let key = match &issuer.keys {
            Keys::Given(keys) => fitting(keys, wanted.0, wanted.1).cloned().ok_or(TokenError::UnknownKey)?,
            Keys::Remote(remote) => remote.key(self.documents.as_deref(), wanted, now).await?,
        };
        let claims = check_signature(token, &key, header.alg)?;
        claims.check(&issuer.audience, now)?;
        let principal = claims.principal(&issuer.tenant_claim)?;
        Ok((principal, claims.expires_at()))
    }
}

#[derive(Deserialize)]
struct Named {
    iss: String,
}

#[derive(Deserialize)]
struct NamedAlgorithm {
    alg: String,
}

fn read_header(token: &str) -> Result<Header, TokenError> {
    jsonwebtoken::decode_header(token).map_err(|_| {
        // `none` and other names the library doesn't know: the form is right, the algorithm isn't.
        let first = token.split('.').next().unwrap_or("");
        let header = claims::decode_part(first).and_then(|bytes| serde_json::from_slice::<NamedAlgorithm>(&bytes).ok());
        header.map_or(TokenError::Malformed, |header| {
            tracing::debug!(length = header.alg.len(), "a token names an unknown algorithm");
            TokenError::AlgorithmNotAllowed
        })
    })
}

fn check_signature(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Claims, TokenError> {
    let mut validation = Validation::new(algorithm);
    // Times and names are checked by ourselves, against a time that is given.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let data = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|error| {
        if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::Json(_)) {
            TokenError::Malformed
        } else {
            TokenError::BadSignature
        }
    })?;
    Ok(data.claims)
}

/// Builds the principal of verified claims.
fn principal_of(claims: &Claims, tenant: TenantId) -> Principal {
    let email = claims.email.as_deref().filter(|_| claims.email_verified == Some(true));
    Principal {
        tenant,
        subject: Sensitive::new(claims.sub.clone()),
        // Roles of other products in the same token are none of ours.
        roles: claims.roles.iter().filter_map(|role| Role::parse(role)).collect(),
        email: email.map(|email| Sensitive::new(email.to_owned())),
        organization_id: claims.org.clone(),
        organization_name: claims.org_name.clone().map(Sensitive::new),
    }
}

#[cfg(test)]
mod tests;
