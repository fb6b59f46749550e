//! The question of an importer, and its answer: places in the question, never values.

use domain::request::{Identity, Purpose};
use lambda_kit::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::check_suppressions::{Checked, MOST_IDENTITIES, Objected, Restricted, Suppressed};

use super::forms::IdentityForm;
use super::schema;

/// Who is about to be imported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionsForm {
    /// One identity of each person, or several.
    #[schema(min_items = 1, max_items = 100)]
    pub identities: Vec<IdentityForm>,
}

/// Who must not come back.
#[derive(Serialize, ToSchema)]
pub struct SuppressionsBody {
    /// The erased ones, in the order of the question; the others are not named.
    pub suppressed: Vec<SuppressedBody>,
    /// Those whose data is kept and not used, in the order of the question.
    pub restricted: Vec<RestrictedBody>,
    /// Those whose data is not used for one purpose, in the order of the question.
    pub objected: Vec<ObjectedBody>,
}

/// An identity whose person has objected to one use of the data.
#[derive(Serialize, ToSchema)]
pub struct ObjectedBody {
    /// Its place in the question, from 0.
    pub index: usize,
    /// The objection.
    pub job_id: String,
    /// The use.
    #[schema(schema_with = schema::purpose)]
    pub purpose: Purpose,
}

/// An identity whose person's data is restricted.
#[derive(Serialize, ToSchema)]
pub struct RestrictedBody {
    /// Its place in the question, from 0.
    pub index: usize,
    /// The restriction, or the objection.
    pub job_id: String,
}

/// An identity whose person was erased.
#[derive(Serialize, ToSchema)]
pub struct SuppressedBody {
    /// Its place in the question, from 0.
    pub index: usize,
    /// The erasure.
    pub job_id: String,
    /// When it was concluded.
    pub erased_at: String,
}

impl SuppressionsForm {
    /// The identities; organisations are suppressed as such.
    ///
    /// # Errors
    /// 422 naming every place that is wrong.
    pub fn read(&self) -> Result<Vec<Identity>, Problem> {
        if self.identities.is_empty() {
            return Err(Problem::invalid("/identities", "names nobody"));
        }
        if self.identities.len() > MOST_IDENTITIES {
            return Err(Problem::invalid("/identities", format!("names more than {MOST_IDENTITIES}")));
        }
        let mut wrong = Vec::new();
        let mut read = Vec::new();
        for (at, form) in self.identities.iter().enumerate() {
            match Identity::new(form.r#type, &form.value) {
                Ok(identity) => read.push(identity),
                Err(error) => wrong.push((format!("/identities/{at}/value"), error.to_string())),
            }
        }
        if wrong.is_empty() {
            return Ok(read);
        }
        let start = Problem::new(ProblemKind::Invalid, "one or more values are wrong");
        Err(wrong.into_iter().fold(start, |problem, (pointer, detail)| problem.at(pointer, detail)))
    }
}

impl SuppressionsBody {
    /// The answer as it is shown.
    #[must_use]
    pub fn of(found: &Checked) -> Self {
        let body = |one: &Suppressed| SuppressedBody {
            index: one.index,
            job_id: one.job.to_string(),
            erased_at: one.erased_at.to_string(),
        };
        let restricted = |one: &Restricted| RestrictedBody { index: one.index, job_id: one.job.to_string() };
        let objected =
            |one: &Objected| ObjectedBody { index: one.index, job_id: one.job.to_string(), purpose: one.purpose };
        Self {
            objected: found.objected.iter().map(objected).collect(),
            suppressed: found.suppressed.iter().map(body).collect(),
            restricted: found.restricted.iter().map(restricted).collect(),
        }
    }
}
