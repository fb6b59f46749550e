//! A transition: what is committed together, or not at all. Writing a versioned item without its audit event is not possible here.

pub use self::cause::Cause;
pub use self::change::{Change, Expect};
use crate::event::{Action, AuditEvent, EventOutcome, EventType, ItemVersion, Level, SealedDetail};
use crate::ids::{EventId, JobId, OpNonce, TenantId};
use crate::job::Job;
use crate::key::TenantKey;
use crate::record::{Challenge, KeyRecord, Record, Ticket};
use crate::step::Step;

mod cause;
mod change;
mod tenant_items;

/// Changes of one tenant that are committed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The tenant; every key is its own.
    pub tenant: TenantId,
    /// Names this attempt: the client token of the transaction, and the mark left on what it writes.
    pub op_nonce: OpNonce,
    /// The changes.
    pub changes: Vec<Change>,
}

/// Builds a transition; each versioned write brings its event along (INV-A1).
#[derive(Debug)]
pub struct TransitionBuilder {
    transition: Transition,
    cause: Cause,
    /// The seed from which the ids of the events are derived.
    random: [u8; 10],
    /// What goes with the event of the next job that is written.
    detail: Option<SealedDetail>,
}

impl TransitionBuilder {
    /// Starts a transition that holds no more than the new key of whoever acts, if there is one.
    #[must_use]
    pub fn new(tenant: &TenantId, op_nonce: OpNonce, mut cause: Cause, random: [u8; 10]) -> Self {
        let key = cause.key.take();
        let transition = Transition { tenant: tenant.clone(), op_nonce, changes: Vec::new() };
        let mut builder = Self { transition, cause, random, detail: None };
        if let Some(key) = key {
            let op_nonce = builder.op_nonce().clone();
            builder.put(Record::Key(KeyRecord { op_nonce, ..key }), Expect::Absent);
        }
        builder
    }

    /// The nonce of the transition.
    #[must_use]
    pub const fn op_nonce(&self) -> &OpNonce {
        &self.transition.op_nonce
    }

    /// Makes a job, version 1.
    pub fn create_job(&mut self, job: Job) {
        let job = Job { version: 1, op_nonce: self.transition.op_nonce.clone(), ..job };
        self.event_for(&job.id, "job", "job", 1, Action::Create, None, Some(job.status.as_str()));
        self.put(Record::Job(Box::new(job)), Expect::Absent);
    }

    /// Writes the next version of a job.
    pub fn update_job(&mut self, before: &Job, after: Job) {
        let version = before.version + 1;
        let job = Job { version, op_nonce: self.transition.op_nonce.clone(), ..after };
        let (from, to) = (before.status.as_str(), job.status.as_str());
        self.event_for(&job.id, "job", "job", version, Action::Update, Some(from), Some(to));
        if before.is_open() && !job.is_open() {
            self.add(crate::record::Counter::open_jobs(&job.tenant), -1, None);
        }
        self.restrict(before, &job);
        self.put(Record::Job(Box::new(job)), Expect::Version(before.version));
    }

    /// Makes a step, version 1.
    pub fn create_step(&mut self, step: Step) {
        let sort = step.key().sort().to_owned();
        let step = Step { version: 1, op_nonce: self.transition.op_nonce.clone(), ..step };
        self.event_for(&step.job, "step", &sort, 1, Action::Create, None, Some(step.state.as_str()));
        self.put(Record::Step(Box::new(step)), Expect::Absent);
    }

    /// Writes the next version of a step, if `expect` holds of the stored one.
    pub fn update_step(&mut self, before: &Step, after: Step, expect: Expect) {
        let version = before.version + 1;
        let sort = before.key().sort().to_owned();
        let step = Step { version, op_nonce: self.transition.op_nonce.clone(), ..after };
        let (from, to) = (before.state.as_str(), step.state.as_str());
        self.event_for(&step.job, "step", &sort, version, Action::Execute, Some(from), Some(to));
        self.put(Record::Step(Box::new(step)), expect);
    }

    /// Writes the next version of a challenge, or its first.
    pub fn write_challenge(&mut self, challenge: Challenge, before: Option<u64>) {
        let version = before.unwrap_or(0) + 1;
        let challenge = Challenge { version, op_nonce: self.transition.op_nonce.clone(), ..challenge };
        let to = if challenge.used { "used" } else { "open" };
        self.event_for(&challenge.job, "challenge", "challenge", version, Action::Update, None, Some(to));
        let expect = before.map_or(Expect::Absent, Expect::Version);
        self.put(Record::Challenge(challenge), expect);
    }

