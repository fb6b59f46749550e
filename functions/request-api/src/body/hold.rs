//! Legal holds as they are asked for and shown. Matter and reason go to privacy officers only.

use domain::hold::{HoldScope, HoldStatus};
use domain::request::{Identity, IdentityKind};
use domain::sensitive::Sensitive;
use domain::step::StepKind;
use lambda_kit::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::holds::{HoldView, InFlight, NewHold, NewScope, Underway};

use super::forms::{SubjectForm, identities};
use super::schema;

const LONGEST_MATTER: usize = 200;
const LONGEST_REASON: usize = 2_000;

/// A hold to be placed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldForm {
    /// Whose data is to stand still.
    pub scope: HoldScopeForm,
    /// The matter: a case, an inquiry, a dispute.
    #[schema(min_length = 1, max_length = 200)]
    pub matter: String,
    /// Why it holds.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Whose data is to stand still: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldScopeForm {
    /// One person; each identity is enough to meet the hold.
    pub subject: Option<SubjectForm>,
    /// One organisation and its members.
    pub organization: Option<OrganizationForm>,
    /// Everybody: `true`.
    pub tenant: Option<bool>,
}

/// An organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationForm {
    /// Its id.
    #[schema(min_length = 1, max_length = 255)]
    pub organization_id: String,
}

impl HoldForm {
    /// Reads the form as a hold.
    ///
    /// # Errors
    /// 422 naming every place that is wrong.
    pub fn read(self) -> Result<NewHold, Problem> {
        let mut wrong: Vec<(String, String)> = Vec::new();
        for (pointer, text, longest) in
            [("/matter", &self.matter, LONGEST_MATTER), ("/reason", &self.reason, LONGEST_REASON)]
        {
            if text.trim().is_empty() {
                wrong.push((pointer.to_owned(), "is empty".to_owned()));
            }
            if text.chars().count() > longest {
                wrong.push((pointer.to_owned(), format!("is longer than {longest} characters")));
            }
        }
        let scope = self.scope.read(&mut wrong);
        let Some(scope) = scope.filter(|_| wrong.is_empty()) else {
            let start = Problem::new(ProblemKind::Invalid, "one or more values are wrong");
            return Err(wrong.into_iter().fold(start, |problem, (pointer, detail)| problem.at(pointer, detail)));
        };
        Ok(NewHold { scope, matter: Sensitive::new(self.matter), reason: Sensitive::new(self.reason) })
    }
}

impl HoldScopeForm {
    fn read(&self, wrong: &mut Vec<(String, String)>) -> Option<NewScope> {
        match self {
            Self { subject: Some(subject), organization: None, tenant: None } => {
                let mut found = Vec::new();
                let identities = identities(&subject.identities, &mut found);
                if subject.identities.is_empty() {
                    found.push(("/subject/identities".to_owned(), "names nobody".to_owned()));
                }
                wrong.extend(found.into_iter().map(|(pointer, detail)| (format!("/scope{pointer}"), detail)));
                Some(NewScope::Subject(identities))
            }
            Self { subject: None, organization: Some(organization), tenant: None } => {
                let identity = Identity::new(IdentityKind::OrganizationId, &organization.organization_id);
                let pointer = "/scope/organization/organization_id";
                identity
                    .map_err(|error| wrong.push((pointer.to_owned(), error.to_string())))
                    .ok()
                    .map(NewScope::Organization)
            }
            Self { subject: None, organization: None, tenant: Some(true) } => Some(NewScope::Tenant),
            Self { .. } => {
                wrong.push(("/scope".to_owned(), "must name one of subject, organization and tenant".to_owned()));
                None
            }
        }
    }
}

/// A hold.
#[derive(Serialize, ToSchema)]
pub struct HoldBody {
    /// The id.
    pub id: String,
    /// `pending` while claims from before it run, then `effective`, at last `released`.
    #[schema(schema_with = schema::hold_status)]
    pub status: HoldStatus,
    /// Whose data stands still.
    pub scope: HoldScopeBody,
    /// The matter.
    pub matter: String,
    /// Why it holds.
    pub reason: String,
    /// Who placed it, as a keyed hash.
    pub placed_by: String,
    /// When.
    pub placed_at: String,
    /// When nothing from before it ran any more.
    pub effective_at: Option<String>,
    /// Who released it, as a keyed hash.
    pub released_by: Option<String>,
    /// When.
    pub released_at: Option<String>,
    /// What had begun before it and is not over yet; complete.
    pub in_flight: Vec<InFlightBody>,
}

/// Whose data stands still.
#[derive(Serialize, ToSchema)]
pub struct HoldScopeBody {
    /// `subject`, `organization` or `tenant`.
    pub kind: &'static str,
    /// The person, as `subject_ref`s.
    pub subject_refs: Vec<String>,
    /// The organisation.
    pub organization_id: Option<String>,
}

/// Work that began before a hold.
#[derive(Serialize, ToSchema)]
pub struct InFlightBody {
    /// The job; none of the retention sweep.
    pub job_id: Option<String>,
    /// The step of the job.
    #[schema(schema_with = schema::step_kind)]
    pub step: Option<StepKind>,
    /// Which share of the step.
    pub shard: Option<u32>,
    /// The collection that the retention sweep takes expired rows from.
    pub collection: Option<String>,
    /// When its claim ends at the latest, unless it is renewed.
    pub lease_until: Option<String>,
}

/// A page of holds.
#[derive(Serialize, ToSchema)]
pub struct HoldList {
    /// The holds, newest first.
    pub items: Vec<HoldBody>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

impl InFlightBody {
    fn of(one: &InFlight) -> Self {
        let lease_until = one.lease_until.map(|at| at.to_string());
        let none = Self { job_id: None, step: None, shard: None, collection: None, lease_until };
        match &one.work {
            Underway::Step { job, step, shard } => {
                Self { job_id: Some(job.to_string()), step: Some(*step), shard: Some(*shard), ..none }
            }
            Underway::Sweep { collection } => Self { collection: Some(collection.clone()), ..none },
        }
    }
}

impl HoldBody {
    /// A hold as it is shown.
    #[must_use]
    pub fn of(view: &HoldView) -> Self {
        let HoldView { hold, matter, reason, in_flight } = view;
        let in_flight = in_flight.iter().map(InFlightBody::of);
        Self {
            id: hold.id.to_string(),
            status: hold.status,
            scope: scope_body(&hold.scope),
            matter: matter.expose().clone(),
            reason: reason.expose().clone(),
            placed_by: hold.placed_by.as_str().to_owned(),
            placed_at: hold.placed_at.to_string(),
            effective_at: hold.effective_at.map(|at| at.to_string()),
            released_by: hold.released_by.as_ref().map(|by| by.as_str().to_owned()),
            released_at: hold.released_at.map(|at| at.to_string()),
            in_flight: in_flight.collect(),
        }
    }
}

fn scope_body(scope: &HoldScope) -> HoldScopeBody {
    match scope {
        HoldScope::Subject { aliases } => {
            let subject_refs = aliases.iter().map(|alias| alias.as_str().to_owned()).collect();
            HoldScopeBody { kind: "subject", subject_refs, organization_id: None }
        }
        HoldScope::Organization { organization_id, .. } => HoldScopeBody {
            kind: "organization",
            subject_refs: Vec::new(),
            organization_id: Some(organization_id.clone()),
        },
        HoldScope::Tenant => HoldScopeBody { kind: "tenant", subject_refs: Vec::new(), organization_id: None },
    }
}
