//! Receipts: the published vector of RFC 7515, the way through a DER signer, and that no changed bit passes.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

use audit_log::key::ReceiptKey;
use audit_log::receipt::{Exemption, Receipt, ReceiptError, ReceiptSource, Unsigned, verify};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// RFC 7515, appendix A.3.
const PUBLISHED: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const PUBLISHED_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const PUBLISHED_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const P256_HEAD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

fn key_of_point(point: &[u8]) -> ReceiptKey {
    let head = base64::engine::general_purpose::STANDARD.decode(P256_HEAD).unwrap();
    ReceiptKey::from_der(&[&head[..26], point].concat()).unwrap()
}

fn published_key() -> ReceiptKey {
    let (x, y) = (URL_SAFE_NO_PAD.decode(PUBLISHED_X).unwrap(), URL_SAFE_NO_PAD.decode(PUBLISHED_Y).unwrap());
    key_of_point(&[&[4][..], &x, &y].concat())
}

fn receipt() -> Receipt {
    Receipt {
        v: 1,
        job: "0192f0c1-0000-7000-8000-000000000001".to_owned(),
        tenant: "acme".to_owned(),
        request_type: "erasure".to_owned(),
        plan_hash: "00".repeat(32),
        archive: None,
        sources: vec![ReceiptSource {
            source: "orders".to_owned(),
            counts: [("masked".to_owned(), 3), ("erased".to_owned(), 14)].into(),
            object_versions: vec!["3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".to_owned()],
        }],
        exemptions: vec![Exemption { source: "invoices".to_owned(), rule: "GDPR Art. 17(3)(b)".to_owned(), count: 2 }],
        processors: Vec::new(),
        tokens: None,
        legal_basis: "GDPR Art. 17".to_owned(),
        requested_at: "2026-10-01T08:00:00Z".parse().unwrap(),
        completed_at: "2026-10-03T08:00:00Z".parse().unwrap(),
        residual_until: Some("2026-11-07T08:00:00Z".parse().unwrap()),
        log: None,
    }
}

/// Signs as KMS does: DER over the SHA-256 of the signing input.
fn signed() -> (String, ReceiptKey) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let unsigned = Unsigned::new("arn:aws:kms:eu-central-1:111122223333:key/1", &receipt()).unwrap();
    let der = pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
    (unsigned.join_der(der.as_ref()).unwrap(), key_of_point(pair.public_key().as_ref()))
}

#[test]
fn the_published_vector_holds() {
    let verified = verify(PUBLISHED, &published_key()).unwrap();
    assert_eq!(verified.key_id, None);
    assert!(verified.content.starts_with(b"{\"iss\":\"joe\""));
}

#[test]
fn a_receipt_comes_back_as_it_was_signed() {
    for _ in 0..50 {
        let (compact, key) = signed();
        let verified = verify(&compact, &key).unwrap();
        assert_eq!(verified.key_id.as_deref(), Some("arn:aws:kms:eu-central-1:111122223333:key/1"));
        assert_eq!(verified.read::<Receipt>().unwrap(), receipt());
        assert_eq!(ReceiptKey::from_pem(&key.to_pem()).unwrap(), key);
    }
}

#[test]
fn the_content_is_canonical_json() {
    let (compact, key) = signed();
    let text = String::from_utf8(verify(&compact, &key).unwrap().content).unwrap();
    assert!(text.starts_with(r#"{"completed_at":"2026-10-03T08:00:00Z","exemptions":[{"count":2,"#), "{text}");
}

#[test]
fn no_changed_bit_passes() {
    let (compact, key) = signed();
    let bits = compact.len() * 8;
    assert!(bits >= 1_000);
    for bit in 0..bits {
        let mut bytes = compact.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What is no UTF-8 any more is refused before it is a receipt at all.
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(verify(&changed, &key).is_err(), "bit {bit} of {bits}");
        }
    }
}

#[test]
fn another_key_another_algorithm_and_another_form_are_refused() {
    let (compact, key) = signed();
    assert_eq!(verify(&compact, &published_key()), Err(ReceiptError::Signature));
    let (_, rest) = compact.split_once('.').unwrap();
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"ES256","crit":["x"]}"#, "[]", ""] {
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(verify(&forged, &key), Err(ReceiptError::Header), "{header}");
    }
    for form in ["", ".", "..", "a.b", &format!("{compact}\n"), &format!("{compact}="), &format!("{compact}.x")] {
        assert!(verify(form, &key).is_err(), "{form}");
    }
}
