//! A job as it is shown.

use std::collections::BTreeMap;

use domain::job::{Archive, Job, JobStatus, Scope, Verification, VerificationMethod};
use domain::request::{ExportFormat, Purpose, Regime, RequestType};
use domain::restriction::Restriction;
use domain::sensitive::Sensitive;
use serde::Serialize;
use utoipa::ToSchema;
use workflow::read_jobs::JobView;

use super::{ProcessorBody, ProgressBody, ResultBody, RiskBody, StepBody, TokensBody, schema};

/// A job.
#[derive(Serialize, ToSchema)]
pub struct JobBody {
    /// The id.
    pub id: String,
    /// The right exercised.
    #[schema(schema_with = schema::request_type)]
    pub r#type: RequestType,
    /// `subject`, `organization` or `collection`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// The law.
    #[schema(schema_with = schema::regime)]
    pub regime: Regime,
    /// Where it stands.
    #[schema(schema_with = schema::status)]
    pub status: JobStatus,
    /// Keyed hash of the first identity.
    pub subject_ref: Option<String>,
    /// The organisation.
    pub organization_id: Option<String>,
    /// When the request reached the controller.
    pub received_at: String,
    /// When the job was made.
    pub created_at: String,
    /// The inner target.
    pub target_at: String,
    /// The law's date.
    pub due_at: String,
    /// The rule that gave it.
    pub due_rule: String,
    /// Whether the period was extended.
    pub extended: bool,
    /// Whether the clock is stopped.
    pub paused: bool,
    /// When it ended.
    pub completed_at: Option<String>,
    /// Keyed hash of who works on it.
    pub assignee: Option<String>,
    /// The requester's words; shown for one job at a time.
    pub description: Option<String>,
    /// What was done.
    pub resolution_notes: Option<String>,
    /// Why a person must look.
    pub parked_because: Option<String>,
    /// Proof of identity.
    pub verification: Option<VerificationBody>,
    /// Its steps; shown for one job at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepBody>>,
    /// How far it is; shown for one job at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressBody>,
    /// Who else was told of the erasure, and how that stands; shown for one job at a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<ProcessorBody>,
    /// What became of the person's tokens; shown for one job at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensBody>,
    /// The restriction it puts on a person's data; restrictions and objections only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restriction: Option<RestrictionBody>,
    /// How far a job about a collection is, and what it found, in counts; shown for one job at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultBody>,
    /// How much it risks, for staff; shown for one job at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskBody>,
    /// The finished archive.
    pub archive: Option<ArchiveBody>,
    /// Where to go from here.
    pub links: BTreeMap<&'static str, String>,
}

/// How and when an identity was proven.
#[derive(Serialize, ToSchema)]
pub struct VerificationBody {
    /// `session`, `email_code` or `manual`.
    #[schema(value_type = String)]
    pub method: VerificationMethod,
    /// When.
    pub at: String,
}

/// A restriction (GDPR Art. 18).
#[derive(Serialize, ToSchema)]
pub struct RestrictionBody {
    /// Since when the data is kept and not used.
    pub since: Option<String>,
    /// The one use that is restricted; all where it is null.
    #[schema(schema_with = schema::purpose, required = false)]
    pub purpose: Option<Purpose>,
    /// Whether an objection was upheld.
    pub upheld: bool,
    /// Whether its end is being told to the person.
    pub lifting: bool,
    /// When it ended.
    pub lifted_at: Option<String>,
}

/// The finished archive.
#[derive(Serialize, ToSchema)]
pub struct ArchiveBody {
    /// The object's key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// What it holds.
    #[schema(schema_with = schema::format)]
    pub format: ExportFormat,
    /// Files in it.
    pub files: u64,
    /// Rows in it.
    pub rows: u64,
    /// End of the entitlement to fetch it.
    pub expires_at: String,
}

