//! Shows a tenant's audit events to those who may see them; each look leaves an event of its own (R-AUD-1, R-AUD-3).

mod cursor;
mod filter;

use std::sync::Arc;

use domain::event::{Action, AuditEvent, EventType};
use domain::ids::{EventId, OpNonce, TenantId};
use domain::role::Permission;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;

pub use self::filter::EventFilter;
use crate::caller::Caller;
use crate::keyring::{Keyring, TenantSecrets};
use crate::open_event::{OpenedEvent, open_event};
use crate::ports::{AuditIndex, Clock, CommitError, Entropy, IdRange, JobStore, PortError};
use crate::prove_event::{EventProof, ProveError, ProveEvent, SignedCheckpoint};
use crate::refusal::Refusal;

/// Looks into an index for one answer: a page ends early where filters drop nearly everything.
const LOOKS: usize = 3;
/// Events of one look where a filter drops some: about a megabyte, which is what one query gives.
const FILTERED_LOOK: usize = 2_000;

/// Reads audit events.
pub struct ReadAudit {
    // Dependencies.
    /// Events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// Our tables: written is only the event of each look.
    pub store: Arc<dyn JobStore>,
    /// Positions and proofs.
    pub prove: Arc<ProveEvent>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventList {
    /// The events, newest first; perhaps fewer than asked for although more follow.
    pub events: Vec<AuditEvent>,
    /// The sealed place where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// One event with what belongs to it.
#[derive(Debug, Clone)]
pub struct EventDetail {
    /// The event, opened as far as its keys still live.
    pub opened: OpenedEvent,
    /// Its position in the log, once it is there.
    pub leaf_index: Option<u64>,
}

/// An export under way: each call of [`next`](Self::next) is one look.
pub struct EventExport {
    index: Arc<dyn AuditIndex>,
    tenant: TenantId,
    filter: EventFilter,
    range: Option<IdRange>,
}

impl ReadAudit {
    /// Events that match, newest first.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `Invalid` for a wrong range or a cursor of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &EventFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<EventList, Refusal> {
        let (secrets, now) = self.admit(caller).await?;
        let mut range = filter.range(now)?;
        let tenant = &caller.principal.tenant;
        if let Some(after) = after {
            let id = cursor::open(&secrets, filter, after).ok_or_else(|| Refusal::field("?cursor", cursor::FOREIGN))?;
            range.below = range.below.min(id.as_str().to_owned());
        }
        let look = self.look(tenant, filter, range, limit);
        let told = self.tell(caller, &secrets, now, (Action::Read, "audit_events", None));
        let ((events, next), ()) = futures::try_join!(look, told)?;
        Ok(EventList { events, next: next.map(|id| cursor::seal(&secrets, filter, &id)) })
    }

    /// One event, its sealed words opened where they still can be.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `NotFound` for unknown and foreign events alike.
    pub async fn one(&self, caller: &Caller, id: &EventId) -> Result<EventDetail, Refusal> {
        let (secrets, now) = self.admit(caller).await?;
        let event = self.found(caller, id).await?;
        self.tell(caller, &secrets, now, (Action::Read, "audit_event", Some(id))).await?;
        let stored = self.prove.feed.events(&[event.key()]).await?;
        let leaf_index = stored.into_iter().flatten().next().and_then(|stored| stored.leaf_index);
        Ok(EventDetail { opened: open_event(&self.keyring, event, now).await?, leaf_index })
    }

    /// Begins an export; the event that says so is written before anything is read.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `Invalid` for a wrong range.
    pub async fn export(&self, caller: &Caller, filter: EventFilter) -> Result<EventExport, Refusal> {
        let (secrets, now) = self.admit(caller).await?;
        let range = Some(filter.range(now)?);
        self.tell(caller, &secrets, now, (Action::Export, "audit_events", None)).await?;
        Ok(EventExport { index: Arc::clone(&self.index), tenant: caller.principal.tenant.clone(), filter, range })
    }

    /// The newest checkpoint of the tenant's log.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `NotSealed` before the first event is sealed.
    pub async fn checkpoint(&self, caller: &Caller) -> Result<SignedCheckpoint, Refusal> {
        let (secrets, now) = self.admit(caller).await?;
        let signed = self.prove.checkpoint(&caller.principal.tenant, now).await?.ok_or(Refusal::NotSealed)?;
        self.tell(caller, &secrets, now, (Action::Read, "audit_checkpoint", None)).await?;
        Ok(signed)
    }

    /// The proof that an event is in the log.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `NotFound` for unknown events; `NotSealed` in the first minute.
    pub async fn proof(&self, caller: &Caller, id: &EventId) -> Result<EventProof, Refusal> {
        let (secrets, now) = self.admit(caller).await?;
        let event = self.found(caller, id).await?;
        let proof = self.prove.prove(&event.key(), now).await.map_err(|error| match error {
            ProveError::Unknown => Refusal::NotFound,
            ProveError::NotSealed => Refusal::NotSealed,
            ProveError::Port(error) => error.into(),
        })?;
        self.tell(caller, &secrets, now, (Action::Read, "audit_proof", None)).await?;
        Ok(proof)
    }

    /// The secrets of the tenant of whoever may read its audit events.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`.
    pub async fn admit(&self, caller: &Caller) -> Result<(TenantSecrets, Timestamp), Refusal> {
        self.admit_with(caller, Permission::AdminAuditLog).await
    }

    /// The secrets of the tenant of whoever has a permission.
    ///
    /// # Errors
    /// `Forbidden` without it.
    pub async fn admit_with(
        &self,
        caller: &Caller,
        permission: Permission,
    ) -> Result<(TenantSecrets, Timestamp), Refusal> {
        if !caller.principal.may(permission) {
            return Err(Refusal::Forbidden { needs: vec![permission] });
        }
        let now = self.clock.now();
        Ok((self.keyring.tenant(&caller.principal.tenant, now).await?, now))
    }

    /// Writes that somebody looked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell(
        &self,
        caller: &Caller,
        secrets: &TenantSecrets,
        now: Timestamp,
        (action, resource_type, of): (Action, &str, Option<&EventId>),
    ) -> Result<(), Refusal> {
        let of = of.map(ToString::to_string);
        self.tell_as(caller, secrets, now, (EventType::UserAccess, action, resource_type, of)).await
    }

