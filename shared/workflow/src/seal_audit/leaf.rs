//! An audit event as the leaf of a log: the same facts as words and numbers; nothing is added and nothing opened.

use audit_log::event::{LeafError, LogEvent, commitment};
use domain::event::{Actor, AuditEvent, SealedDetail};
use domain::ids::TenantId;
use jiff::Timestamp;

/// The leaf of an event: the same bytes whoever writes them.
///
/// # Errors
/// The event has no canonical form.
pub fn leaf_of(event: &AuditEvent) -> Result<Vec<u8>, LeafError> {
    of_event(event).leaf()
}

fn of_event(event: &AuditEvent) -> LogEvent {
    let (actor, pseudonym, role) = match &event.actor {
        Actor::Person { pseudonym, role } => {
            ("person", Some(pseudonym.as_str().to_owned()), role.as_ref().map(|role| role.as_str().to_owned()))
        }
        Actor::Holder => ("holder", None, None),
        Actor::Worker => ("worker", None, None),
        Actor::Operator => ("operator", None, None),
    };
    LogEvent {
        v: u64::from(event.v),
        id: event.id.to_string(),
        tenant: event.tenant.to_string(),
        at: event.at.to_string(),
        event_type: event.event_type.as_str().to_owned(),
        action: event.action.as_str().to_owned(),
        level: event.level.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        actor: actor.to_owned(),
        pseudonym,
        role,
        job: event.job.as_ref().map(ToString::to_string),
        resource_type: event.resource_type.clone(),
        item: event.item.as_ref().map(|item| item.item.clone()),
        version: event.item.as_ref().map(|item| item.version),
        from: event.from.clone(),
        to: event.to.clone(),
        reason: event.reason.clone(),
        counts: event.counts.iter().cloned().collect(),
        organization_id: event.organization_id.clone(),
        request_id: event.request_id.clone(),
        ip_hash: event.ip_hash.clone(),
        user_agent_family: event.user_agent_family.clone(),
        control_id: event.control_id.clone(),
        sealed: sealed_text(event).map(|text| commitment(text.as_bytes())),
    }
}

/// What the leaf commits to: each ciphertext on its line, behind the name of its member; `None` where nothing is sealed.
fn sealed_text(event: &AuditEvent) -> Option<String> {
    let members = [("actor_detail", &event.actor_detail), ("detail", &event.detail)];
    let line = |(name, detail): (&str, &Option<SealedDetail>)| {
        detail.as_ref().map(|it| format!("{name} {} {}\n", it.owner, it.sealed.body))
    };
    let text: String = members.into_iter().filter_map(line).collect();
    (!text.is_empty()).then_some(text)
}

/// The leaf that shows that a quiet log is alive: the same for whoever writes it.
pub(super) fn heartbeat(tenant: &TenantId, size: u64, at: Timestamp) -> LogEvent {
    LogEvent {
        v: 1,
        id: format!("evt_heartbeat_{size}"),
        tenant: tenant.to_string(),
        at: at.to_string(),
        event_type: "heartbeat".to_owned(),
        action: "create".to_owned(),
        level: "info".to_owned(),
        outcome: "success".to_owned(),
        actor: "worker".to_owned(),
        resource_type: "audit_log".to_owned(),
        ..LogEvent::default()
    }
}
