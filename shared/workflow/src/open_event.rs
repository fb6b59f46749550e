//! Opens what is sealed in an audit event, as long as its keys live (R-AUD-1, R-ERA-6). Who may is decided by `read_audit`.

use domain::event::{AuditEvent, SealedDetail};
use domain::sensitive::Sensitive;
use jiff::Timestamp;

use crate::actor_detail::{ActorDetail, OfCall, TENANT};
use crate::keyring::Keyring;
use crate::ports::PortError;
use crate::words::open_words;

/// An event with what of it still opens.
#[derive(Debug, Clone)]
pub struct OpenedEvent {
    /// The event.
    pub event: AuditEvent,
    /// Who acted; `None` where nothing was sealed, or where its key is destroyed.
    pub actor: Option<ActorDetail>,
    /// What the acting person said; `None` likewise.
    pub words: Option<Sensitive<String>>,
}

/// Opens what still opens. A detail that was tampered with counts as gone: the log says what it was.
///
/// # Errors
/// When a store or the key service fails.
pub async fn open_event(keyring: &Keyring, event: AuditEvent, now: Timestamp) -> Result<OpenedEvent, PortError> {
    let actor = match &event.actor_detail {
        Some(detail) => open_actor(keyring, &event, detail, now).await?,
        None => None,
    };
    let words = match &event.detail {
        Some(detail) => {
            let key = keyring.known_subject_key(&event.tenant, &detail.owner, now).await?;
            key.and_then(|key| open_words(&key, &event))
        }
        None => None,
    };
    Ok(OpenedEvent { event, actor, words })
}

async fn open_actor(
    keyring: &Keyring,
    event: &AuditEvent,
    detail: &SealedDetail,
    now: Timestamp,
) -> Result<Option<ActorDetail>, PortError> {
    let Some(request_id) = &event.request_id else { return Ok(None) };
    let place = OfCall { tenant: &event.tenant, request_id }.place();
    let opened = if detail.owner == TENANT {
        keyring.tenant(&event.tenant, now).await?.open(&place, &detail.sealed)
    } else {
        match keyring.known_subject_key(&event.tenant, &detail.owner, now).await? {
            Some(key) => key.open(&place, &detail.sealed),
            None => return Ok(None),
        }
    };
    Ok(opened.ok().and_then(|bytes| ActorDetail::from_bytes(&bytes)))
}
