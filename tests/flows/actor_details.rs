//! Who acted is sealed beside each event, opens for `admin:audit_log` only, and is gone with the person's keys (R-AUD-1, R-ERA-6).

use std::sync::Arc;

use adapters_memory::{Fault, Point, Side, State};
use domain::event::{Action, AuditEvent, EventOutcome, EventType, Level};
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::sample::{ADA, tenant};
use serde_json::json;
use workflow::caller::Caller as Who;
use workflow::open_event::OpenedEvent;
use workflow::ports::PortErrorKind;
use workflow::prove_event::ProveEvent;
use workflow::read_audit::ReadAudit;
use workflow::refusal::Refusal;

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::erasure::{approved, erasure, planned};
use crate::house::{Answer, BASE, Call, House, UNKNOWN_JOB, access};

const AGENT: &str = "Mozilla/5.0 canary-agent Firefox/140.0";
const IP: &str = "203.0.113.9";

/// A call as the gateway hands it over: from an address, by a client.
fn call_from_outside(house: &mut House, caller: &Caller, method: &str, path: &str, body: &str) -> Answer {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": format!("{BASE}{path}"), "rawQueryString": "",
        "headers": {
            "authorization": format!("Bearer {}", house.issuer.token(caller)), "user-agent": AGENT,
            "content-type": "application/json",
        },
        "requestContext": {
            "accountId": "0", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
            "http": {"method": method, "path": format!("{BASE}{path}"), "protocol": "HTTP/1.1", "sourceIp": IP,
                "userAgent": "x"},
            "requestId": format!("gateway-{}", house.said.len()), "routeKey": "$default", "stage": "$default",
            "time": "02/Mar/2026:09:00:00 +0000", "timeEpoch": 0,
        },
        "body": body, "isBase64Encoded": false,
    });
    house.send_request(lambda_http::request::from_str(&event.to_string()).unwrap())
}

/// All events of a tenant, the newest last.
pub(crate) fn events(house: &House, slug: &str) -> Vec<AuditEvent> {
    let of_tenant = |record: &Record| match record {
        Record::Event(event) if event.tenant == tenant(slug) => Some(AuditEvent::clone(event)),
        _ => None,
    };
    let mut events: Vec<AuditEvent> =
        house.world.memory.inspect(|state| state.items.values().filter_map(|record| of_tenant(record)).collect());
    events.sort_by_key(|event| (event.at, event.id.clone()));
    events
}

fn officer(house: &House, caller: &Caller) -> Who {
    let text = |name: &str| caller.claims[name].as_str().unwrap().to_owned();
    let roles = caller.claims["roles"].as_array().unwrap();
    Who {
        principal: domain::role::Principal {
            tenant: tenant(&caller.tenant),
            subject: domain::sensitive::Sensitive::new(text("sub")),
            roles: roles.iter().filter_map(|role| domain::role::Role::parse(role.as_str()?)).collect(),
            email: None,
            organization_id: None,
            organization_name: None,
        },
        request_id: format!("read-{}", house.said.len()),
        ip: None,
        user_agent: None,
        language: None,
    }
}

/// Opens an event through the use case.
fn opened(house: &House, caller: &Caller, event: &AuditEvent) -> Result<OpenedEvent, Refusal> {
    let ports = habeas_tests::handlers::ports(&house.world.memory);
    let memory = &house.world.memory;
    let origin = habeas_tests::handlers::ORIGIN.to_owned();
    let signer = memory.checkpoint_signer();
    let read = ReadAudit {
        index: memory.audit_index(),
        prove: Arc::new(ProveEvent::new(memory.audit_feed(), memory.evidence_store(), signer, origin)),
        store: ports.store,
        keyring: ports.keyring,
        clock: ports.clock,
        entropy: ports.entropy,
    };
    run(memory, read.one(&officer(house, caller), &event.id)).answer().map(|detail| detail.opened)
}

fn by_people(events: &[AuditEvent]) -> Vec<AuditEvent> {
    events.iter().filter(|event| event.actor_detail.is_some()).cloned().collect()
}

