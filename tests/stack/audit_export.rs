//! A period of the audit log that is too large for an answer, on the deployed stack: a job, an archive, every event once.

use std::collections::BTreeSet;

use domain::event::Action;
use domain::ids::TenantId;
use domain::transition::{Cause, TransitionBuilder};
use jiff::SignedDuration;
use serde_json::json;
use workflow::ports::JobStore;

use crate::api::{Api, job_id};
use crate::contracts::start;
use crate::harness::Stack;
use crate::tokens::Bearer;

/// More than 4 MB of JSON, which is the most of one answer.
const EVENTS: usize = 3_600;
/// A transaction takes a hundred items.
const AT_ONCE: usize = 90;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_period_is_one_job_and_its_archive_holds_each_event_once() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let tenant = names.tenant();
    let store = aws.job_store(stack.resource("JobsTable"), stack.resource("KeyringTable"));
    let mut planted = BTreeSet::new();
    let now = names.tick();
    for second in 1_i64.. {
        if planted.len() >= EVENTS {
            break;
        }
        // Events of one transaction have one time, and no order among themselves; none is of the future.
        let cause = Cause::worker(now - SignedDuration::from_secs(3_600 - second));
        let mut builder = TransitionBuilder::new(&tenant, names.nonce(), cause, names.bytes());
        for _ in 0..AT_ONCE {
            let mut event = builder.tenant_event("audit_events", Action::Read);
            event.reason = Some("x".repeat(1_000));
            planted.insert(event.id.to_string());
            builder.event(event);
        }
        store.commit(&builder.build()).await.unwrap();
    }
    let other = plant_one(store.as_ref(), &mut names).await;

    let auditor = Api::of(&stack, &Bearer::staff(tenant.as_str(), "auditor"));
    let (start, end) = (now - SignedDuration::from_hours(24 * 365), now + SignedDuration::from_hours(24));
    let path = format!("/audit/events/export?format=json&start={start}&end={end}");
    let answer = auditor.get(&path).await.expect(202);
    let job = job_id(&answer);
    assert_eq!(answer.json()["links"]["download"], json!(format!("/api/v1/privacy/jobs/{job}/download")));
    let again = auditor.get(&path).await;
    // The job may have ended meanwhile; then the call begins another.
    assert_eq!(again.status.as_u16(), 202);
    let view = auditor.until_completed(&job, 60).await;
    assert_eq!((&view["scope"], &view["type"]), (&json!("audit_log"), &json!("access")));
    let archive = auditor.archive(&job).await;
    let rows = &archive.json_rows()["habeas.audit_events"];
    assert_eq!(view["archive"]["rows"], json!(rows.len()));
    let told: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let times: Vec<jiff::Timestamp> = rows.iter().map(|row| row["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older) && times.first() > times.last(), "newest first");
    let distinct: BTreeSet<&str> = told.iter().copied().collect();
    assert_eq!(distinct.len(), told.len(), "an event stands twice");
    assert!(planted.iter().all(|id| distinct.contains(id.as_str())), "an event is missing");
    assert!(!distinct.contains(other.as_str()), "another tenant's event");
    let stranger = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    stranger.get(&format!("/privacy/jobs/{job}/download")).await.expect(404);
    if job_id(&again) != job {
        auditor.until_completed(&job_id(&again), 60).await;
    }
}

/// An event of another tenant at the same time.
async fn plant_one(store: &dyn JobStore, names: &mut habeas_tests::names::Names) -> String {
    let tenant: TenantId = names.tenant();
    let mut builder = TransitionBuilder::new(&tenant, names.nonce(), Cause::worker(names.tick()), names.bytes());
    let event = builder.tenant_event("audit_events", Action::Read);
    let id = event.id.to_string();
    builder.event(event);
    store.commit(&builder.build()).await.unwrap();
    id
}