impl JobBody {
    /// A job without its steps, as in lists and as the answer to an act.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self {
            id: job.id.to_string(),
            r#type: job.request_type,
            scope: job.scope,
            regime: job.regime,
            status: job.status,
            subject_ref: job.subject_ref.as_ref().map(|alias| alias.as_str().to_owned()),
            organization_id: job.organization_id.clone(),
            received_at: job.received_at.to_string(),
            created_at: job.created_at.to_string(),
            target_at: job.target_at.to_string(),
            due_at: job.due_at.to_string(),
            due_rule: job.due_rule.clone(),
            extended: job.extended,
            paused: job.paused,
            completed_at: job.completed_at.map(|at| at.to_string()),
            assignee: job.assignee.as_ref().map(|who| who.as_str().to_owned()),
            description: None,
            resolution_notes: job.resolution_notes.clone(),
            parked_because: job.parked_because.clone(),
            verification: job.verification.as_ref().map(VerificationBody::of),
            steps: None,
            progress: None,
            processors: Vec::new(),
            tokens: None,
            restriction: job.restriction.as_deref().map(RestrictionBody::of),
            result: None,
            risk: None,
            archive: job.archive.as_ref().map(ArchiveBody::of),
            links: links(job),
        }
    }

    /// One job with its steps and the requester's words, and with its risk for those who may know it.
    #[must_use]
    pub fn of_view(view: &JobView, shows_risk: bool) -> Self {
        let (done, total) = view.progress();
        Self {
            description: view.description.clone().map(Sensitive::into_exposed),
            steps: Some(view.steps.iter().map(StepBody::of).collect()),
            progress: Some(ProgressBody { done, total }),
            processors: ProcessorBody::of(&view.steps),
            tokens: TokensBody::of(&view.steps),
            result: ResultBody::of(&view.steps),
            risk: RiskBody::of(&view.steps).filter(|_| shows_risk),
            ..Self::of(&view.job)
        }
    }

    /// The job as it was when it was accepted, so that a repeated call gets the same answer whatever happened since.
    #[must_use]
    pub fn as_accepted(job: &Job) -> Self {
        let by_session = job.scope != Scope::Subject;
        let known = by_session || job.by_subject;
        let verification = Verification { method: VerificationMethod::Session, at: job.created_at };
        let (due_at, due_rule, target_at) = match &job.timing.first {
            Some(first) => (first.due_at, first.due_rule.clone(), first.target_at),
            None => (job.due_at, job.due_rule.clone(), job.target_at),
        };
        Self::of(&Job {
            due_at,
            due_rule,
            target_at,
            status: if known { JobStatus::Pending } else { JobStatus::AwaitingVerification },
            extended: false,
            paused: false,
            completed_at: None,
            assignee: None,
            resolution_notes: None,
            parked_because: None,
            verification: by_session.then_some(verification),
            archive: None,
            erasure: None,
            restriction: None,
            ..job.clone()
        })
    }
}

impl VerificationBody {
    fn of(verification: &Verification) -> Self {
        Self { method: verification.method, at: verification.at.to_string() }
    }
}

impl RestrictionBody {
    fn of(restriction: &Restriction) -> Self {
        Self {
            since: restriction.set_at.map(|at| at.to_string()),
            purpose: restriction.purpose,
            upheld: restriction.upheld.is_some(),
            lifting: restriction.lift.is_some() && restriction.stands(),
            lifted_at: restriction.lifted_at.map(|at| at.to_string()),
        }
    }
}

impl ArchiveBody {
    fn of(archive: &Archive) -> Self {
        Self {
            key: archive.key.clone(),
            bytes: archive.bytes,
            sha256: archive.sha256.clone(),
            format: archive.format,
            files: archive.files,
            rows: archive.rows,
            expires_at: archive.expires_at.to_string(),
        }
    }
}

fn links(job: &Job) -> BTreeMap<&'static str, String> {
    let own = format!("/api/v1/privacy/jobs/{}", job.id);
    let mut links = BTreeMap::from([("timeline", format!("{own}/timeline"))]);
    if job.status == JobStatus::AwaitingVerification {
        links.insert("verify", format!("{own}/verify"));
    }
    if job.erasure.as_ref().is_some_and(|erasure| erasure.plan.is_some()) {
        links.insert("plan", format!("{own}/plan"));
    }
    if job.receipt().is_some() {
        links.insert("receipt", format!("{own}/receipt"));
    }
    if job.archive.is_some() {
        links.insert("download", format!("{own}/download"));
    }
    links.insert("self", own);
    links
}
