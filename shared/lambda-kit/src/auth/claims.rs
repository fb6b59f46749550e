//! The claims of a token, as far as we read them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::role::Principal;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{NOT_BEFORE_LEEWAY_SECONDS, TokenError, principal_of};

/// Claims of a token whose signature is right.
#[derive(Deserialize)]
pub(super) struct Claims {
    aud: Audience,
    pub(super) sub: String,
    exp: Seconds,
    nbf: Seconds,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: Option<bool>,
    #[serde(default)]
    pub(super) org: Option<String>,
    #[serde(default)]
    pub(super) org_name: Option<String>,
    /// The others, among them the tenant under its configured name.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// A `NumericDate` (RFC 7519 section 2): seconds, perhaps with a fraction.
#[derive(Deserialize, Clone, Copy)]
struct Seconds(f64);

impl Seconds {
    fn timestamp(self) -> Option<Timestamp> {
        let whole = self.0.floor();
        // Timestamps end in the year 9999; what is outside is no time at all.
        if !(0.0..253_402_200_000.0).contains(&whole) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked one line above")]
        Timestamp::from_second(whole as i64).ok()
    }
}

impl Claims {
    /// Checks audience and times.
    pub(super) fn check(&self, audience: &str, now: Timestamp) -> Result<(), TokenError> {
        let meant = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        if !meant {
            return Err(TokenError::WrongAudience);
        }
        let expires_at = self.exp.timestamp().ok_or(TokenError::Malformed)?;
        let not_before = self.nbf.timestamp().ok_or(TokenError::Malformed)?;
        if now >= expires_at {
            return Err(TokenError::Expired);
        }
        if now.as_second() + NOT_BEFORE_LEEWAY_SECONDS < not_before.as_second() {
            return Err(TokenError::NotYetValid);
        }
        if self.sub.is_empty() || self.sub.chars().count() > 255 {
            return Err(TokenError::Malformed);
        }
        Ok(())
    }

    /// Whom the token speaks for; a token without a tenant speaks for nobody.
    pub(super) fn principal(&self, tenant_claim: &str) -> Result<Principal, TokenError> {
        let tenant = self.rest.get(tenant_claim).and_then(Value::as_str).ok_or(TokenError::Malformed)?;
        Ok(principal_of(self, tenant.parse().map_err(|_| TokenError::Malformed)?))
    }

    /// The end of the token.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.exp.timestamp().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The bytes of one part of a token.
pub(super) fn decode_part(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}
