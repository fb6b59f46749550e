//! The small values of a data map: words with a fixed meaning, and the texts of Art. 15.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The kind of system behind a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectorKind {
    /// `DynamoDB` tables.
    DynamoDb,
    /// S3 objects.
    S3,
}

/// How rows are written in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowFormat {
    /// One JSON object a line.
    NdJson,
    /// Comma-separated with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// The declared type of a value (Fideslang names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// Text.
    String,
    /// Whole number.
    Integer,
    /// Number.
    Float,
    /// Truth value.
    Boolean,
    /// Identifier of a document store, a text to us.
    ObjectId,
    /// Nested values without declared fields.
    Object,
}

impl DataType {
    /// The type by its Fideslang name, without the `[]` of arrays.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "object_id" => Self::ObjectId,
            "object" => Self::Object,
            _unknown => return None,
        })
    }
}

/// Which way values travel along a reference, seen from the field that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this field to the referenced one.
    To,
    /// From the referenced field to this one.
    From,
    /// Undeclared: away from the identities, so that values never come back the way they came.
    Both,
}

/// A reference between fields, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldReference {
    /// Index of the referenced collection.
    pub collection: usize,
    /// Index of the field there.
    pub field: usize,
    /// Which way values travel.
    pub direction: Direction,
}

/// Why, for how long and with whom data is held (Art. 15(1)(a), (c), (d), (g) and 15(2)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processing {
    /// The purpose.
    pub purpose: Option<String>,
    /// The basis in law (Art. 6).
    pub lawful_basis: Option<String>,
    /// Who receives it.
    pub recipients: Vec<String>,
    /// Transfers to third countries and their safeguards.
    pub transfers: Vec<String>,
    /// The retention class whose period applies.
    pub retention_class: Option<String>,
    /// Where the data came from.
    pub source: Option<String>,
}

/// Who answers for the data, and what every answer to an access request must tell (Art. 13(1), 15(1)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// The controller's name.
    pub name: String,
    /// Where it is.
    pub address: Option<String>,
    /// How to reach it.
    pub contact: Option<String>,
    /// How to reach the data protection officer.
    pub dpo_contact: Option<String>,
    /// The supervisory authority that takes complaints (Art. 15(1)(f)).
    pub complaint_authority: Option<String>,
    /// The rights to rectification, erasure, restriction and objection in the controller's words (Art. 15(1)(e)).
    pub rights: Option<String>,
    /// Automated decisions, their logic and consequences (Art. 15(1)(h)).
    pub automated_decisions: Option<String>,
    /// How long data is kept, in general (Art. 15(1)(d)).
    pub retention: Option<String>,
    /// Safeguards of transfers, in general (Art. 15(2)).
    pub transfers: Option<String>,
}

/// What is done with a value or row at erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The row or value goes.
    Delete,
    /// The value becomes null.
    NullRewrite,
    /// The value becomes a fixed text.
    StringRewrite,
    /// The value becomes its hash.
    Hash,
    /// The value becomes its keyed hash.
    Hmac,
    /// The value becomes random text.
    RandomStringRewrite,
    /// The value is encrypted.
    AesEncrypt,
    /// Texts lose the personal data that is found in them, and stay otherwise.
    PiiRewrite,
    /// The value stays, under a named exemption.
    Preserve,
    /// The value becomes the one that the person says is right; in plans of rectification only, no map can name it.
    Correct,
}

impl Strategy {
    /// The strategy by its name in the map.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "delete" => Self::Delete,
            "null_rewrite" => Self::NullRewrite,
            "string_rewrite" => Self::StringRewrite,
            "hash" => Self::Hash,
            "hmac" => Self::Hmac,
            "random_string_rewrite" => Self::RandomStringRewrite,
            "aes_encrypt" => Self::AesEncrypt,
            "pii_rewrite" => Self::PiiRewrite,
            "preserve" => Self::Preserve,
            _unknown => return None,
        })
    }
}

/// A strategy with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masking {
    /// What is done.
    pub strategy: Strategy,
    /// Its settings as written.
    pub configuration: BTreeMap<String, String>,
}

/// What erasure does with data of some categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureRule {
    /// Categories it covers, each with everything under it.
    pub data_categories: Vec<String>,
    /// What is done.
    pub masking: Masking,
    /// The exemption under which data is kept (Art. 17(3)).
    pub exemption: Option<String>,
    /// Why, for the receipt.
    pub reason: Option<String>,
}