    /// Writes the next version of a ticket, or its first.
    pub fn write_ticket(&mut self, ticket: Ticket, before: Option<u64>) {
        let version = before.unwrap_or(0) + 1;
        let ticket = Ticket { version, op_nonce: self.transition.op_nonce.clone(), ..ticket };
        self.event_for(&ticket.job, "ticket", "ticket", version, Action::Create, None, None);
        let expect = before.map_or(Expect::Absent, Expect::Version);
        self.put(Record::Ticket(ticket), expect);
    }

    /// Keeps sealed words with the event of the next job that is written.
    pub fn keep_with_next_job(&mut self, detail: SealedDetail) {
        self.detail = Some(detail);
    }

    /// Writes an item that has no version.
    pub fn put(&mut self, record: Record, expect: Expect) {
        self.transition.changes.push(Change::Put { record, expect });
    }

    /// Deletes an item.
    pub fn delete(&mut self, key: TenantKey) {
        self.delete_if(key, Expect::Any);
    }

    /// Deletes an item if it still is what was read.
    pub fn delete_if(&mut self, key: TenantKey, expect: Expect) {
        self.transition.changes.push(Change::Delete { key, expect });
    }

    /// Adds to a counter.
    pub fn add(&mut self, key: TenantKey, by: i64, limit: Option<i64>) {
        self.transition.changes.push(Change::Add { key, by, limit });
    }

    /// Requires something of an item that is not written.
    pub fn check(&mut self, key: TenantKey, expect: Expect) {
        self.transition.changes.push(Change::Check { key, expect });
    }

    /// Adds an event of its own, for an act that changes no state.
    pub fn event(&mut self, event: AuditEvent) {
        self.put(Record::Event(Box::new(event)), Expect::Absent);
    }

    /// An event with the shared cause filled in, to be completed by the caller.
    #[must_use]
    pub fn plain_event(&mut self, job: &JobId, resource_type: &str, action: Action) -> AuditEvent {
        AuditEvent { job: Some(job.clone()), ..self.tenant_event(resource_type, action) }
    }

    /// The same for what concerns no job.
    #[must_use]
    pub fn tenant_event(&mut self, resource_type: &str, action: Action) -> AuditEvent {
        let cause = self.cause.clone();
        AuditEvent {
            v: 1,
            id: self.next_event_id(),
            tenant: self.transition.tenant.clone(),
            at: cause.at,
            event_type: EventType::RequestChange,
            action,
            level: Level::Info,
            outcome: EventOutcome::Success,
            actor: cause.actor,
            job: None,
            resource_type: resource_type.to_owned(),
            item: None,
            from: None,
            to: None,
            reason: cause.reason,
            counts: Vec::new(),
            organization_id: cause.organization_id,
            request_id: cause.request_id,
            ip_hash: cause.ip_hash,
            user_agent_family: cause.user_agent_family,
            control_id: None,
            detail: None,
            actor_detail: cause.sealed,
        }
    }

    /// Adds the event of a signed receipt, by whose hash the log vouches for it.
    pub fn receipt_event(&mut self, job: &JobId, event_type: EventType, sha256: &str) {
        let mut event = self.plain_event(job, AuditEvent::RECEIPT, Action::Create);
        event.event_type = event_type;
        event.to = Some(sha256.to_owned());
        self.event(event);
    }

    /// Adds the event of a changed setting: its version is named, and its partition is the tenant's, not a job's.
    pub fn configuration_event(&mut self, resource_type: &str, key: &TenantKey, version: u64) {
        let mut event = self.tenant_event(resource_type, Action::Update);
        event.event_type = EventType::ConfigurationChange;
        event.counts = vec![("version".to_owned(), version)];
        event.to = Some(key.sort().to_owned());
        self.event(event);
    }

    /// The finished transition.
    #[must_use]
    pub fn build(self) -> Transition {
        self.transition
    }

    fn next_event_id(&mut self) -> EventId {
        // Ids of one transition differ by a counter in the last random byte.
        self.random[9] = self.random[9].wrapping_add(1);
        EventId::new(self.cause.at, self.random)
    }

    #[expect(clippy::too_many_arguments, reason = "one private place that spells an event out")]
    fn event_for(
        &mut self,
        job: &JobId,
        resource: &str,
        item: &str,
        version: u64,
        action: Action,
        from: Option<&str>,
        to: Option<&str>,
    ) {
        let mut event = self.plain_event(job, resource, action);
        event.item = Some(ItemVersion { item: item.to_owned(), version });
        event.from = from.map(str::to_owned);
        event.to = to.map(str::to_owned);
        if resource == "job" {
            event.detail = self.detail.take();
        }
        if matches!(to, Some("parked" | "needs_human")) {
            event.level = Level::Error;
            event.outcome = EventOutcome::Failure;
        }
        self.event(event);
    }
}

#[cfg(test)]
mod tests;
