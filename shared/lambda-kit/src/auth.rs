//! Who speaks: verifies bearer tokens (JWT, RFC 7519) against configured issuers and gives the principal.
//!
//! Nothing here decides what a principal may do.

use std::sync::{Mutex, PoisonError};

use domain::ids::TenantId;
use domain::role::{Principal, Role};
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;

use self::cache::TokenCache;
use self::claims::Claims;
use self::issuers::Issuer;
pub use self::issuers::IssuersError;

mod cache;
mod claims;
mod issuers;

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
    verified: Mutex<TokenCache>,
}

impl Verifier {
    /// Reads `HABEAS_TRUSTED_ISSUERS`: `[{"issuer","audience","algorithms":["ES256"],"jwks":{…},"tenant_claim"?}]`.
    ///
    /// # Errors
    /// Says which issuer is described wrongly, and how.
    pub fn from_json(text: &str) -> Result<Self, IssuersError> {
        Ok(Self { issuers: issuers::read(text)?, verified: Mutex::new(TokenCache::default()) })
    }

    /// The principal a token speaks for at `now`.
    ///
    /// # Errors
    /// Says why the token is refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let digest = cache::digest(token);
        let remembered = self.verified.lock().unwrap_or_else(PoisonError::into_inner).find(&digest, now);
        if let Some(principal) = remembered {
            return Ok(principal);
        }
        let (principal, expires_at) = self.verify_afresh(token, now)?;
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.remember(digest, principal.clone(), expires_at, now);
        Ok(principal)
    }

    fn verify_afresh(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), TokenError> {
        let header = read_header(token)?;
        let named: Named = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| TokenError::Malformed)?;
        let mut of_issuer = self.issuers.iter().filter(|issuer| issuer.name == named.iss).peekable();
        if of_issuer.peek().is_none() {
            return Err(TokenError::UnknownIssuer);
        }
        let issuer = of_issuer.find(|issuer| issuer.algorithms.contains(&header.alg));
        let issuer = issuer.ok_or(TokenError::AlgorithmNotAllowed)?;
        let key = issuer.key(header.kid.as_deref(), header.alg).ok_or(TokenError::UnknownKey)?;
        let claims = check_signature(token, key, header.alg)?;
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

fn check_signature(token: &str, key: &DecodingKey, algorithm: jsonwebtoken::Algorithm) -> Result<Claims, TokenError> {
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
    }
}

#[cfg(test)]
mod tests;
