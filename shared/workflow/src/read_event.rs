//! Opens what is sealed in an audit event, for those who may read the log, as long as its keys live (R-AUD-1, R-ERA-6).
//!
//! Whoever opens one is in the log too, before anything is handed out.

use std::sync::Arc;

use domain::event::{Action, AuditEvent, EventType, SealedDetail};
use domain::ids::OpNonce;
use domain::key::TenantKey;
use domain::record::Record;
use domain::role::Permission;
use domain::sensitive::Sensitive;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;

use crate::actor_detail::{ActorDetail, OfCall, TENANT};
use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, CommitError, Entropy, JobStore, PortError};
use crate::refusal::Refusal;
use crate::words::open_words;

/// Opens events.
pub struct ReadEvent {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

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

impl ReadEvent {
    /// The event under a key, opened.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `NotFound` for unknown and foreign events alike.
    pub async fn read(&self, caller: &Caller, key: &TenantKey) -> Result<OpenedEvent, Refusal> {
        if !caller.principal.may(Permission::AdminAuditLog) {
            return Err(Refusal::Forbidden { needs: vec![Permission::AdminAuditLog] });
        }
        let tenant = &caller.principal.tenant;
        if key.tenant() != tenant {
            return Err(Refusal::NotFound);
        }
        let now = self.clock.now();
        let found = self.store.load(std::slice::from_ref(key)).await?;
        let event = found.into_iter().flatten().find_map(Record::into_event).ok_or(Refusal::NotFound)?;
        let opened = open_event(&self.keyring, *event, now).await?;
        self.record(caller, &opened.event, now).await?;
        Ok(opened)
    }

    async fn record(&self, caller: &Caller, event: &AuditEvent, now: Timestamp) -> Result<(), Refusal> {
        let (tenant, entropy) = (&caller.principal.tenant, self.entropy.as_ref());
        let secrets = self.keyring.tenant(tenant, now).await?;
        let cause = caller.cause(&secrets, entropy, now).because("the sealed details of an event were opened");
        let mut builder = TransitionBuilder::new(tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes());
        let mut read = builder.tenant_event("audit_event", Action::Read);
        read.event_type = EventType::UserAccess;
        read.to = Some(event.id.to_string());
        builder.event(read);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
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
