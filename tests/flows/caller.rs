//! Who calls: people with roles, and the issuer that signs their tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use habeas_tests::sample::Person;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// Seconds at which every story starts: 2026-03-02T09:00:00Z.
pub(crate) const START: i64 = 1_772_442_000;

/// Somebody who may call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
    pub(crate) claims: Value,
}

impl Caller {
    pub(crate) fn new(tenant: &str, role: &str) -> Self {
        let claims = json!({
            "iss": "https://id.example", "aud": "habeas", "sub": format!("{role}-1"), "tenant": tenant,
            "roles": [role], "exp": START + 3_600 * 24 * 900, "nbf": START - 60,
        });
        Self { tenant: tenant.to_owned(), claims }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }
}

pub(crate) fn operator(tenant: &str) -> Caller {
    Caller::new(tenant, "operator")
}

pub(crate) fn dpo(tenant: &str) -> Caller {
    Caller::new(tenant, "dpo")
}

pub(crate) fn developer(tenant: &str) -> Caller {
    Caller::new(tenant, "developer")
}

pub(crate) fn admin(tenant: &str) -> Caller {
    Caller::new(tenant, "super_admin")
}

pub(crate) fn owner(tenant: &str, organization: &str) -> Caller {
    Caller::new(tenant, "owner").with("org", organization)
}

/// A session of somebody with a verified address.
pub(crate) fn session(tenant: &str, email: &str) -> Caller {
    let caller = Caller::new(tenant, "data_subject").with("sub", format!("sub-of-{email}"));
    caller.with("email", email).with("email_verified", true)
}

/// The person, signed in.
pub(crate) fn subject(person: Person) -> Caller {
    session(person.tenant, person.email)
}

/// An issuer of tokens.
pub(crate) struct Issuer {
    key: EncodingKey,
    /// The public point: 65 bytes.
    pub(crate) point: Vec<u8>,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        Self { key: EncodingKey::from_ec_der(pkcs8.as_ref()), point }
    }

    /// The public key as a JWK.
    pub(crate) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "kid": "k1", "x": text(&self.point[1..33]), "y": text(&self.point[33..65]),
        })
    }

    /// The setting that makes the API trust this issuer.
    pub(crate) fn trusted(&self) -> String {
        json!([{
            "issuer": "https://id.example", "audience": "habeas", "algorithms": ["ES256"],
            "jwks": {"keys": [self.jwk()]},
        }])
        .to_string()
    }

    pub(crate) fn token(&self, caller: &Caller) -> String {
        self.sign(&caller.claims)
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("k1".to_owned());
        encode(&header, claims, &self.key).unwrap()
    }

    /// A token signed by HMAC with bytes that everybody knows.
    pub(crate) fn sign_hs256(claims: &Value, secret: &[u8]) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k1".to_owned());
        encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }
}