#[test]
fn who_acted_is_sealed_in_every_event_of_an_act_and_opens_for_those_who_may_read_the_log() {
    let mut house = House::new();
    let body = json!({}).to_string();
    assert_eq!(call_from_outside(&mut house, &subject(ADA), "POST", "/me/export", &body).status, 202);
    let events = by_people(&events(&house, "acme"));
    let made: Vec<&AuditEvent> = events.iter().filter(|event| event.job.is_some()).collect();
    assert!(made.len() >= 2, "the job and its first step: {made:?}");
    for event in made {
        let text = serde_json::to_string(event).unwrap();
        for personal in [ADA.email, IP, "canary-agent", "sub-of-"] {
            assert!(!text.contains(personal), "{personal} stands open in {text}");
        }
        let owner = &event.actor_detail.as_ref().unwrap().owner;
        assert!(owner.starts_with("subject#") && owner.contains('/'), "{owner}");
        let seen = opened(&house, &dpo("acme"), event).unwrap().actor.expect("it opens");
        assert_eq!(seen.email.unwrap().expose(), ADA.email);
        assert_eq!(seen.ip.unwrap().expose(), IP);
        assert_eq!(seen.user_agent.unwrap().expose(), AGENT);
        assert_eq!(seen.subject.unwrap().expose(), &format!("sub-of-{}", ADA.email));
        assert!(matches!(opened(&house, &operator("acme"), event), Err(Refusal::Forbidden { .. })));
        assert!(matches!(opened(&house, &dpo("globex"), event), Err(Refusal::NotFound)));
    }
}

#[test]
fn staff_is_sealed_under_the_tenants_key_and_an_owner_under_the_own() {
    let mut house = House::new();
    let body = access(ADA.email).to_string();
    let staff = operator("acme").with("email", "op@canary.example").with("email_verified", true).with("org", "org-7");
    assert_eq!(call_from_outside(&mut house, &staff, "POST", "/requests", &body).status, 202);
    let find = |house: &House, kind: EventType| {
        let mut found = by_people(&events(house, "acme")).into_iter().filter(|event| event.event_type == kind);
        found.rfind(|event| event.user_agent_family.is_some()).unwrap()
    };
    let event = find(&house, EventType::RequestChange);
    assert_eq!(event.actor_detail.as_ref().unwrap().owner, "tenant");
    assert_eq!(event.organization_id.as_deref(), Some("org-7"));
    let seen = opened(&house, &dpo("acme"), &event).unwrap().actor.unwrap();
    assert_eq!(seen.email.unwrap().expose(), "op@canary.example");
    let owner = owner("acme", "somebody@canary.example");
    assert_ne!(call_from_outside(&mut house, &owner, "POST", "/jobs/nothing/cancel", "{}").status, 200);
    let event = find(&house, EventType::UserAccess);
    assert!(event.actor_detail.as_ref().unwrap().owner.starts_with("subject#"));
    assert_eq!(event.organization_id, None, "what looks like an address doesn't stand in the open");
}

#[test]
fn a_detail_that_was_moved_to_another_call_does_not_open() {
    let mut house = House::new();
    for _ in 0..2 {
        assert_eq!(call_from_outside(&mut house, &subject(ADA), "POST", "/me/export", "{}").status, 202);
    }
    let made: Vec<AuditEvent> =
        by_people(&events(&house, "acme")).into_iter().filter(|event| event.resource_type == "job").collect();
    let forged = AuditEvent { actor_detail: made[1].actor_detail.clone(), ..made[0].clone() };
    house.world.memory.plant(Record::Event(Box::new(forged.clone())));
    assert!(opened(&house, &dpo("acme"), &made[1]).unwrap().actor.is_some());
    assert!(opened(&house, &dpo("acme"), &forged).unwrap().actor.is_none());
}

#[test]
fn reads_by_staff_and_refusals_leave_an_event_and_opening_one_does_too() {
    let mut house = House::new();
    let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    let count = |house: &House| events(house, "acme").len();
    let before = count(&house);
    assert_eq!(house.get(&subject(ADA), &format!("/jobs/{id}")).status, 200);
    assert_eq!(count(&house), before, "people may look at their own");
    assert_eq!(house.send(Call::get(format!("{BASE}/jobs/{id}"))).status, 401);
    assert_eq!(count(&house), before, "without a token there is no tenant to write it for");

    let newest = |house: &House| events(house, "acme").pop().unwrap();
    let cases = [
        (dpo("acme"), "GET", format!("/jobs/{id}"), 200, "job"),
        (dpo("acme"), "GET", format!("/jobs/{id}/timeline"), 200, "timeline"),
        (dpo("acme"), "GET", "/holds".to_owned(), 200, "hold"),
        (operator("acme"), "GET", "/holds".to_owned(), 403, "hold"),
        (subject(ADA), "GET", format!("/jobs/{id}/plan"), 403, "plan"),
        (dpo("acme"), "GET", format!("/jobs/{UNKNOWN_JOB}"), 404, "job"),
        (subject(ADA), "POST", format!("/jobs/{id}/approve"), 422, "job"),
        (operator("acme"), "GET", "/jobs?limit=0".to_owned(), 422, "job"),
    ];
    for (caller, method, path, status, kind) in cases {
        house.world.advance(jiff::SignedDuration::from_secs(1));
        let before = count(&house);
        let path_asked = format!("{BASE}{path}");
        let call =
            if method == "GET" { Call::get(path_asked) } else { Call::post(path_asked, &json!({"plan_hash": ""})) };
        assert_eq!(house.ask(&caller, call).status, status, "{path}");
        let event = newest(&house);
        assert_eq!((event.resource_type.as_str(), event.event_type), (kind, EventType::UserAccess), "{path}");
        assert_eq!(count(&house), before + 1, "{path}");
        let refused = (event.outcome, event.level) == (EventOutcome::Failure, Level::Error);
        assert_eq!(refused, status != 200, "{path}");
        assert_eq!(event.job.is_some(), path.starts_with(&format!("/jobs/{id}")), "{path}");
        assert!(!event.reason.as_ref().unwrap().contains(&id), "the pattern of the route, not the path");
    }
    let event = newest(&house);
    opened(&house, &dpo("acme"), &event).unwrap();
    let read = events(&house, "acme").into_iter().find(|event| event.resource_type == "audit_event").unwrap();
    assert_eq!((read.event_type, read.action), (EventType::UserAccess, Action::Read));
    assert_eq!(read.to.as_deref(), Some(event.id.as_str()));
}

