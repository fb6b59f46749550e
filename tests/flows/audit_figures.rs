//! What reading the audit log costs: looks for each page over a million events, and proofs a second through the handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::event::{Action, Actor, AuditEvent, EventIndex, EventOutcome, EventType, Level};
use domain::ids::{EventId, JobId, TenantId};
use domain::role::{Principal, Pseudonym, Role};
use domain::sensitive::Sensitive;
use habeas_tests::executor::run;
use habeas_tests::handlers::{ORIGIN, ports};
use habeas_tests::sample::tenant;
use habeas_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use workflow::caller::Caller;
use workflow::ports::{AuditIndex, EventPage, IdRange, PortError};
use workflow::prove_event::ProveEvent;
use workflow::read_audit::{EventFilter, ReadAudit};

use crate::audit_log::{busy, look};
use crate::caller::Caller as Bearer;

const MILLION: i64 = 1_000_000;
const OFFICER: &str = "0123456789abcdef0123456789abcdef";
const SECONDS_APART: i64 = 30;

/// A million events that are worked out when they are asked for, one each half minute until the world begins.
pub(crate) struct Million {
    tenant: TenantId,
    end: Timestamp,
    looks: AtomicUsize,
}

impl Million {
    pub(crate) const COUNT: i64 = MILLION;

    pub(crate) fn until(end: Timestamp) -> Self {
        Self { tenant: tenant("acme"), end, looks: AtomicUsize::new(0) }
    }

    fn at(&self, number: i64) -> Timestamp {
        self.end - SignedDuration::from_secs((MILLION - number) * SECONDS_APART)
    }

    fn job(&self, number: i64) -> JobId {
        JobId::new(self.at(number - number % 40), [7; 10])
    }

    fn actor(number: i64) -> Actor {
        match number {
            n if n % 50_000 == 7 => {
                Actor::Person { pseudonym: Pseudonym::from_keyed_hash(OFFICER.to_owned()), role: Some(Role::Dpo) }
            }
            n if n % 997 == 3 => Actor::Holder,
            _ => Actor::Worker,
        }
    }

    fn action(number: i64) -> Action {
        match number {
            n if n % 10_007 == 0 => Action::Delete,
            n if n % 3 == 0 => Action::Create,
            n if n % 3 == 1 => Action::Update,
            _ => Action::Execute,
        }
    }

    pub(crate) fn event(&self, number: i64) -> AuditEvent {
        AuditEvent {
            actor_detail: None,
            organization_id: None,
            v: 1,
            id: EventId::new(self.at(number), [9; 10]),
            tenant: self.tenant.clone(),
            at: self.at(number),
            event_type: EventType::RequestChange,
            action: Self::action(number),
            level: if number % 100_000 == 5 { Level::Critical } else { Level::Info },
            outcome: EventOutcome::Success,
            actor: Self::actor(number),
            job: Some(self.job(number)),
            resource_type: "step".to_owned(),
            item: None,
            from: None,
            to: None,
            reason: None,
            counts: Vec::new(),
            request_id: None,
            ip_hash: None,
            user_agent_family: None,
            control_id: None,
            detail: None,
        }
    }

    /// The numbers of an index's events, newest first, without making the events.
    fn numbers<'a>(&'a self, index: &'a EventIndex) -> Box<dyn Iterator<Item = i64> + 'a> {
        let all = (0..MILLION).rev();
        match index {
            EventIndex::All => Box::new(all),
            EventIndex::Actor(name) => Box::new(all.filter(move |number| Self::actor(*number).name() == name)),
            EventIndex::Action(action) => Box::new(all.filter(move |number| Self::action(*number) == *action)),
            EventIndex::Resource(id) => Box::new(all.filter(move |number| self.job(*number).as_str() == id)),
        }
    }
}

#[async_trait]
impl AuditIndex for Million {
    async fn newest(
        &self,
        _: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let events = self.numbers(index).map(|number| self.event(number));
        let events = events.skip_while(|event| event.id.as_str() >= &*range.below);
        let mut events: Vec<AuditEvent> =
            events.take_while(|event| event.id.as_str() > &*range.above).take(limit + 1).collect();
        let more = events.len() > limit;
        events.truncate(limit);
        Ok(EventPage { events, more })
    }

    async fn oldest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        let mut page = self.newest(tenant, index, range, limit).await?;
        page.events.reverse();
        Ok(page)
    }

    async fn find(&self, _: &TenantId, _: &EventId) -> Result<Option<AuditEvent>, PortError> {
        Ok(None)
    }
}

