//! Mail. The service has no idempotency: what can be doubled is counted by the caller.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::sensitive::Sensitive;

use super::PortError;

/// One mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address.
    pub to: Sensitive<String>,
    /// The subject line.
    pub subject: String,
    /// The body as text; may carry a code or a ticket.
    pub text: Sensitive<String>,
    /// The body as HTML.
    pub html: Sensitive<String>,
    /// Id of the notice, set as a message tag; the service reports by it what became of the mail.
    pub notice_id: String,
    /// The tenant, set as a message tag.
    pub tenant: TenantId,
    /// `subject`, or `staff:` and the recipient's name; set as a message tag.
    pub receiver: String,
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail to the service; success means accepted, not delivered. `Denied` if the address is suppressed.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}