#[test]
fn a_read_that_cannot_be_written_down_is_not_answered() {
    let mut house = House::new();
    let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    assert_eq!(house.get(&dpo("acme"), &format!("/jobs/{id}")).status, 200);
    let mut without_its_event = |id: &str| {
        let path = format!("/jobs/{id}");
        house.world.memory.change(|state| state.faults.reset());
        house.get(&dpo("acme"), &path);
        let commit = |state: &State| state.faults.calls().iter().find(|call| call.operation == "commit").copied();
        let call = house.world.memory.inspect(commit).unwrap().number;
        let fault = Fault::Fail(PortErrorKind::Transient);
        house.world.memory.change(|state| {
            state.faults.reset();
            state.faults.plan(Point { call, side: Side::Before }, fault);
        });
        house.get(&dpo("acme"), &path).status
    };
    assert_eq!(without_its_event(&id), 503);
    assert_eq!(without_its_event(UNKNOWN_JOB), 404, "a refusal stays one");
}

#[test]
fn an_erasure_leaves_nothing_of_who_acted_or_what_was_said_that_opens() {
    let mut house = House::new();
    let first = call_from_outside(&mut house, &subject(ADA), "POST", "/me/export", "{}").job();
    house.remember("acme", &first, ADA);
    let id = planned(&mut house, ADA);
    let note = json!({"note": "n"});
    house.post(&dpo("acme"), &format!("/jobs/{id}/notes"), &note);
    let words = json!({"reason": "canary: she called"});
    let other = house.submit(&operator("acme"), "/requests", &erasure(ADA.email), ADA);
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{other}/cancel"), &words).status, 200);
    let all = by_people(&events(&house, "acme"));
    let of_ada = |event: &&AuditEvent| event.actor_detail.as_ref().unwrap().owner.starts_with("subject#");
    let acts: Vec<&AuditEvent> = all.iter().filter(of_ada).collect();
    let said: Vec<&AuditEvent> = all.iter().filter(|event| event.detail.is_some()).collect();
    assert!(acts.len() >= 3 && !said.is_empty(), "{} {}", acts.len(), said.len());
    for event in &acts {
        assert!(opened(&house, &dpo("acme"), event).unwrap().actor.is_some(), "before");
    }
    for event in &said {
        let words = opened(&house, &dpo("acme"), event).unwrap().words.expect("before");
        assert!(words.expose().contains("canary"));
    }
    approved(&mut house, &id);
    house.world.advance(jiff::SignedDuration::from_hours(7 * 24 + 2));
    assert_eq!(house.status("acme", &id), "completed");
    for event in acts.iter().chain(&said) {
        let after = opened(&house, &dpo("acme"), event).unwrap();
        let is_hers = event.actor_detail.as_ref().unwrap().owner.starts_with("subject#");
        assert!(after.words.is_none() && (after.actor.is_none() || !is_hers), "{}", event.resource_type);
    }
    house.assert_rest();
}

#[test]
fn an_accepted_request_makes_three_calls_whoever_asks() {
    let mut house = House::new();
    for (caller, path, body) in [
        (subject(ADA), "/me/export", json!({})),
        (operator("acme"), "/requests", access(ADA.email)),
        (subject(ADA), "/requests", erasure(ADA.email)),
    ] {
        for warm in [false, true] {
            house.world.memory.change(|state| state.faults.reset());
            house.post(&caller, path, &body).job();
            let calls: Vec<&str> =
                house.world.memory.inspect(|state| state.faults.calls().iter().map(|call| call.operation).collect());
            assert!(!warm || calls == ["generate_key", "commit", "send"], "{calls:?}");
        }
    }
}
