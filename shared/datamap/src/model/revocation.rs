//! Where the tokens that rows of a collection hold are revoked (RFC 7009).

use serde::{Deserialize, Serialize};

use crate::FieldPath;

/// The revocation endpoint of the issuer of tokens, and how it knows us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The endpoint.
    pub url: String,
    /// The field that holds a token.
    pub token: FieldPath,
    /// What kind of token it is, in the issuer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type_hint: Option<String>,
    /// The client the tokens were issued to.
    pub client_id: String,
    /// Name of the client's secret, under `habeas/<tenant>/`.
    pub secret: String,
}
