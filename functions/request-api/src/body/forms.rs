//! Bodies of requests. Each is untrusted; what it names is checked here or in the domain.

use domain::job::Scope;
use domain::notice::Language;
use domain::request::{ExportFormat, Identity, IdentityKind, Purpose, Regime, RequestType};
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use lambda_kit::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use workflow::submit_request::NewRequest;

use super::correction::{CorrectionForm, corrections};
use super::schema;

const MOST_IDENTITIES: usize = 20;
const LONGEST_DESCRIPTION: usize = 2_000;

/// A request about one person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestForm {
    /// The right exercised.
    #[schema(schema_with = schema::request_type)]
    pub r#type: RequestType,
    /// The law; `gdpr` if not said.
    #[schema(schema_with = schema::regime, required = false)]
    pub regime: Option<Regime>,
    /// Who it is about.
    pub subject: SubjectForm,
    /// When the request reached the controller (RFC 3339): by staff only, not in the future, at most 90 days back.
    pub received_at: Option<String>,
    /// In the requester's words.
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// Files wanted; `both` for access and `json` for portability if not said.
    #[schema(schema_with = schema::format, required = false)]
    pub format: Option<ExportFormat>,
    /// Whether media files are wanted too.
    #[serde(default)]
    pub include_media: bool,
    /// Days between the approval of an erasure and the erasure, 0 to 90; 7 if not said.
    #[schema(maximum = 90)]
    pub grace_period_days: Option<u16>,
    /// The language the person is to be written to in; the tenant's if not said.
    #[schema(schema_with = schema::language, required = false)]
    pub language: Option<Language>,
    /// The one use that is objected to; only with objection, which is then granted as it comes.
    #[schema(schema_with = schema::purpose, required = false)]
    pub purpose: Option<Purpose>,
    /// What to correct; only with rectification.
    #[schema(max_items = 20)]
    pub corrections: Option<Vec<CorrectionForm>>,
}

/// Who a request is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectForm {
    /// What the person is known by.
    #[schema(min_items = 1, max_items = 20)]
    pub identities: Vec<IdentityForm>,
}

/// One identity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityForm {
    /// What kind of value it is.
    #[schema(schema_with = schema::identity_kind)]
    pub r#type: IdentityKind,
    /// The value.
    #[schema(min_length = 1, max_length = 255)]
    pub value: String,
}

impl RequestForm {
    /// Reads the form as a request.
    ///
    /// # Errors
    /// 422 naming every place that is wrong.
    pub fn read(self) -> Result<NewRequest, Problem> {
        let mut wrong: Vec<(String, String)> = Vec::new();
        if self.corrections.is_some() && corrects_nothing(self.r#type) {
            wrong.push(("/corrections".to_owned(), "is for rectification only".to_owned()));
        }
        let mut unknown: Vec<(String, String)> = Vec::new();
        let identities = identities(&self.subject.identities, &mut unknown);
        let corrections = corrections(self.corrections.unwrap_or_default(), &identities, &mut wrong);
        if self.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            wrong.push(("/description".to_owned(), format!("is longer than {LONGEST_DESCRIPTION} characters")));
        }
        let received_at = self.received_at.as_deref().map(str::parse::<Timestamp>).transpose();
        let received_at = received_at.unwrap_or_else(|_| {
            wrong.push(("/received_at".to_owned(), "is not a time as in RFC 3339".to_owned()));
            None
        });
        wrong.extend(unknown);
        if !wrong.is_empty() {
            let start = Problem::new(lambda_kit::ProblemKind::Invalid, "one or more values are wrong");
            return Err(wrong.into_iter().fold(start, |problem, (pointer, detail)| problem.at(pointer, detail)));
        }
        Ok(NewRequest {
            request_type: self.r#type,
            regime: self.regime,
            scope: Scope::Subject,
            identities,
            organization_id: None,
            confirmed_name: None,
            received_at,
            description: self.description.map(Sensitive::new),
            format: self.format,
            include_media: self.include_media,
            purpose: self.purpose,
            corrections,
            grace_days: self.grace_period_days,
            language: self.language,
            order: None,
        })
    }
}

fn corrects_nothing(request_type: RequestType) -> bool {
    RequestType::SUPPORTED.contains(&request_type) && request_type != RequestType::Rectification
}

pub(super) fn identities(forms: &[IdentityForm], wrong: &mut Vec<(String, String)>) -> Vec<Identity> {
    if forms.len() > MOST_IDENTITIES {
        wrong.push(("/subject/identities".to_owned(), format!("names more than {MOST_IDENTITIES}")));
        return Vec::new();
    }
    let mut identities = Vec::new();
    for (at, form) in forms.iter().enumerate() {
        if form.r#type == IdentityKind::OrganizationId {
            let pointer = format!("/subject/identities/{at}/type");
            wrong.push((pointer, "names an organisation, not a person; use /privacy/export".to_owned()));
            continue;
        }
        match Identity::new(form.r#type, &form.value) {
            Ok(identity) => identities.push(identity),
            Err(error) => wrong.push((format!("/subject/identities/{at}/value"), error.to_string())),
        }
    }
    identities
}

/// An organisation export.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportBody {
    /// The organisation; the caller's own if not said.
    #[schema(min_length = 1, max_length = 255)]
    pub organization_id: Option<String>,
    /// Whether media files are wanted too.
    #[serde(default)]
    pub include_media: bool,
    /// Files wanted; `both` if not said.
    #[schema(schema_with = schema::format, required = false)]
    pub format: Option<ExportFormat>,
}

/// An organisation's deletion.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteBody {
    /// The organisation; the caller's own if not said.
    #[schema(min_length = 1, max_length = 255)]
    pub organization_id: Option<String>,
    /// Its name, typed back exactly.
    #[schema(min_length = 1, max_length = 255)]
    pub confirm_org_name: String,
    /// Whether media files are deleted too.
    #[serde(default)]
    pub delete_media: bool,
    /// Days in which it can be taken back after its approval, 0 to 90; 7 if not said.
    #[schema(maximum = 90)]
    pub grace_period_days: Option<u16>,
}

/// An export of the signed-in person's own data.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct OwnExportBody {
    /// The law; `gdpr` if not said.
    #[schema(schema_with = schema::regime, required = false)]
    pub regime: Option<Regime>,
    /// Files wanted; `both` if not said.
    #[schema(schema_with = schema::format, required = false)]
    pub format: Option<ExportFormat>,
    /// Whether media files are wanted too.
    #[serde(default)]
    pub include_media: bool,
}

/// A deletion of the signed-in person's own data.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct OwnDeletionBody {
    /// The law; `gdpr` if not said.
    #[schema(schema_with = schema::regime, required = false)]
    pub regime: Option<Regime>,
    /// Days in which it can be taken back after its approval, 0 to 90; 7 if not said.
    #[schema(maximum = 90)]
    pub grace_period_days: Option<u16>,
}

/// A body without fields.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct EmptyBody {}

/// A verification code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// The code as it was mailed.
    #[schema(min_length = 1, max_length = 32)]
    pub code: String,
}

/// An officer's word for an identity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualBody {
    /// How the identity was checked.
    #[schema(min_length = 1, max_length = 100)]
    pub method: String,
    /// What was seen.
    #[schema(min_length = 1, max_length = 2000)]
    pub note: String,
}
