//! Tokens of any tenant and role, signed with the key that `up` has made the stack trust.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::harness::epoch_seconds;

/// The local key.
pub(crate) struct Issuer {
    kid: String,
    der: Vec<u8>,
}

/// Whom a token speaks for.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) tenant: String,
    pub(crate) role: &'static str,
    pub(crate) email: Option<String>,
    pub(crate) org: Option<String>,
}

impl Bearer {
    /// A member of a tenant's staff.
    pub(crate) fn staff(tenant: &str, role: &'static str) -> Self {
        Self { tenant: tenant.to_owned(), role, email: None, org: None }
    }

    /// The owner of an organisation.
    pub(crate) fn owner(tenant: &str, org: &str) -> Self {
        Self { org: Some(org.to_owned()), ..Self::staff(tenant, "owner") }
    }

    /// A person, signed in with a verified address.
    pub(crate) fn subject(tenant: &str, email: &str) -> Self {
        Self { email: Some(email.to_owned()), ..Self::staff(tenant, "data_subject") }
    }
}

impl Issuer {
    /// Reads the key.
    pub(crate) fn load(path: &Path) -> Self {
        let key: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let der = URL_SAFE_NO_PAD.decode(key["private_key"].as_str().unwrap()).unwrap();
        Self { kid: key["kid"].as_str().unwrap().to_owned(), der }
    }

    /// A token of an hour.
    pub(crate) fn token(&self, bearer: &Bearer) -> String {
        let now = epoch_seconds();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let subject = format!("stack-{}-{}", bearer.role, bearer.email.as_deref().unwrap_or("staff"));
        let mut claims = json!({
            "iss": "https://habeas.local", "aud": "habeas", "sub": subject, "tenant": bearer.tenant,
            "roles": [bearer.role], "iat": now, "nbf": now, "exp": now + 3600,
        });
        if let Some(email) = &bearer.email {
            claims["email"] = json!(email);
            claims["email_verified"] = json!(true);
        }
        if let Some(org) = &bearer.org {
            claims["org"] = json!(org);
        }
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(&self.der)).unwrap()
    }
}
