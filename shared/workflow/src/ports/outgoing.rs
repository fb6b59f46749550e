//! Calls to systems of others: processors that are told of an erasure, issuers that revoke tokens.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::sensitive::Sensitive;

use super::PortError;

/// One call to a system of somebody else; every call is a `POST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Where it goes.
    pub url: String,
    /// What the body is.
    pub content_type: &'static str,
    /// Further headers; credentials may be among them.
    pub headers: Vec<(&'static str, Sensitive<String>)>,
    /// The body; it names a person.
    pub body: Sensitive<String>,
}

/// What the other system said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutgoingAnswer {
    /// The status; redirects are answers, nobody follows them.
    pub status: u16,
    /// The body, up to a size that an answer may have; what is longer is left out whole.
    pub body: Vec<u8>,
    /// The header `X-OpenDSR-Signature`.
    pub signature: Option<String>,
}

/// Calls systems of others.
#[async_trait]
pub trait OutgoingCalls: Send + Sync {
    /// Makes one call; any status is an answer.
    ///
    /// `Denied` where the address is none we call (not HTTPS, inside our network); `Transient` where nobody answered.
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, PortError>;
}

/// Secrets that tenants keep for us, by name.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Reads the secret `habeas/<tenant>/<name>`; `NotFound` where there is none.
    async fn read(&self, tenant: &TenantId, name: &str) -> Result<Sensitive<String>, PortError>;
}
