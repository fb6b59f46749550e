//! Where audit events are found: by tenant, by who acted, by what was acted on, by what was done, each in the order of time.
//!
//! What workers do by the thousand (their steps, created, updated, carried out) is left to the index of all events, in
//! which it is never far apart; the others hold what is rare, so that it is found at once.

use jiff::Timestamp;

use super::{Action, Actor, AuditEvent};
use crate::ids::{EventId, TenantId};

/// One of the orders in which events can be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventIndex {
    /// All events of the tenant.
    All,
    /// What one person did, by keyed hash; or holders of codes, or operators.
    Actor(String),
    /// What was done to one job; or to one kind of thing that belongs to no job.
    Resource(String),
    /// What was done, where it is not the everyday work of workers.
    Action(Action),
}

impl EventIndex {
    /// The index of an actor, as filters name them; `None` for workers.
    #[must_use]
    pub fn of_actor(actor: &str) -> Option<Self> {
        (actor != "worker").then(|| Self::Actor(actor.to_owned()))
    }

    /// The index of an action; `None` for the everyday ones.
    #[must_use]
    pub const fn of_action(action: Action) -> Option<Self> {
        match action {
            Action::Read | Action::Delete | Action::Export => Some(Self::Action(action)),
            Action::Create | Action::Update | Action::Execute => None,
        }
    }

    /// Every index an event stands in.
    #[must_use]
    pub fn of_event(event: &AuditEvent) -> Vec<Self> {
        let resource = event.job.as_ref().map_or_else(|| event.resource_type.clone(), ToString::to_string);
        let found = [Self::of_actor(event.actor.name()), Some(Self::Resource(resource)), Self::of_action(event.action)];
        std::iter::once(Self::All).chain(found.into_iter().flatten()).collect()
    }

    /// The partition of this index, for a tenant.
    #[must_use]
    pub fn partition(&self, tenant: &TenantId) -> String {
        match self {
            Self::All => format!("t#{tenant}#events"),
            Self::Actor(actor) => format!("t#{tenant}#actor#{actor}"),
            Self::Resource(resource) => format!("t#{tenant}#resource#{resource}"),
            Self::Action(action) => format!("t#{tenant}#action#{action}"),
        }
    }
}

impl Actor {
    /// How filters and answers name the actor: a keyed hash, or one of three words.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Person { pseudonym, .. } => pseudonym.as_str(),
            Self::Holder => "holder",
            Self::Worker => "worker",
            Self::Operator => "operator",
        }
    }
}

impl EventId {
    /// A text before every id of this millisecond and later ones, and behind all earlier ones.
    #[must_use]
    pub fn bound(at: Timestamp) -> String {
        format!("evt_{:012x}", at.as_millisecond().clamp(0, (1 << 48) - 1))
    }
}

impl AuditEvent {
    /// What was acted on: the job, else the part of the item behind its kind.
    #[must_use]
    pub fn resource_id(&self) -> Option<String> {
        let of_item = || self.item.as_ref().map(|it| it.item.split_once('#').map_or(it.item.as_str(), |(_, id)| id));
        self.job.as_ref().map(ToString::to_string).or_else(|| of_item().map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lie_between_the_bounds_of_their_millisecond() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let id = EventId::new(at(1_772_441_999_123), [255; 10]);
        assert!(EventId::bound(at(1_772_441_999_123)).as_str() < id.as_str());
        assert!(EventId::bound(at(1_772_441_999_124)).as_str() > id.as_str());
        assert_eq!(EventId::bound(at(-5)), "evt_000000000000");
    }
}
