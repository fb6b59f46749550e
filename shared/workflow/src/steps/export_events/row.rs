//! One audit event as a row: the members and columns in which `audit-api` shows it. Nothing sealed is opened.

use domain::datum::Datum;
use domain::event::{Actor, AuditEvent};
use domain::request::ExportFormat;

/// The columns; members of JSON have the same names but for the id.
pub(super) const FIELDS: &[&str] = &[
    "at",
    "event_id",
    "event_type",
    "action",
    "level",
    "outcome",
    "actor",
    "role",
    "resource_type",
    "resource_id",
    "item",
    "version",
    "from",
    "to",
    "reason",
    "request_id",
    "counts",
    "ip_hash",
    "user_agent_family",
    "control_id",
];

pub(super) fn of_event(event: &AuditEvent, format: ExportFormat) -> Datum {
    let role = match &event.actor {
        Actor::Person { role, .. } => role.map(|role| role.as_str()),
        Actor::Holder | Actor::Worker | Actor::Operator => None,
    };
    let number = |count: u64| Datum::Number(count.to_string());
    let item = event.item.as_ref();
    let values = [
        Datum::Text(event.at.to_string()),
        text(event.id.as_str()),
        text(event.event_type.as_str()),
        text(event.action.as_str()),
        text(event.level.as_str()),
        text(event.outcome.as_str()),
        text(event.actor.name()),
        optional(role),
        text(&event.resource_type),
        optional(event.resource_id().as_deref()),
        optional(item.map(|item| item.item.as_str())),
        item.map_or(Datum::Null, |item| number(item.version)),
        optional(event.from.as_deref()),
        optional(event.to.as_deref()),
        optional(event.reason.as_deref()),
        optional(event.request_id.as_deref()),
        Datum::Map(event.counts.iter().map(|(name, count)| (name.clone(), number(*count))).collect()),
        optional(event.ip_hash.as_deref()),
        optional(event.user_agent_family.as_deref()),
        optional(event.control_id.as_deref()),
    ];
    let name = |name: &&str| match (*name, format) {
        ("event_id", ExportFormat::Json) => "id".to_owned(),
        (name, _) => name.to_owned(),
    };
    Datum::Map(FIELDS.iter().map(name).zip(values).collect())
}

fn text(value: &str) -> Datum {
    Datum::Text(value.to_owned())
}

fn optional(value: Option<&str>) -> Datum {
    value.map_or(Datum::Null, text)
}
