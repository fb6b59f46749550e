//! What a rectification asks for, as it is sent. Whether the data map knows it is looked at when the request is taken in.

use domain::correction::{Corrected, Correction, LONGEST_VALUE, MOST_CORRECTIONS};
use domain::datum::Datum;
use domain::request::{Identity, IdentityKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::schema;

/// The longest name of a field or category.
const LONGEST_NAME: usize = 255;

/// One correction: of a field, or of every field of a data category.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionForm {
    /// The field, as `dataset.collection.field`.
    #[schema(min_length = 1, max_length = 255)]
    pub field: Option<String>,
    /// The data category whose fields are corrected, in every row of the person.
    #[schema(min_length = 1, max_length = 255)]
    pub category: Option<String>,
    /// What the person is known by, corrected wherever it is: alone in its request, whose `subject` names the wrong value.
    #[schema(schema_with = schema::identity_kind, required = false)]
    pub identity: Option<IdentityKind>,
    /// The value that is right: a text up to 2,000 characters, a number or a truth value.
    #[schema(schema_with = schema::corrected_value)]
    pub value: serde_json::Value,
}

/// Reads corrections, noting every place that is wrong.
pub(super) fn corrections(
    forms: Vec<CorrectionForm>,
    subject: &[Identity],
    wrong: &mut Vec<(String, String)>,
) -> Vec<Correction> {
    if forms.len() > MOST_CORRECTIONS {
        wrong.push(("/corrections".to_owned(), format!("are more than {MOST_CORRECTIONS}")));
        return Vec::new();
    }
    let mut read = Vec::new();
    for (at, form) in forms.into_iter().enumerate() {
        let one = match (form.identity, &form.field, &form.category) {
            (Some(kind), None, None) => identity(kind, form.value, subject),
            (Some(_) | None, Some(_) | None, Some(_) | None) => {
                let value = value(form.value).map_err(|why| ("value", why.to_owned()));
                let of = of(form.field, form.category, form.identity.is_some());
                let of = of.map_err(|(place, why)| (place, why.to_owned()));
                of.and_then(|of| Ok(Correction { of, value: value? }))
            }
        };
        match one {
            Ok(correction) => read.push(correction),
            Err((place, why)) => {
                let pointer = format!("/corrections/{at}/{place}");
                wrong.push((pointer.trim_end_matches('/').to_owned(), why));
            }
        }
    }
    read
}

/// The correction of an identity; the value that is wrong is the one that the request names its subject by.
fn identity(
    kind: IdentityKind,
    value: serde_json::Value,
    subject: &[Identity],
) -> Result<Correction, (&'static str, String)> {
    if kind == IdentityKind::OrganizationId {
        return Err(("identity", "is an organisation's, not a person's".to_owned()));
    }
    let mut known = subject.iter().filter(|identity| identity.kind == kind);
    let (Some(was), None) = (known.next(), known.next()) else {
        return Err((
            "identity",
            "is not named once in the subject's identities, by the value that is wrong".to_owned(),
        ));
    };
    let serde_json::Value::String(text) = value else { return Err(("value", "is no text".to_owned())) };
    let right = Identity::new(kind, &text).map_err(|error| ("value", error.to_string()))?;
    let of = Corrected::Identity { kind, was: was.value.expose().clone() };
    Ok(Correction { of, value: Datum::Text(right.value.expose().clone()) })
}

fn of(
    field: Option<String>,
    category: Option<String>,
    names_identity: bool,
) -> Result<Corrected, (&'static str, &'static str)> {
    let (place, name, of): (_, _, fn(String) -> Corrected) = match (field, category) {
        (Some(name), None) if !names_identity => ("field", name, Corrected::Field),
        (None, Some(name)) if !names_identity => ("category", name, Corrected::Category),
        (Some(_) | None, Some(_) | None) => return Err(("", "names one of field, category and identity")),
    };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err((place, "is not a name"));
    }
    Ok(of(name))
}

fn value(value: serde_json::Value) -> Result<Datum, &'static str> {
    match value {
        serde_json::Value::Bool(truth) => Ok(Datum::Bool(truth)),
        serde_json::Value::Number(number) => Ok(Datum::Number(number.to_string())),
        serde_json::Value::String(text) if text.trim().is_empty() => Err("is empty"),
        serde_json::Value::String(text) if text.chars().count() > LONGEST_VALUE => {
            Err("is longer than 2000 characters")
        }
        serde_json::Value::String(text) if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            Err("holds a control character")
        }
        serde_json::Value::String(text) => Ok(Datum::Text(text)),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err("is no text, number or truth value")
        }
    }
}
