//! Small public documents of others, such as the key set of an issuer of tokens.

use async_trait::async_trait;

use super::PortError;

/// Fetches documents over the web.
#[async_trait]
pub trait Documents: Send + Sync + std::fmt::Debug {
    /// The document at a URL that an operator has configured: answered at once with 200, never by a redirect, within
    /// seconds, and small.
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, PortError>;
}
