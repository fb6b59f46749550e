//! Claims about tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::role::{Permission, Role};
use futures::FutureExt;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{TokenError, Verifier};

mod remote;

const NOW: i64 = 1_800_000_000;

struct Signer {
    pkcs8: Vec<u8>,
    x: String,
    y: String,
}

impl Signer {
    fn new() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Self { pkcs8: pkcs8.as_ref().to_vec(), x: text(&point[1..33]), y: text(&point[33..65]) }
    }

    fn jwk(&self, id: &str) -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y, "kid": id, "use": "sig", "alg": "ES256"})
    }

    fn sign(&self, id: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = id.map(str::to_owned);
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

/// An RSA key: its private half as PKCS #1, its public half as a JWK.
fn rsa() -> (Vec<u8>, Value) {
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = aws_lc_rs::encoding::AsDer::as_der(&pair).unwrap();
    // RSAPublicKey is a sequence of the modulus, behind nine bytes of lengths and sign, and the exponent 65537.
    let modulus = URL_SAFE_NO_PAD.encode(&pair.public_key().as_ref()[9..265]);
    let jwk = json!({"kty": "RSA", "n": modulus, "e": "AQAB", "kid": "r1", "use": "sig"});
    (pkcs8.as_ref()[26..].to_vec(), jwk)
}

fn verifier(keys: &[Value]) -> Verifier {
    let issuers = json!([{"issuer": "https://id.example", "audience": "habeas", "algorithms": ["ES256"], "jwks": {"keys": keys}}]);
    Verifier::from_json(&issuers.to_string()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the changes in place")]
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "habeas", "sub": "user-1", "tenant": "acme", "exp": NOW + 60, "nbf": NOW - 60,
        "roles": ["operator", "gardener"], "email": "ada@example.com", "email_verified": true, "org": "org-1",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

#[test]
fn a_good_token_gives_its_principal_until_it_ends() {
    let signer = Signer::new();
    let verifier = verifier(&[signer.jwk("k1")]);
    let token = signer.sign(Some("k1"), &claims(json!({"aud": ["other", "habeas"]})));
    for _ in 0..2 {
        let principal = verifier.verify(&token, now()).now_or_never().unwrap().unwrap();
        assert_eq!(principal.tenant.as_str(), "acme");
        assert_eq!(principal.roles, [Role::Operator]);
        assert!(principal.may(Permission::JobCreate));
        assert_eq!(principal.email.unwrap().expose(), "ada@example.com");
        assert_eq!(principal.organization_id.as_deref(), Some("org-1"));
    }
    let later = Timestamp::from_second(NOW + 60).unwrap();
    assert_eq!(verifier.verify(&token, later).now_or_never().unwrap().unwrap_err(), TokenError::Expired);
}

#[test]
fn claims_that_are_missing_or_wrong_are_refused() {
    use TokenError as E;
    let signer = Signer::new();
    let verifier = verifier(&[signer.jwk("k1")]);
    let cases = [
        (json!({"exp": NOW}), E::Expired),
        (json!({"exp": null}), E::Malformed),
        (json!({"exp": "soon"}), E::Malformed),
        (json!({"exp": 1e300}), E::Malformed),
        (json!({"nbf": NOW + 31}), E::NotYetValid),
        (json!({"nbf": null}), E::Malformed),
        (json!({"aud": "other"}), E::WrongAudience),
        (json!({"aud": null}), E::Malformed),
        (json!({"iss": "https://evil.example"}), E::UnknownIssuer),
        (json!({"iss": null}), E::Malformed),
        (json!({"tenant": null}), E::Malformed),
        (json!({"tenant": "Not A Slug"}), E::Malformed),
        (json!({"tenant": 7}), E::Malformed),
        (json!({"sub": ""}), E::Malformed),
    ];
    for (change, expected) in cases {
        let token = signer.sign(Some("k1"), &claims(change.clone()));
        assert_eq!(verifier.verify(&token, now()).now_or_never().unwrap().unwrap_err(), expected, "{change}");
    }
}

#[test]
fn rsa_tokens_count_only_where_the_issuer_is_pinned_to_rsa() {
    let (private, jwk) = rsa();
    let ec = Signer::new();
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("r1".to_owned());
    let token = encode(&header, &claims(json!({})), &EncodingKey::from_rsa_der(&private)).unwrap();
    let pinned = |algorithm: &str| {
        let keys = json!({"keys": [jwk, ec.jwk("k1")]});
        let issuers =
            json!([{"issuer": "https://id.example", "audience": "habeas", "algorithms": [algorithm], "jwks": keys}]);
        Verifier::from_json(&issuers.to_string()).unwrap()
    };
    assert!(pinned("RS256").verify(&token, now()).now_or_never().unwrap().is_ok());
    assert_eq!(
        pinned("ES256").verify(&token, now()).now_or_never().unwrap().unwrap_err(),
        TokenError::AlgorithmNotAllowed
    );
    // The public key as a secret: the oldest trick.
    let secret = EncodingKey::from_secret(jwk["n"].as_str().unwrap().as_bytes());
    header.alg = Algorithm::HS256;
    let forged = encode(&header, &claims(json!({})), &secret).unwrap();
    assert_eq!(
        pinned("RS256").verify(&forged, now()).now_or_never().unwrap().unwrap_err(),
        TokenError::AlgorithmNotAllowed
    );
}

#[test]
fn an_address_nobody_verified_is_no_address() {
    let signer = Signer::new();
    let token = signer.sign(Some("k1"), &claims(json!({"email_verified": null})));
    assert!(verifier(&[signer.jwk("k1")]).verify(&token, now()).now_or_never().unwrap().unwrap().email.is_none());
}

#[test]
fn keys_are_chosen_by_id_and_foreign_ones_refused() {
    let (ours, other, foreign) = (Signer::new(), Signer::new(), Signer::new());
    let verifier = verifier(&[ours.jwk("k1"), other.jwk("k2")]);
    let good = claims(json!({}));
    assert!(verifier.verify(&other.sign(Some("k2"), &good), now()).now_or_never().unwrap().is_ok());
    let refused = [
        (foreign.sign(Some("k1"), &good), TokenError::BadSignature),
        (ours.sign(Some("k2"), &good), TokenError::BadSignature),
        (ours.sign(Some("k3"), &good), TokenError::UnknownKey),
        (ours.sign(None, &good), TokenError::UnknownKey),
    ];
    for (token, expected) in refused {
        assert_eq!(verifier.verify(&token, now()).now_or_never().unwrap().unwrap_err(), expected);
    }
}

#[test]
fn unsigned_symmetric_and_changed_tokens_are_refused() {
    let signer = Signer::new();
    let verifier = verifier(&[signer.jwk("k1")]);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = part(&claims(json!({})));
    let none = format!("{}.{payload}.", part(&json!({"alg": "none", "typ": "JWT"})));
    assert_eq!(verifier.verify(&none, now()).now_or_never().unwrap().unwrap_err(), TokenError::AlgorithmNotAllowed);
    let secret = EncodingKey::from_secret(format!("{}{}", signer.x, signer.y).as_bytes());
    let symmetric = encode(&Header::new(Algorithm::HS256), &claims(json!({})), &secret).unwrap();
    assert_eq!(
        verifier.verify(&symmetric, now()).now_or_never().unwrap().unwrap_err(),
        TokenError::AlgorithmNotAllowed
    );
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let parts: Vec<&str> = token.split('.').collect();
    let changed = format!("{}.{}.{}", parts[0], part(&claims(json!({"tenant": "globex"}))), parts[2]);
    assert_eq!(verifier.verify(&changed, now()).now_or_never().unwrap().unwrap_err(), TokenError::BadSignature);
    for garbage in ["", "a", "a.b", "a.b.c", "....", &"x".repeat(10_000)] {
        assert_eq!(
            verifier.verify(garbage, now()).now_or_never().unwrap().unwrap_err(),
            TokenError::Malformed,
            "{garbage}"
        );
    }
}

#[test]
fn issuers_described_wrongly_are_refused_at_start() {
    let jwk = Signer::new().jwk("k1");
    let issuer = |change: Value| {
        let mut issuer = json!({"issuer": "i", "audience": "a", "algorithms": ["ES256"], "jwks": {"keys": [jwk]}});
        issuer.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Verifier::from_json(&json!([issuer]).to_string()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(issuer(json!({})), Ok(()));
    let cases = [
        (json!({"algorithms": ["HS256"]}), "issuer i: algorithms must name RS256 or ES256 and nothing else"),
        (json!({"algorithms": []}), "issuer i: algorithms must name RS256 or ES256 and nothing else"),
        (json!({"algorithms": ["RS256"]}), "issuer i: its key set has no usable key, or one that is not RSA or P-256"),
        (json!({"jwks": {"keys": []}}), "issuer i: its key set has no usable key, or one that is not RSA or P-256"),
        (
            json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}),
            "issuer i: its key set has no usable key, or one that is not RSA or P-256",
        ),
        (
            json!({"jwks_url": "https://i/jwks"}),
            "issuer i: give either jwks, the key set itself, or jwks_url, where it is published",
        ),
        (json!({"issuer": ""}), "an issuer has an empty issuer, audience or tenant_claim"),
    ];
    for url in
        ["http://i/jwks", "ftp://i/jwks", "https://", "i/jwks", "https://ada:secret@i/jwks", "http://10.0.0.1/jwks"]
    {
        let expected = "issuer i: jwks_url must be an https:// URL without credentials";
        assert_eq!(issuer(json!({"jwks": null, "jwks_url": url})), Err(expected.to_owned()), "{url}");
    }
    for url in ["https://i/jwks", "https://i:8443/a?b=c", "http://127.0.0.1:4000/jwks", "http://localhost/jwks"] {
        assert_eq!(issuer(json!({"jwks": null, "jwks_url": url})), Ok(()), "{url}");
    }
    for (change, expected) in cases {
        assert_eq!(issuer(change.clone()), Err(expected.to_owned()), "{change}");
    }
    assert!(Verifier::from_json("[{]").is_err());
}
