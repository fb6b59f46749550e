//! The local token issuer: a key of this checkout that only the local stack trusts.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::{Context as _, anyhow};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::Role;
use crate::home::Home;

/// The `iss` claim of local tokens.
pub(crate) const ISSUER: &str = "https://habeas.local";
/// The `aud` claim of local tokens.
pub(crate) const AUDIENCE: &str = "habeas";

/// Signs tokens with the key in `.habeas/issuer.json`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Issuer {
    kid: String,
    /// PKCS#8, base64url.
    private_key: String,
    /// X and Y of the P-256 point, base64url.
    x: String,
    y: String,
}

/// Whom a token stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer<'a> {
    /// Tenant the bearer belongs to.
    pub(crate) tenant: &'a str,
    /// Role of the bearer.
    pub(crate) role: Role,
    /// E-mail address, taken as verified.
    pub(crate) email: Option<&'a str>,
    /// Organisation.
    pub(crate) org: Option<&'a str>,
}

impl Issuer {
    /// Reads the key of this checkout, or makes one that only the user may read.
    pub(crate) fn load_or_create(home: &Home) -> anyhow::Result<Self> {
        let path = home.state("issuer.json");
        if let Ok(text) = fs::read_to_string(&path) {
            return serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged: remove it and run `cargo habeas up`", path.display()));
        }
        let issuer = Self::generate()?;
        fs::create_dir_all(home.state(""))?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(serde_json::to_string_pretty(&issuer)?.as_bytes())?;
        Ok(issuer)
    }

    fn generate() -> anyhow::Result<Self> {
        let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(signing, &SystemRandom::new())
            .map_err(|_| anyhow!("the system gave no random bytes for a key"))?;
        let pair = EcdsaKeyPair::from_pkcs8(signing, document.as_ref())
            .map_err(|_| anyhow!("the new key cannot be read back"))?;
        let point = pair.public_key().as_ref();
        Ok(Self {
            kid: short_hash(point),
            private_key: URL_SAFE_NO_PAD.encode(document.as_ref()),
            x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: URL_SAFE_NO_PAD.encode(&point[33..65]),
        })
    }

    /// The template's `TrustedIssuers` parameter that makes a stack trust this key.
    pub(crate) fn trusted_issuers(&self) -> String {
        let key = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid, "x": self.x, "y": self.y,
        });
        let issuer = json!({
            "issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["ES256"], "jwks": { "keys": [key] },
        });
        Value::Array(vec![issuer]).to_string()
    }

    /// A signed token that lives `ttl_seconds` from `now`.
    pub(crate) fn token(&self, bearer: &Bearer<'_>, now: i64, ttl_seconds: u32) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": stable_id(bearer),
            "tenant": bearer.tenant, "roles": [bearer.role.claim()],
            "iat": now, "nbf": now, "exp": now + i64::from(ttl_seconds),
        });
        if let Some(email) = bearer.email {
            claims["email"] = json!(email);
            claims["email_verified"] = json!(true);
        }
        if let Some(org) = bearer.org {
            claims["org"] = json!(org);
        }
        let der = URL_SAFE_NO_PAD.decode(&self.private_key).context("the local key is damaged")?;
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(&der)).context("the local key cannot sign")
    }
}

/// The same bearer is the same subject in each token.
fn stable_id(bearer: &Bearer<'_>) -> String {
    let seed = bearer.email.unwrap_or_else(|| bearer.role.claim());
    format!("local-{}", short_hash(format!("{}/{seed}", bearer.tenant).as_bytes()))
}

fn short_hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..12])
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::Value;

    use super::{AUDIENCE, Bearer, ISSUER, Issuer};
    use crate::args::Role;

    fn verify(issuer: &Issuer, token: &str) -> jsonwebtoken::errors::Result<Value> {
        let trusted: Value = serde_json::from_str(&issuer.trusted_issuers()).unwrap();
        let keys: JwkSet = serde_json::from_value(trusted[0]["jwks"].clone()).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(&keys.keys[0])?;
        jsonwebtoken::decode::<Value>(token, &key, &validation).map(|data| data.claims)
    }

    #[test]
    fn a_token_is_accepted_by_its_own_published_key_only() {
        let bearer = Bearer { tenant: "acme", role: Role::DataSubject, email: Some("a@example.com"), org: None };
        let (ours, other) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
        let token = ours.token(&bearer, crate::waiting::epoch_seconds(), 60).unwrap();
        let claims = verify(&ours, &token).unwrap();
        assert_eq!(claims["tenant"], "acme");
        assert_eq!(claims["roles"][0], "data_subject");
        assert_eq!(claims["email"], "a@example.com");
        assert!(verify(&other, &token).is_err());
    }
}
