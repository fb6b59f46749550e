//! Documents and texts to be scanned or anonymised.

use lambda_kit::{Problem, ProblemKind};
use pii::detect::Match;
use pii::mask::{Anonymized, Method};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workflow::anonymization::{Content, Scanned, SourceName};

use super::source::SourceForm;

/// Finds that one answer lists; the counts are whole.
const MOST_MATCHES: usize = 10_000;
/// Fields that one call may name.
const MOST_FIELDS: usize = 1_000;

/// Where the input is.
#[derive(Debug, PartialEq)]
pub enum Input<T> {
    /// It was sent.
    Sent(T),
    /// It is a collection of the data map.
    Source(SourceName),
}

/// What is to be scanned: `data`, `text` or `source`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanForm {
    /// A JSON document; names of fields count as hints.
    #[serde(default, deserialize_with = "given")]
    pub data: Option<Value>,
    /// A text.
    pub text: Option<String>,
    /// A collection of the data map, every row of it, in place of data or text: a job.
    pub source: Option<SourceForm>,
}

/// `null` that was sent is a document; what was not sent is none.
fn given<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(reader).map(Some)
}

impl ScanForm {
    /// The one content, or the one source, that is named.
    ///
    /// # Errors
    /// 422 where several are named, or none.
    pub fn read(self) -> Result<Input<Content>, Problem> {
        match (self.data, self.text, self.source) {
            (Some(document), None, None) => Ok(Input::Sent(Content::Document(document))),
            (None, Some(text), None) => Ok(Input::Sent(Content::Text(text))),
            (None, None, Some(source)) => Ok(Input::Source(source.name())),
            (Some(_), Some(_), _) => Err(Problem::invalid("/text", "is given beside data; one of them must go")),
            (_, _, Some(_)) => Err(Problem::invalid("/source", "is given beside data or text; one of them must go")),
            (None, None, None) => Err(Problem::invalid("/data", "is missing; send data or text, or name a source")),
        }
    }
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct ScannedBody {
    /// Whether anything was found.
    pub pii_found: bool,
    /// How many finds there are.
    pub match_count: usize,
    /// The first 10,000 of them.
    pub matches: Vec<MatchBody>,
    /// What a leak would cost, 0 to 100.
    pub risk_score: f64,
}

/// One find: where and what, never the value.
#[derive(Serialize, ToSchema)]
pub struct MatchBody {
    /// What it is.
    pub r#type: &'static str,
    /// The country of a national id (ISO 3166-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<&'static str>,
    /// Path of the field, such as `a.b[2].c`; none in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Byte of the value or text at which it starts.
    pub start: usize,
    /// Byte behind its end.
    pub end: usize,
    /// Character at which it starts.
    pub char_start: usize,
    /// Character behind its end.
    pub char_end: usize,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// How it is to be treated.
    #[schema(value_type = String)]
    pub classification: pii::classify::Class,
    /// Why it was taken for one.
    pub explain: String,
}

impl From<&Match> for MatchBody {
    fn from(found: &Match) -> Self {
        Self {
            r#type: found.kind.as_str(),
            country: found.country,
            field: found.field.as_deref().map(str::to_owned),
            start: found.start,
            end: found.end,
            char_start: found.char_start,
            char_end: found.char_end,
            confidence: found.confidence.as_f64(),
            classification: found.classification,
            explain: found.why.to_string(),
        }
    }
}

impl ScannedBody {
    /// A scan as it is shown.
    #[must_use]
    pub fn of(scanned: &Scanned) -> Self {
        Self {
            pii_found: !scanned.matches.is_empty(),
            match_count: scanned.matches.len(),
            matches: scanned.matches.iter().take(MOST_MATCHES).map(MatchBody::from).collect(),
            risk_score: (scanned.risk * 10.0).round() / 10.0,
        }
    }
}

/// How single values are replaced (V10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// `[REDACTED]`.
    Redaction,
    /// Asterisks, by type.
    #[default]
    Masking,
    /// A keyed hash, the same within a tenant.
    Hashing,
    /// A coarser value where there is one; what has none stays and is counted as unchanged.
    Generalization,
    /// Another value of the same type, the same within a tenant.
    Pseudonymization,
    /// A number near the number; texts stay and are counted as unchanged.
    NoiseAddition,
}

impl MethodName {
    /// The method of this name.
    #[must_use]
    pub const fn of_value(self) -> Method {
        match self {
            Self::Redaction => Method::Redaction,
            Self::Masking => Method::Masking,
            Self::Hashing => Method::Hashing,
            Self::Generalization => Method::Generalization,
            Self::Pseudonymization => Method::Pseudonymization,
            Self::NoiseAddition => Method::NoiseAddition,
        }
    }
}

/// A document to be anonymised.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnonymizeForm {
    /// The document.
    #[serde(default, deserialize_with = "given")]
    pub data: Option<Value>,
    /// A collection of the data map, each row of it, in place of a document: a job.
    pub source: Option<SourceForm>,
    /// How; data sets as a whole have a call of their own.
    #[serde(default)]
    pub method: MethodName,
    /// Only these fields, by name or by path such as `a.b[2].c`; all fields where none is named.
    #[schema(min_items = 1, max_items = 1000)]
    pub fields: Option<Vec<String>>,
}

/// What to anonymise, how, and in which fields.
pub(crate) type ToAnonymize = (Input<Value>, MethodName, Option<Vec<String>>);

impl AnonymizeForm {
    /// Document or source, method and fields.
    ///
    /// # Errors
    /// 422 where not exactly one of document and source is named, the list of fields is empty or holds an empty name.
    pub fn read(self) -> Result<ToAnonymize, Problem> {
        if let Some(fields) = &self.fields {
            if fields.is_empty() {
                return Err(Problem::invalid("/fields", "is empty; leave it out to treat every field"));
            }
            if fields.len() > MOST_FIELDS {
                return Err(Problem::invalid("/fields", format!("names more than {MOST_FIELDS} fields")));
            }
            let empty = fields.iter().enumerate().filter(|(_, name)| name.trim().is_empty());
            let problem = Problem::new(ProblemKind::Invalid, "one or more values are wrong");
            let problem =
                empty.clone().fold(problem, |problem, (at, _)| problem.at(format!("/fields/{at}"), "is empty"));
            if empty.count() > 0 {
                return Err(problem);
            }
        }
        let input = match (self.data, self.source) {
            (Some(document), None) => Input::Sent(document),
            (None, Some(source)) => Input::Source(source.name()),
            (Some(_), Some(_)) => return Err(Problem::invalid("/source", "is given beside data; one of them must go")),
            (None, None) => return Err(Problem::invalid("/data", "is missing; send data or name a source")),
        };
        Ok((input, self.method, self.fields))
    }
}

/// The document without what was found in it.
#[derive(Serialize, ToSchema)]
pub struct AnonymizedBody {
    /// How many finds it held.
    pub original_pii_count: usize,
    /// How many of them stayed, because the method has nothing to say on their type.
    pub unchanged_count: usize,
    /// How they were replaced.
    pub method: MethodName,
    /// The document; its shape and its nulls are as they were.
    pub anonymized_data: Value,
}

impl AnonymizedBody {
    /// An anonymised document as it is shown.
    #[must_use]
    pub fn of(done: Anonymized, method: MethodName) -> Self {
        Self { original_pii_count: done.found, unchanged_count: done.unchanged, method, anonymized_data: done.document }
    }
}