    /// Writes that somebody did something to a thing of no job.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_as(
        &self,
        caller: &Caller,
        secrets: &TenantSecrets,
        now: Timestamp,
        (event_type, action, resource_type, of): (EventType, Action, &str, Option<String>),
    ) -> Result<(), Refusal> {
        let (nonce, cause) = (OpNonce::new(self.entropy.bytes()), caller.cause(secrets, self.entropy.as_ref(), now));
        let mut builder = TransitionBuilder::new(&caller.principal.tenant, nonce, cause, self.entropy.bytes());
        let mut event = builder.tenant_event(resource_type, action);
        event.event_type = event_type;
        event.to = of;
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }

    async fn found(&self, caller: &Caller, id: &EventId) -> Result<AuditEvent, Refusal> {
        self.index.find(&caller.principal.tenant, id).await?.ok_or(Refusal::NotFound)
    }

    /// At most three looks; the second answer is where the next page starts.
    async fn look(
        &self,
        tenant: &TenantId,
        filter: &EventFilter,
        mut range: IdRange,
        limit: usize,
    ) -> Result<(Vec<AuditEvent>, Option<EventId>), Refusal> {
        let index = filter.index();
        // One more than wanted: an event of the very end of the range may stand before them.
        let per_look = if filter.drops_within(&index) { FILTERED_LOOK.max(limit) } else { limit } + 1;
        let mut found: Vec<AuditEvent> = Vec::new();
        for _ in 0..LOOKS {
            let page = self.index.newest(tenant, &index, &range, per_look).await?;
            let mut events = page.events.into_iter().peekable();
            let mut last = None;
            while let Some(event) = events.next() {
                last = Some(event.id.clone());
                if filter.fits(&event) {
                    found.push(event);
                }
                if found.len() == limit {
                    let is_more = page.more || events.peek().is_some();
                    return Ok((found, last.filter(|_| is_more)));
                }
            }
            let Some(last) = last.filter(|_| page.more) else { return Ok((found, None)) };
            range.below = last.as_str().to_owned();
        }
        let next: EventId = range.below.parse().map_err(|_| Refusal::NotFound)?;
        Ok((found, Some(next)))
    }
}

impl EventExport {
    /// The next events, newest first; `None` at the end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&mut self) -> Result<Option<Vec<AuditEvent>>, PortError> {
        let Some(mut range) = self.range.take() else { return Ok(None) };
        let page = self.index.newest(&self.tenant, &self.filter.index(), &range, FILTERED_LOOK).await?;
        if let Some(last) = page.events.last().filter(|_| page.more) {
            range.below = last.id.as_str().to_owned();
            self.range = Some(range);
        }
        Ok(Some(page.events.into_iter().filter(|event| self.filter.fits(event)).collect()))
    }
}
