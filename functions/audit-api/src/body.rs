//! What is answered: the field names of the HTTP contract, and nothing else. Actors are keyed hashes but where one event is opened.

use std::collections::BTreeMap;

use domain::event::{Actor, AuditEvent};
use domain::job::{Job, Period};
use domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::actor_detail::ActorDetail;
use workflow::read_audit::{EventDetail, EventList};
use workflow::verify_log::Verification;

/// A page of audit events.
#[derive(Serialize, ToSchema)]
pub struct EventListBody {
    /// The events, newest first; perhaps fewer than asked for although more follow.
    pub items: Vec<AuditEventBody>,
    /// Where the next page starts; null at the end.
    pub next_cursor: Option<String>,
}

/// One audit event.
#[derive(Serialize, ToSchema)]
pub struct AuditEventBody {
    /// Its id.
    pub id: String,
    /// When.
    pub at: String,
    /// The kind of event.
    pub event_type: &'static str,
    /// What was done.
    pub action: &'static str,
    /// How loud.
    pub level: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// A keyed hash of the person who acted, or `worker`, `holder`, `operator`.
    pub actor: String,
    /// The strongest role used.
    pub role: Option<String>,
    /// What kind of thing was acted on.
    pub resource_type: String,
    /// Which one.
    pub resource_id: Option<String>,
    /// The item written in the same transaction.
    pub item: Option<String>,
    /// The version it was given.
    pub version: Option<u64>,
    /// State before.
    pub from: Option<String>,
    /// State after.
    pub to: Option<String>,
    /// Why, in our own words.
    pub reason: Option<String>,
    /// How many of what.
    pub counts: BTreeMap<String, u64>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// Keyed hash of the caller's address.
    pub ip_hash: Option<String>,
    /// Family of the caller's user agent.
    pub user_agent_family: Option<String>,
    /// The control it is evidence for.
    pub control_id: Option<String>,
}

impl AuditEventBody {
    /// An event as it is shown.
    #[must_use]
    pub fn of(event: &AuditEvent) -> Self {
        let role = match &event.actor {
            Actor::Person { role, .. } => role.map(|role| role.as_str().to_owned()),
            Actor::Holder | Actor::Worker | Actor::Operator => None,
        };
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            event_type: event.event_type.as_str(),
            action: event.action.as_str(),
            level: event.level.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.name().to_owned(),
            role,
            resource_type: event.resource_type.clone(),
            resource_id: event.resource_id(),
            item: event.item.as_ref().map(|item| item.item.clone()),
            version: event.item.as_ref().map(|item| item.version),
            from: event.from.clone(),
            to: event.to.clone(),
            reason: event.reason.clone(),
            counts: event.counts.iter().cloned().collect(),
            request_id: event.request_id.clone(),
            ip_hash: event.ip_hash.clone(),
            user_agent_family: event.user_agent_family.clone(),
            control_id: event.control_id.clone(),
        }
    }
}

impl EventListBody {
    /// A page as it is shown.
    #[must_use]
    pub fn of(list: EventList) -> Self {
        Self { items: list.events.iter().map(AuditEventBody::of).collect(), next_cursor: list.next }
    }
}

/// Who acted, as the token and the call said.
#[derive(Serialize, ToSchema)]
pub struct WhoBody {
    /// The token's `sub`.
    pub subject: Option<String>,
    /// The token's e-mail address.
    pub email: Option<String>,
    /// The address of the call.
    pub ip: Option<String>,
    /// What the client said it is.
    pub user_agent: Option<String>,
}

impl WhoBody {
    fn of(actor: &ActorDetail) -> Self {
        let told = |value: &Option<Sensitive<String>>| value.as_ref().map(|value| value.expose().clone());
        let ActorDetail { subject, email, ip, user_agent } = actor;
        Self { subject: told(subject), email: told(email), ip: told(ip), user_agent: told(user_agent) }
    }
}

/// One audit event with what is sealed about it.
#[derive(Serialize, ToSchema)]
pub struct EventDetailBody {
    /// The event.
    #[serde(flatten)]
    pub event: AuditEventBody,
    /// Who acted, while it can still be opened.
    pub who: Option<WhoBody>,
    /// What the acting person said, while it can still be opened.
    pub words: Option<String>,
    /// Its position in the log, once it is sealed.
    pub leaf_index: Option<u64>,
}

impl EventDetailBody {
    /// An event as it is shown alone.
    #[must_use]
    pub fn of(detail: &EventDetail) -> Self {
        Self {
            event: AuditEventBody::of(&detail.opened.event),
            who: detail.opened.actor.as_ref().map(WhoBody::of),
            words: detail.opened.words.as_ref().map(|words| words.expose().clone()),
            leaf_index: detail.leaf_index,
        }
    }
}

/// An export that is a job: it is seen and fetched as every other.
#[derive(Serialize, ToSchema)]
pub struct LogExportBody {
    /// The job.
    pub id: String,
    /// Where it stands.
    pub status: &'static str,
    /// `csv` or `json` (lines).
    pub format: &'static str,
    /// The first moment of the period.
    pub start: String,
    /// The end of the period, not within it; never later than the call.
    pub end: String,
    /// `self` shows the job, `download` answers with a link once it is completed.
    pub links: BTreeMap<&'static str, String>,
}

impl LogExportBody {
    /// A job as it was begun.
    #[must_use]
    pub fn of(job: &Job, period: Period) -> Self {
        let own = format!("/api/v1/privacy/jobs/{}", job.id);
        Self {
            id: job.id.to_string(),
            status: job.status.as_str(),
            format: job.format.as_str(),
            start: period.start.to_string(),
            end: job.period.unwrap_or(period).end.to_string(),
            links: BTreeMap::from([("download", format!("{own}/download")), ("self", own)]),
        }
    }
}

/// Nothing is asked beside the call itself.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct VerifyForm {}

/// Whether the log holds.
#[derive(Serialize, ToSchema)]
pub struct VerifyBody {
    /// Whether everything that was checked holds.
    pub ok: bool,
    /// Events under the checkpoint.
    pub tree_size: u64,
    /// Events read and compared.
    pub checked: u64,
    /// The first place that doesn't hold, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<String>,
    /// When it was verified: now, or for large logs by the scheduled verification.
    pub verified_at: String,
}

impl VerifyBody {
    /// A verification as it is shown.
    #[must_use]
    pub fn of(found: &Verification) -> Self {
        Self {
            ok: found.ok,
            tree_size: found.tree_size,
            checked: found.checked,
            broken_at: found.broken_at.clone(),
            verified_at: found.at.to_string(),
        }
    }
}
