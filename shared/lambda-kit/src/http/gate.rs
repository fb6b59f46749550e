//! Lets in who holds a valid token, and lets a request narrow its tenant, never widen it (R-TEN-2).

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRef, FromRequestParts};
use domain::role::Principal;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use workflow::ports::Clock;

use crate::auth::{TokenError, Verifier};
use crate::problem::{Problem, ProblemKind};

/// What the gate needs; part of each router's state.
#[derive(Clone)]
pub struct Gate {
    /// Verifies tokens.
    pub verifier: Arc<Verifier>,
    /// The clock of tokens: real time.
    pub clock: Arc<dyn Clock>,
    /// The host of the public URL; a label before it is a tenant's slug.
    pub public_host: String,
}

impl Gate {
    /// The gate for a public URL such as `https://privacy.example.com`.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, clock: Arc<dyn Clock>, public_url: &str) -> Self {
        let authority = public_url.split("//").nth(1).unwrap_or("").split('/').next().unwrap_or("");
        Self { verifier, clock, public_host: authority.to_ascii_lowercase() }
    }

    /// The principal of a call.
    ///
    /// # Errors
    /// 401 without a valid token, 503 while its issuer's keys can't be fetched; 404, as for anything unknown, where
    /// header or host name another tenant.
    pub async fn admit(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<Principal, Problem> {
        let token = bearer(headers).map_err(|error| refusal(error, headers))?;
        let verified = self.verifier.verify(token, self.clock.now()).await;
        let principal = verified.map_err(|error| refusal(error, headers))?;
        if !self.names_only(&principal, headers, authority) {
            return Err(Problem::not_found());
        }
        Ok(principal)
    }

    fn names_only(&self, principal: &Principal, headers: &HeaderMap, authority: Option<&str>) -> bool {
        let own = principal.tenant.as_str();
        let by_header = headers.get_all("x-tenant-id").iter().all(|value| value.as_bytes() == own.as_bytes());
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority).unwrap_or("");
        let slug = self.slug(&host.to_ascii_lowercase()).map(str::to_owned);
        by_header && slug.is_none_or(|slug| slug == own)
    }

    /// The first label of a host below the public one.
    fn slug<'a>(&self, host: &'a str) -> Option<&'a str> {
        let label = host.strip_suffix(&self.public_host)?.strip_suffix('.')?;
        (!self.public_host.is_empty()).then(|| label.split('.').next().unwrap_or(label))
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(TokenError::Missing) };
    let text = value.to_str().map_err(|_| TokenError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(TokenError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    Ok(token.trim())
}

fn refusal(error: TokenError, headers: &HeaderMap) -> Problem {
    if error == TokenError::Missing && headers.contains_key("x-api-key") {
        return Problem::new(ProblemKind::Unauthenticated, "API keys are not supported yet; send a bearer token");
    }
    if error == TokenError::KeysUnavailable {
        return Problem::new(ProblemKind::Unavailable, error.to_string()).retry_after(30);
    }
    Problem::new(ProblemKind::Unauthenticated, error.to_string())
}

/// Where the gate leaves whom it let in, for a layer that puts one into the extensions of its request.
#[derive(Debug, Clone, Default)]
pub struct Admitted(Arc<OnceLock<Principal>>);

impl Admitted {
    /// Whoever was let in.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.0.get()
    }

    /// Leaves the principal where a layer asked for it; the first one counts.
    pub fn note(extensions: &Extensions, principal: &Principal) {
        if let Some(Self(seen)) = extensions.get::<Self>() {
            seen.get_or_init(|| principal.clone());
        }
    }
}

/// The verified caller of a route.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Principal);

impl<S> FromRequestParts<S> for Authenticated
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let principal = Gate::from_ref(state).admit(&parts.headers, authority).await?;
        Admitted::note(&parts.extensions, &principal);
        Ok(Self(principal))
    }
}
