//! Which class of OCSF an event is, and the members only that class has.

use serde_json::{Map, Value, json};

use super::{ANOMALY, PRODUCT, actor_of, set, user_of};
use crate::event::LogEvent;

/// The classes that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What a rule over the events found.
    Finding,
    /// Somebody proved, or did not prove, who they are.
    Authentication,
    /// A look, or a call that was refused.
    Api,
    /// Everything else: something was made, changed, carried out or taken away.
    Entity,
}

pub(super) fn class_of(event: &LogEvent) -> Class {
    match event.event_type.as_str() {
        ANOMALY => Class::Finding,
        "authentication" => Class::Authentication,
        "user_access" => Class::Api,
        _ => Class::Entity,
    }
}

impl Class {
    pub(super) const fn uid(self) -> u32 {
        match self {
            Self::Finding => 2_004,
            Self::Authentication => 3_002,
            Self::Entity => 3_004,
            Self::Api => 6_003,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Finding => "Detection Finding",
            Self::Authentication => "Authentication",
            Self::Entity => "Entity Management",
            Self::Api => "API Activity",
        }
    }

    /// What was done; what the class has no number for is 99 under its own name.
    pub(super) fn activity(self, event: &LogEvent) -> (u32, String) {
        let named = |number: u32, name: &str| (number, name.to_owned());
        match (self, event.action.as_str()) {
            (Self::Finding, _) => named(1, "Create"),
            // A code is shown once for one request: no session begins.
            (Self::Authentication, _) => named(99, "Identity Verification"),
            (Self::Entity | Self::Api, "create") => named(1, "Create"),
            (Self::Entity | Self::Api, "read") => named(2, "Read"),
            (Self::Entity | Self::Api, "update") => named(3, "Update"),
            (Self::Entity | Self::Api, "delete") => named(4, "Delete"),
            (Self::Entity | Self::Api, other) => named(99, other),
        }
    }

    /// The members of this class alone.
    pub(super) fn members(self, event: &LogEvent) -> Map<String, Value> {
        let mut members = Map::new();
        match self {
            Self::Finding => {
                let title = event.reason.clone().unwrap_or_else(|| ANOMALY.to_owned());
                let finding = json!({ "uid": event.id, "title": title, "types": event.to.as_slice() });
                set(&mut members, "finding_info", Some(finding));
                set(&mut members, "is_alert", Some(true));
            }
            Self::Authentication => {
                set(&mut members, "actor", Some(actor_of(event)));
                set(&mut members, "user", Some(user_of(event)));
                set(&mut members, "service", Some(json!({ "name": PRODUCT })));
                set(&mut members, "src_endpoint", event.ip_hash.as_ref().map(|uid| json!({ "uid": uid })));
            }
            Self::Api => {
                let operation = event.reason.clone().unwrap_or_else(|| event.resource_type.clone());
                set(&mut members, "actor", Some(actor_of(event)));
                let api = json!({ "operation": operation, "service": { "name": PRODUCT }, "request": { "uid": event.request_id.clone().unwrap_or_default() } });
                set(&mut members, "api", Some(api));
                // The schema wants a source; the log knows a keyed hash of its address, or nothing.
                let source =
                    event.ip_hash.as_ref().map_or_else(|| json!({ "name": "unknown" }), |uid| json!({ "uid": uid }));
                set(&mut members, "src_endpoint", Some(source));
                set(&mut members, "resources", Some(json!([entity_of(event)])));
            }
            Self::Entity => {
                set(&mut members, "actor", Some(actor_of(event)));
                set(&mut members, "entity", Some(entity_of(event)));
            }
        }
        members
    }
}

/// What was acted on: a job by its id, else an item of the tenant's by its name, else its kind alone.
fn entity_of(event: &LogEvent) -> Value {
    let uid = event.job.as_ref().or(event.item.as_ref());
    let mut entity = Map::new();
    set(&mut entity, "type", Some(&event.resource_type));
    set(&mut entity, "name", uid.is_none().then_some(&event.resource_type));
    set(&mut entity, "uid", uid);
    set(&mut entity, "version", event.version.map(|version| version.to_string()));
    Value::Object(entity)
}
