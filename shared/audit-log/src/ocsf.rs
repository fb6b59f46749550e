//! An event of the log in the form of OCSF (Open Cybersecurity Schema Framework) 1.3, for a SIEM: the same facts under other names.
//!
//! Nothing is opened and nothing is guessed: what the schema has no place for stands in `unmapped`, and an address stays a keyed hash.

mod class;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::class::{Class, class_of};
use crate::event::LogEvent;

/// The version of the schema that is written.
pub const OCSF_VERSION: &str = "1.3.0";
/// The type of events the watch writes; a finding of its own in OCSF.
pub const ANOMALY: &str = "anomaly";
const PRODUCT: &str = "Habeas";

/// Why a leaf can't be written for a SIEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcsfError {
    /// It is no event, or its time is none.
    #[error("the leaf is not an event in the form of the log")]
    Form,
}

/// One leaf as one line of JSON, with its place in the log, so that a gap can be seen; `metadata.uid` tells doubles.
///
/// # Errors
/// The leaf is no event.
pub fn line_of(leaf: &[u8], log: &str, index: u64) -> Result<Vec<u8>, OcsfError> {
    let event: LogEvent = serde_json::from_slice(leaf).map_err(|_| OcsfError::Form)?;
    let mut line = serde_json::to_vec(&to_ocsf(&event, log, index)?).map_err(|_| OcsfError::Form)?;
    line.push(b'\n');
    Ok(line)
}

/// An event of the log as an OCSF event.
///
/// # Errors
/// Its time is none.
pub fn to_ocsf(event: &LogEvent, log: &str, index: u64) -> Result<Value, OcsfError> {
    let at: Timestamp = event.at.parse().map_err(|_| OcsfError::Form)?;
    let class = class_of(event);
    let (severity_id, severity) = severity_of(event, class);
    let (status_id, status) = if event.outcome == "failure" { (2, "Failure") } else { (1, "Success") };
    let mut line = json!({
        "category_uid": class.uid() / 1_000,
        "class_uid": class.uid(),
        "class_name": class.name(),
        "activity_id": class.activity(event).0,
        "activity_name": class.activity(event).1,
        "type_uid": class.uid() * 100 + class.activity(event).0,
        "time": at.as_millisecond(),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "metadata": metadata_of(event, log, index),
        "unmapped": unmapped_of(event),
    });
    if let Some(members) = line.as_object_mut() {
        set(members, "message", event.reason.clone());
        members.extend(class.members(event));
    }
    Ok(line)
}

fn metadata_of(event: &LogEvent, log: &str, index: u64) -> Value {
    let mut metadata = json!({
        "version": OCSF_VERSION,
        "uid": event.id,
        "sequence": index,
        "log_name": log,
        "event_code": event.event_type,
        "original_time": event.at,
        "tenant_uid": event.tenant,
        "product": { "name": PRODUCT, "vendor_name": PRODUCT },
    });
    if let Some(members) = metadata.as_object_mut() {
        set(members, "correlation_uid", event.request_id.clone());
        set(members, "labels", event.control_id.as_ref().map(|control| vec![format!("control:{control}")]));
    }
    metadata
}

/// A refused call is no emergency; what a rule found is for a person.
fn severity_of(event: &LogEvent, class: Class) -> (u8, &'static str) {
    match (class, event.level.as_str()) {
        (_, "critical") => (5, "Critical"),
        (Class::Finding, _) => (4, "High"),
        (_, "error") => (3, "Medium"),
        (_, "warning") => (2, "Low"),
        (Class::Authentication | Class::Entity | Class::Api, _) => (1, "Informational"),
    }
}

/// Who acted, as far as the log says: a pseudonym, never a name.
pub(crate) fn actor_of(event: &LogEvent) -> Value {
    match event.actor.as_str() {
        "worker" => json!({ "app_name": PRODUCT }),
        _ => json!({ "user": user_of(event) }),
    }
}

pub(crate) fn user_of(event: &LogEvent) -> Value {
    let mut user = Map::new();
    let (type_id, kind) = match event.actor.as_str() {
        "person" => (1, "User"),
        "operator" => (2, "Admin"),
        "worker" => (3, "System"),
        _ => (0, "Unknown"),
    };
    user.insert("type_id".to_owned(), json!(type_id));
    user.insert("type".to_owned(), json!(kind));
    match &event.pseudonym {
        Some(pseudonym) => set(&mut user, "uid", Some(pseudonym.clone())),
        None => set(&mut user, "name", Some(event.actor.clone())),
    }
    set(&mut user, "groups", event.role.as_ref().map(|role| json!([{ "name": role, "type": "role" }])));
    set(&mut user, "org", event.organization_id.as_ref().map(|uid| json!({ "uid": uid })));
    Value::Object(user)
}

/// What the schema has no place for, under the names of the log.
fn unmapped_of(event: &LogEvent) -> Value {
    let mut rest = Map::new();
    set(&mut rest, "job", event.job.clone());
    set(&mut rest, "item", event.item.clone());
    set(&mut rest, "version", event.version);
    set(&mut rest, "from", event.from.clone());
    set(&mut rest, "to", event.to.clone());
    set(&mut rest, "counts", (!event.counts.is_empty()).then_some(&event.counts));
    set(&mut rest, "ip_hash", event.ip_hash.clone());
    set(&mut rest, "user_agent_family", event.user_agent_family.clone());
    set(&mut rest, "control_id", event.control_id.clone());
    set(&mut rest, "sealed", event.sealed.clone());
    Value::Object(rest)
}

fn set(members: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        members.insert(name.to_owned(), value);
    }
}
