//! Answers other than a job: lists, the timeline, a link, the personal dashboard.

use domain::event::Actor;
use domain::job::{Job, JobStatus};
use domain::request::RequestType;
use domain::role::Principal;
use serde::Serialize;
use utoipa::ToSchema;
use workflow::dashboard::DashboardView;
use workflow::read_jobs::Told;

use super::job::JobBody;
use super::schema;

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub struct JobList {
    /// The jobs, newest first.
    pub items: Vec<JobBody>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// A page of a timeline.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    /// The events, oldest first.
    pub items: Vec<EventBody>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// One transition.
#[derive(Serialize, ToSchema)]
pub struct EventBody {
    /// When.
    pub at: String,
    /// `worker`, `holder`, or `role:keyed hash` of a person.
    pub actor: String,
    /// What was done.
    pub action: &'static str,
    /// What it was done to.
    pub resource_type: String,
    /// The item of the job, with its share of the work.
    pub item: Option<String>,
    /// State before.
    pub from: Option<String>,
    /// State after.
    pub to: Option<String>,
    /// Why: in the words of whoever acted, while they can be opened, or in ours.
    pub reason: Option<String>,
    /// Whether it was done.
    pub outcome: &'static str,
    /// The id of the audit event.
    pub event_id: String,
}

impl EventBody {
    /// An event as it is shown.
    #[must_use]
    pub fn of(told: &Told) -> Self {
        let Told { event, words } = told;
        Self {
            at: event.at.to_string(),
            actor: actor(&event.actor),
            action: event.action.as_str(),
            resource_type: event.resource_type.clone(),
            item: event.item.as_ref().map(|version| version.item.clone()),
            from: event.from.clone(),
            to: event.to.clone(),
            reason: words.as_ref().map(|words| words.expose().clone()).or_else(|| event.reason.clone()),
            outcome: event.outcome.as_str(),
            event_id: event.id.to_string(),
        }
    }
}

/// Who acted, as it is shown.
pub(super) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person { pseudonym, role } => {
            format!("{}:{}", role.map_or("person", domain::role::Role::as_str), pseudonym.as_str())
        }
        Actor::Holder => "holder".to_owned(),
        Actor::Worker => "worker".to_owned(),
        Actor::Operator => "operator".to_owned(),
    }
}

/// A signed link.
#[derive(Serialize, ToSchema)]
pub struct LinkBody {
    /// Whoever has it has the archive.
    pub url: String,
    /// When it ends.
    pub expires_at: String,
}

/// The personal dashboard (V15).
#[derive(Serialize, ToSchema)]
pub struct DashboardBody {
    /// The signed-in person, as the token names them.
    pub user_id: String,
    /// Consents; none are kept yet.
    pub consents: Vec<String>,
    /// The person's requests, newest first.
    pub jobs: Vec<JobSummary>,
    /// What is held.
    pub data_held: DataHeld,
    /// Which rights can be exercised here.
    pub rights: Rights,
}

/// One request in short.
#[derive(Serialize, ToSchema)]
pub struct JobSummary {
    /// The id.
    pub id: String,
    /// The right exercised.
    #[schema(schema_with = schema::request_type)]
    pub r#type: RequestType,
    /// Where it stands.
    #[schema(schema_with = schema::status)]
    pub status: JobStatus,
    /// When the job was made.
    pub created_at: String,
}

/// What is held of a person.
#[derive(Serialize, ToSchema)]
pub struct DataHeld {
    /// Rows in the newest archive; none before the first export.
    pub data_points: Option<u64>,
    /// How long what is kept, in words.
    pub retention: Vec<String>,
    /// Which collections are searched.
    pub sources: Vec<String>,
}

/// Which rights can be exercised here.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the four rights of V15, yes or no")]
pub struct Rights {
    /// GDPR Art. 15.
    pub access: bool,
    /// GDPR Art. 17.
    pub erasure: bool,
    /// GDPR Art. 20.
    pub portability: bool,
    /// GDPR Art. 21.
    pub objection: bool,
}

impl JobSummary {
    fn of(job: &Job) -> Self {
        let created_at = job.created_at.to_string();
        Self { id: job.id.to_string(), r#type: job.request_type, status: job.status, created_at }
    }
}

impl DashboardBody {
    /// The dashboard of a signed-in person.
    #[must_use]
    pub fn of(principal: &Principal, view: &DashboardView) -> Self {
        let can = |right| RequestType::SUPPORTED.contains(&right);
        Self {
            user_id: principal.subject.expose().clone(),
            consents: Vec::new(),
            jobs: view.jobs.iter().map(JobSummary::of).collect(),
            data_held: DataHeld {
                data_points: view.data_points,
                retention: view.retention.clone(),
                sources: view.sources.clone(),
            },
            rights: Rights {
                access: can(RequestType::Access),
                erasure: can(RequestType::Erasure),
                portability: can(RequestType::Portability),
                objection: can(RequestType::Objection),
            },
        }
    }
}