/// All pages of a list: how many events, how many pages, and the most looks of one.
fn walk(world: &World, million: &Arc<Million>, filter: &EventFilter, pages: usize) -> (usize, usize, usize) {
    let memory = &world.memory;
    let ports = ports(memory);
    let prove = ProveEvent::new(memory.audit_feed(), memory.evidence_store(), memory.checkpoint_signer(), ORIGIN);
    let index: Arc<Million> = Arc::clone(million);
    let read = ReadAudit {
        index,
        store: ports.store,
        prove: Arc::new(prove),
        keyring: ports.keyring,
        clock: ports.clock,
        entropy: ports.entropy,
    };
    let principal = Principal {
        subject: Sensitive::new("auditor-1".to_owned()),
        tenant: million.tenant.clone(),
        organization_id: None,
        organization_name: None,
        roles: vec![Role::Auditor],
        email: None,
    };
    let caller = Caller { principal, request_id: "r".to_owned(), ip: None, user_agent: None, language: None };
    let (mut events, mut most, mut cursor) = (0, 0, None::<String>);
    for page in 1..=pages {
        let before = million.looks.load(Ordering::Relaxed);
        let list = run(memory, read.list(&caller, filter, cursor.as_deref(), 100)).answer().unwrap();
        assert!(list.events.iter().all(|event| filter.fits(event)));
        most = most.max(million.looks.load(Ordering::Relaxed) - before);
        events += list.events.len();
        cursor = list.next;
        if cursor.is_none() {
            return (events, page, most);
        }
    }
    (events, pages, most)
}

#[test]
fn a_page_over_a_million_events_takes_three_looks_at_most() {
    let world = World::new(9);
    let million = Arc::new(Million::until(world.memory.now()));
    let all = EventFilter::default;
    let month = million.end - SignedDuration::from_hours(24 * 200);
    let job = million.job(500_000).to_string();
    let update = Some(Action::Update);
    // Expected: events and pages of the whole list where it ends, and the most looks of a page.
    let cases = [
        ("everything", all(), 3, (300, 3, 1)),
        ("an officer", EventFilter { actor: Some(OFFICER.to_owned()), ..all() }, 9, (20, 1, 1)),
        ("deletions", EventFilter { action: Some(Action::Delete), ..all() }, 9, (100, 1, 1)),
        ("a job", EventFilter { resource_id: Some(job), ..all() }, 9, (40, 1, 1)),
        ("updates", EventFilter { action: update, ..all() }, 3, (300, 3, 1)),
        ("workers' updates", EventFilter { actor: Some("worker".to_owned()), action: update, ..all() }, 3, (300, 3, 1)),
        ("before a day", EventFilter { end: Some(month), ..all() }, 3, (300, 3, 1)),
        (
            "an officer's updates",
            EventFilter { actor: Some(OFFICER.to_owned()), action: update, ..all() },
            9,
            (7, 1, 1),
        ),
        ("steps", EventFilter { resource_type: Some("step".to_owned()), ..all() }, 3, (300, 3, 1)),
        ("holds", EventFilter { resource_type: Some("hold".to_owned()), ..all() }, 3, (0, 1, 1)),
        ("challenges", EventFilter { resource_type: Some("challenge".to_owned()), ..all() }, 3, (0, 3, 3)),
        ("what was done", EventFilter { outcome: Some(EventOutcome::Success), ..all() }, 3, (300, 3, 1)),
        ("what failed", EventFilter { outcome: Some(EventOutcome::Failure), ..all() }, 3, (0, 3, 3)),
        ("what is said", EventFilter { level: Some(Level::Info), ..all() }, 3, (300, 3, 1)),
        ("since a day", EventFilter { start: Some(month), ..all() }, 3, (300, 3, 1)),
        ("holders", EventFilter { actor: Some("holder".to_owned()), ..all() }, 3, (300, 3, 1)),
        ("what is critical", EventFilter { level: Some(Level::Critical), ..all() }, 20, (1, 20, 3)),
    ];
    for (what, filter, pages, expected) in cases {
        let found = walk(&world, &million, &filter, pages);
        println!("{what}: {} events in {} pages, at most {} looks a page", found.0, found.1, found.2);
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn a_thousand_proofs_a_second_leave_the_handler() {
    let (mut house, _) = busy();
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    let auditor = Bearer::new("acme", "auditor");
    let listed = look(&mut house, &auditor, "/events?limit=1000").body;
    let ids: Vec<String> =
        listed["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    let (count, started) = (if cfg!(debug_assertions) { 100 } else { 2_000 }, std::time::Instant::now());
    for id in ids.iter().filter(|id| **id != ids[0]).cycle().take(count) {
        assert_eq!(look(&mut house, &auditor, &format!("/events/{id}/proof")).status, 200);
    }
    let rate = f64::from(u32::try_from(count).unwrap()) / started.elapsed().as_secs_f64();
    println!("{rate:.0} proofs a second through the handler, token, audit event and all");
    // Unoptimised it is a figure of nothing.
    assert!(cfg!(debug_assertions) || rate >= 1_000.0, "{rate}");
}
