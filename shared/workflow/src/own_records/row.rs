//! One request and one audit event as rows of an archive. No pseudonym, address or device of anybody who acted.

use domain::datum::Datum;
use domain::event::{Actor, AuditEvent};
use domain::ids::JobId;
use domain::job::Job;
use jiff::Timestamp;

/// The columns of a request.
pub(super) const REQUEST_FIELDS: &[&str] = &[
    "id",
    "type",
    "scope",
    "regime",
    "status",
    "received_at",
    "created_at",
    "due_at",
    "due_rule",
    "completed_at",
    "extended",
    "paused",
    "verification_method",
    "verified_at",
    "format",
    "include_media",
    "resolution_notes",
];

/// The columns of an audit event.
pub(super) const EVENT_FIELDS: &[&str] = &[
    "at",
    "event_id",
    "action",
    "resource_type",
    "resource_id",
    "request_id",
    "event_type",
    "level",
    "outcome",
    "actor",
    "role",
    "from",
    "to",
    "reason",
    "counts",
];

pub(super) fn of_job(job: &Job) -> Datum {
    let verification = job.verification.as_ref();
    let values = [
        text(job.id.as_str()),
        text(job.request_type.as_str()),
        text(job.scope.as_str()),
        text(job.regime.as_str()),
        text(job.status.as_str()),
        time(job.received_at),
        time(job.created_at),
        time(job.due_at),
        text(&job.due_rule),
        job.completed_at.map_or(Datum::Null, time),
        Datum::Bool(job.extended),
        Datum::Bool(job.paused),
        optional(verification.map(|it| it.method.as_str())),
        verification.map_or(Datum::Null, |it| time(it.at)),
        text(job.format.as_str()),
        Datum::Bool(job.include_media),
        optional(job.resolution_notes.as_deref()),
    ];
    row(REQUEST_FIELDS, values)
}

pub(super) fn of_event(event: &AuditEvent) -> Datum {
    let (actor, role) = match &event.actor {
        Actor::Person { pseudonym: _, role } => ("person", role.map(|role| role.as_str())),
        Actor::Holder => ("holder", None),
        Actor::Worker => ("worker", None),
        Actor::Operator => ("operator", None),
    };
    let item = event.item.as_ref().map(|item| item.item.as_str()).filter(|item| *item != "job");
    let job = event.job.as_ref().map(JobId::as_str);
    let counts = event.counts.iter().map(|(name, count)| (name.clone(), Datum::Number(count.to_string()))).collect();
    let values = [
        time(event.at),
        text(event.id.as_str()),
        text(event.action.as_str()),
        text(&event.resource_type),
        optional(item.or(job)),
        optional(job),
        text(event.event_type.as_str()),
        text(event.level.as_str()),
        text(event.outcome.as_str()),
        text(actor),
        optional(role),
        optional(event.from.as_deref()),
        optional(event.to.as_deref()),
        optional(event.reason.as_deref()),
        Datum::Map(counts),
    ];
    row(EVENT_FIELDS, values)
}

fn row<const N: usize>(fields: &[&str], values: [Datum; N]) -> Datum {
    Datum::Map(fields.iter().map(|name| (*name).to_owned()).zip(values).collect())
}

fn text(value: &str) -> Datum {
    Datum::Text(value.to_owned())
}

fn optional(value: Option<&str>) -> Datum {
    value.map_or(Datum::Null, text)
}

fn time(at: Timestamp) -> Datum {
    Datum::Text(at.to_string())
}

#[cfg(test)]
mod tests {
    use domain::event::{Action, EventOutcome, EventType, Level};
    use domain::ids::EventId;
    use domain::role::{Pseudonym, Role};

    use super::*;

    #[test]
    fn an_event_tells_neither_who_acted_nor_from_where() {
        let at = Timestamp::UNIX_EPOCH;
        let event = AuditEvent {
            v: 1,
            id: EventId::new(at, [1; 10]),
            tenant: "acme".parse().unwrap(),
            at,
            event_type: EventType::RequestChange,
            action: Action::Update,
            level: Level::Info,
            outcome: EventOutcome::Success,
            actor: Actor::Person { pseudonym: Pseudonym::from_keyed_hash("ee".repeat(16)), role: Some(Role::Dpo) },
            job: Some(JobId::new(at, [2; 10])),
            resource_type: "job".to_owned(),
            item: None,
            from: None,
            to: Some("cancelled".to_owned()),
            reason: None,
            counts: vec![("rows".to_owned(), 7)],
            request_id: Some("req-secret".to_owned()),
            ip_hash: Some("aa".repeat(16)),
            user_agent_family: Some("curl".to_owned()),
            control_id: None,
            detail: None,
            actor_detail: None,
            organization_id: None,
        };
        let mut json = Vec::new();
        of_event(&event).write_json(&mut json);
        let json = String::from_utf8(json).unwrap();
        for hidden in ["eeee", "aaaa", "req-secret", "curl"] {
            assert!(!json.contains(hidden), "{json}");
        }
        assert!(json.contains("\"role\":\"dpo\"") && json.contains("\"counts\":{\"rows\":7}"), "{json}");
    }
}
