//! Claims about key sets that an issuer publishes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow::ports::{Documents, PortError, PortErrorKind};

use super::{NOW, Signer, claims};
use crate::auth::{TokenError, Verifier};

/// Publishes what it is told to, and counts.
#[derive(Debug, Default)]
struct Published {
    answer: Mutex<Option<Value>>,
    fetched: AtomicU32,
}

#[async_trait::async_trait]
impl Documents for Published {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, PortError> {
        assert_eq!(url, "https://id.example/jwks");
        self.fetched.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        answer
            .map(|set| set.to_string().into_bytes())
            .ok_or_else(|| PortError::new(PortErrorKind::Transient, "fetch document"))
    }
}

impl Published {
    fn say(&self, answer: Option<Value>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn fetched(&self) -> u32 {
        self.fetched.load(Ordering::SeqCst)
    }
}

fn remote() -> (Arc<Published>, Verifier) {
    let issuers = json!([{"issuer": "https://id.example", "audience": "habeas", "algorithms": ["ES256"],
        "jwks_url": "https://id.example/jwks"}]);
    let published = Arc::new(Published::default());
    let documents: Arc<dyn Documents> = Arc::<Published>::clone(&published);
    (published, Verifier::from_json(&issuers.to_string()).unwrap().fetching(documents))
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// A token that lives long, with a subject of its own so that no earlier verification is remembered.
fn long(signer: &Signer, id: &str, subject: u32) -> String {
    signer.sign(Some(id), &claims(json!({"exp": NOW + 400_000, "sub": format!("user-{subject}")})))
}

#[tokio::test]
async fn published_keys_are_fetched_once_and_rotated_ones_at_once() {
    let (published, verifier) = remote();
    let (old, new, foreign) = (Signer::new(), Signer::new(), Signer::new());
    let unusable = json!({"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "e1"});
    published.say(Some(json!({"keys": [unusable, {"kty": "new"}, old.jwk("k1")]})));
    for subject in 0..5 {
        assert!(verifier.verify(&long(&old, "k1", subject), after(0)).await.is_ok());
    }
    assert_eq!(published.fetched(), 1);
    published.say(Some(json!({"keys": [new.jwk("k2")]})));
    assert_eq!(verifier.verify(&long(&new, "k2", 9), after(5)).await.err(), Some(TokenError::UnknownKey), "too soon");
    assert_eq!(published.fetched(), 1);
    assert!(verifier.verify(&long(&new, "k2", 9), after(31)).await.is_ok());
    assert_eq!(published.fetched(), 2);
    assert_eq!(verifier.verify(&long(&old, "k1", 8), after(32)).await.err(), Some(TokenError::UnknownKey), "withdrawn");
    assert_eq!(verifier.verify(&long(&foreign, "k2", 7), after(33)).await.err(), Some(TokenError::BadSignature));
    // Whatever tokens name, the issuer is asked at most twice a minute.
    for second in 34..94 {
        let unknown = verifier.verify(&long(&foreign, "k9", 1), after(second)).await.err();
        assert_eq!(unknown, Some(TokenError::UnknownKey));
    }
    assert!(published.fetched() <= 5, "{}", published.fetched());
}

#[tokio::test]
async fn without_published_keys_nobody_is_let_in_and_known_ones_count_for_a_day() {
    let (published, verifier) = remote();
    let signer = Signer::new();
    assert_eq!(verifier.verify(&long(&signer, "k1", 1), after(0)).await.err(), Some(TokenError::KeysUnavailable));
    for broken in [json!({"keys": []}), json!("nothing"), json!({"keys": [{"kty": "oct", "k": "AAAA"}]})] {
        published.say(Some(broken));
        let second = 100 * i64::from(published.fetched());
        assert_eq!(
            verifier.verify(&long(&signer, "k1", 1), after(second)).await.err(),
            Some(TokenError::KeysUnavailable)
        );
    }
    published.say(Some(json!({"keys": [signer.jwk("k1")]})));
    assert!(verifier.verify(&long(&signer, "k1", 2), after(1_000)).await.is_ok());
    published.say(None);
    let hour = 3_600;
    assert!(verifier.verify(&long(&signer, "k1", 3), after(1_000 + 23 * hour)).await.is_ok());
    assert_eq!(
        verifier.verify(&long(&signer, "k1", 4), after(1_000 + 24 * hour)).await.err(),
        Some(TokenError::KeysUnavailable)
    );
    let (_, unfetching) = remote();
    let unfetching = Verifier { documents: None, ..unfetching };
    assert_eq!(unfetching.verify(&long(&signer, "k1", 1), after(0)).await.err(), Some(TokenError::KeysUnavailable));
}
