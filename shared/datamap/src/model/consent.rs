//! Which rows say what people agreed to.

use serde::{Deserialize, Serialize};

use crate::FieldPath;

/// The fields of a collection whose rows are records of consent: one person and one purpose each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecords {
    /// The field that leads to the person.
    pub person: FieldPath,
    /// The field that names the purpose.
    pub purpose: FieldPath,
    /// The field that is `granted`, or true, where the person agrees.
    pub status: FieldPath,
    /// The field that says when the consent ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<FieldPath>,
}
