//! Signs webhooks as Standard Webhooks 1.0 asks (symmetric, `v1`). Sending is a port; what a webhook says is in `steps::notify`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::keyring::TenantSecrets;
use crate::ports::Webhook;

mod address;
mod url;

pub use self::address::is_public;
pub use self::url::{UrlProblem, checked_url};

/// The secret a tenant and its receiver share. It is derived from the tenant's key and nowhere stored.
#[derive(Clone)]
pub struct WebhookSecret(Sensitive<String>);

impl WebhookSecret {
    /// The secret of a generation; the next generation is another secret.
    #[must_use]
    pub fn of(secrets: &TenantSecrets, generation: u32) -> Self {
        // 64 hexadecimal digits: within the 24 to 64 bytes that the standard allows.
        Self(Sensitive::new(secrets.digest("webhook secret v1", &[&generation.to_be_bytes()])))
    }

    /// The form in which receivers are given it: `whsec_` and base64.
    #[must_use]
    pub fn to_text(&self) -> Sensitive<String> {
        Sensitive::new(format!("whsec_{}", BASE64.encode(self.0.expose())))
    }

    /// Signs one attempt: HMAC-SHA-256 over `id.seconds.body`.
    #[must_use]
    pub fn sign(&self, id: String, url: String, at: Timestamp, body: String) -> Webhook {
        let signature = signature(self.0.expose().as_bytes(), &id, at, &body);
        Webhook { id, url, at, body, signature }
    }
}

/// The bytes of a secret in the form in which receivers hand it out: `whsec_` and base64.
#[must_use]
pub fn secret_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = BASE64.decode(text.trim().strip_prefix("whsec_")?).ok()?;
    (!bytes.is_empty()).then(|| Zeroizing::new(bytes))
}

/// `v1,` and HMAC-SHA-256 over `id.seconds.body` in base64.
#[must_use]
pub fn signature(secret: &[u8], id: &str, at: Timestamp, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = format!("{id}.{}.{body}", at.as_second());
    format!("v1,{}", BASE64.encode(hmac::sign(&key, signed.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(body: &str) -> (standardwebhooks::Webhook, Webhook) {
        let secret = WebhookSecret(Sensitive::new("0123456789abcdef".repeat(4)));
        let theirs = standardwebhooks::Webhook::new(secret.to_text().expose()).unwrap();
        let at = "2026-03-01T09:00:00.75Z".parse().unwrap();
        (theirs, secret.sign("job_1-notify_ready-0".to_owned(), "https://example.com".to_owned(), at, body.to_owned()))
    }

    #[test]
    fn signatures_are_those_of_the_standards_own_library() {
        for body in ["{}", r#"{"type":"export_ready"}"#, "{\"note\":\"Grüße, 你好\"}"] {
            let (theirs, ours) = signed(body);
            assert_eq!(theirs.sign(&ours.id, ours.at.as_second(), body.as_bytes()).unwrap(), ours.signature);
        }
    }

    #[test]
    fn the_published_vector_gives_the_published_signature() {
        let key = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        let expected = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(BASE64.encode(hmac::sign(&key, signed)), expected);
    }

    #[test]
    fn a_secret_that_is_none_is_not_signed_with() {
        for text in ["", "whsec_", "c2VjcmV0", "whsec_not base64"] {
            assert!(secret_bytes(text).is_none(), "{text}");
        }
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let at: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let theirs = standardwebhooks::Webhook::new(text).unwrap();
        let ours = signature(&secret_bytes(text).unwrap(), "id", at, "{}");
        assert_eq!(theirs.sign("id", at.as_second(), b"{}").unwrap(), ours);
    }

    #[test]
    fn another_body_has_another_signature() {
        assert_ne!(signed("{}").1.signature, signed("{ }").1.signature);
    }
}
