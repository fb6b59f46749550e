//! What a processor says, at once or later: taken, done, refused. Its words are not kept, only codes.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use datamap::{Processor, ProcessorProtocol};
use domain::processor::{ProcessorCheckpoint, ProcessorStatus, reason_code};
use jiff::Timestamp;
use serde::Deserialize;

use crate::ports::OutgoingAnswer;

/// What a processor has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// `Accepted`, `Completed` or `Refused`.
    pub(crate) status: ProcessorStatus,
    /// Why it refused, as a code.
    pub(crate) reason: Option<String>,
    /// When it says that it will be done.
    pub(crate) expected_at: Option<Timestamp>,
}

impl Answered {
    /// Keeps it with the step.
    pub(crate) fn keep_in(self, state: &mut ProcessorCheckpoint, now: Timestamp) {
        state.status = self.status;
        state.expected_at = self.expected_at.or(state.expected_at);
        if self.status.is_answer() {
            state.answered_at = Some(now);
            state.reason = self.reason;
        }
    }
}

/// Everything that is read of an answer, in both protocols; the rest is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    status: Option<String>,
    request_status: Option<String>,
    reason: Option<String>,
    subject_request_id: Option<String>,
    expected_completion_time: Option<String>,
    error: Option<SaidError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidError {
    errors: Vec<SaidReason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidReason {
    reason: Option<String>,
}

/// What the answer to a notice says; the error is why the processor doesn't count as told.
pub(super) fn hear(processor: &Processor, request_id: &str, answer: &OutgoingAnswer) -> Result<Answered, &'static str> {
    // A body that is no JSON says no more than its status.
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_open_dsr = processor.protocol == ProcessorProtocol::OpenDsr;
    match answer.status {
        200..=299 => {
            if is_open_dsr && said.subject_request_id.as_ref().is_some_and(|id| id != request_id) {
                return Err("other_request");
            }
            let unsigned = |key: &String| !is_signed(key, &answer.body, answer.signature.as_deref());
            if is_open_dsr && processor.public_key.as_ref().is_some_and(unsigned) {
                return Err("bad_signature");
            }
            // Whoever says nothing that can be read has taken it.
            Ok(heard(&said).unwrap_or_else(|| accepted(&said)))
        }
        // Told before: the answer was lost on its way to us.
        409 if is_open_dsr => Ok(accepted(&said)),
        400 if is_open_dsr => {
            let reason = said.error.and_then(|error| error.errors.into_iter().next()).and_then(|first| first.reason);
            Ok(refused(reason.as_deref().unwrap_or("bad_request")))
        }
        400..=499 => heard(&said).filter(|said| said.status == ProcessorStatus::Refused).ok_or("error_status"),
        _ => Err("error_status"),
    }
}

/// What a callback says; `None` where it says nothing that we know.
pub(crate) fn hear_callback(body: &[u8], request_id: &str) -> Option<Answered> {
    let said: Said = serde_json::from_slice(body).ok()?;
    if said.subject_request_id.as_ref().is_some_and(|id| id != request_id) {
        return None;
    }
    heard(&said)
}

fn heard(said: &Said) -> Option<Answered> {
    match said.status.as_deref().or(said.request_status.as_deref())? {
        "completed" => Some(Answered { status: ProcessorStatus::Completed, ..accepted(said) }),
        "accepted" | "pending" | "in_progress" => Some(accepted(said)),
        "refused" => Some(refused(said.reason.as_deref().unwrap_or("other"))),
        // A request that the processor has given up is one it does not fulfil.
        status @ ("cancelled" | "denied" | "rejected") => Some(refused(said.reason.as_deref().unwrap_or(status))),
        _ => None,
    }
}

fn accepted(said: &Said) -> Answered {
    let expected_at = said.expected_completion_time.as_ref().and_then(|text| text.parse().ok());
    Answered { status: ProcessorStatus::Accepted, reason: None, expected_at }
}

fn refused(reason: &str) -> Answered {
    Answered { status: ProcessorStatus::Refused, reason: Some(reason_code(reason)), expected_at: None }
}

/// Whether a signature (base64, `RSASSA-PKCS1-v1_5` with SHA-256, as `OpenDSR` has it) is of this body by this key (PEM).
pub(crate) fn is_signed(public_key: &str, body: &[u8], signature: Option<&str>) -> bool {
    let base64 = |text: &str| BASE64.decode(text.split_whitespace().collect::<String>()).ok();
    let Some(signature) = signature.and_then(base64) else { return false };
    let der = public_key
        .split_once("-----BEGIN PUBLIC KEY-----")
        .and_then(|(_, rest)| rest.split_once("-----END PUBLIC KEY-----"))
        .and_then(|(inner, _)| base64(inner));
    let Some(der) = der else { return false };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(body, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

    use super::*;

    fn processor(protocol: ProcessorProtocol, public_key: Option<String>) -> Processor {
        Processor {
            fides_key: "p".to_owned(),
            name: None,
            url: "https://p.example.com".to_owned(),
            protocol,
            secret: "p".to_owned(),
            datasets: Vec::new(),
            data_categories: Vec::new(),
            identities: BTreeMap::new(),
            answer_within_days: 30,
            public_key,
        }
    }

    fn answer(status: u16, body: &str) -> OutgoingAnswer {
        OutgoingAnswer { status, body: body.as_bytes().to_vec(), signature: None }
    }

    #[test]
    fn answers_to_webhooks_are_taken_done_refused_or_none() {
        let webhook = processor(ProcessorProtocol::Webhook, None);
        let check = |status, body: &str, expected: Result<(ProcessorStatus, Option<&str>), &str>| {
            let heard = hear(&webhook, "id", &answer(status, body));
            let heard = heard.map(|it| (it.status, it.reason));
            assert_eq!(heard, expected.map(|(is, why)| (is, why.map(str::to_owned))), "{status} {body}");
        };
        check(204, "", Ok((ProcessorStatus::Accepted, None)));
        check(202, "thanks", Ok((ProcessorStatus::Accepted, None)));
        check(200, r#"{"status":"completed","rows":3}"#, Ok((ProcessorStatus::Completed, None)));
        check(200, r#"{"status":"shrug"}"#, Ok((ProcessorStatus::Accepted, None)));
        let why = r#"{"status":"refused","reason":"legal_obligation"}"#;
        check(200, why, Ok((ProcessorStatus::Refused, Some("legal_obligation"))));
        check(422, why, Ok((ProcessorStatus::Refused, Some("legal_obligation"))));
        check(422, r#"{"status":"refused","reason":"a@b.example"}"#, Ok((ProcessorStatus::Refused, Some("other"))));
        check(404, "", Err("error_status"));
        check(401, r#"{"status":"completed"}"#, Err("error_status"));
        check(503, why, Err("error_status"));
        check(302, "", Err("error_status"));
    }

    #[test]
    fn answers_of_opendsr_name_the_request_and_their_time() {
        let open = processor(ProcessorProtocol::OpenDsr, None);
        let taken = r#"{"subject_request_id":"id","expected_completion_time":"2026-04-01T15:00:01Z"}"#;
        let heard = hear(&open, "id", &answer(201, taken)).unwrap();
        assert_eq!((heard.status, heard.expected_at), (ProcessorStatus::Accepted, "2026-04-01T15:00:01Z".parse().ok()));
        assert_eq!(hear(&open, "other", &answer(201, taken)), Err("other_request"));
        assert_eq!(hear(&open, "id", &answer(409, "")).unwrap().status, ProcessorStatus::Accepted);
        let error = r#"{"error":{"code":400,"errors":[{"reason":"UnknownIdentity"}]}}"#;
        assert_eq!(hear(&open, "id", &answer(400, error)).unwrap().reason.as_deref(), Some("UnknownIdentity"));
        let done = r#"{"subject_request_id":"id","request_status":"completed"}"#;
        assert_eq!(hear_callback(done.as_bytes(), "id").unwrap().status, ProcessorStatus::Completed);
        assert_eq!(hear_callback(done.as_bytes(), "other"), None);
        assert_eq!(hear_callback(b"{}", "id"), None);
        assert_eq!(hear_callback(b"[", "id"), None);
    }

    #[test]
    fn only_the_key_of_the_map_signs_answers() {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = key.public_key().as_der().unwrap();
        let pem =
            |der: &[u8]| format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(der));
        let body = r#"{"subject_request_id":"id"}"#;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body.as_bytes(), &mut signature).unwrap();
        let signature = BASE64.encode(&signature);
        assert!(is_signed(&pem(der.as_ref()), body.as_bytes(), Some(&signature)));
        assert!(!is_signed(&pem(der.as_ref()), b"{}", Some(&signature)));
        assert!(!is_signed(&pem(der.as_ref()), body.as_bytes(), None));
        assert!(!is_signed("", body.as_bytes(), Some(&signature)));
        let open = processor(ProcessorProtocol::OpenDsr, Some(pem(der.as_ref())));
        let signed = OutgoingAnswer { signature: Some(signature), ..answer(201, body) };
        assert!(hear(&open, "id", &signed).is_ok());
        assert_eq!(hear(&open, "id", &answer(201, body)), Err("bad_signature"));
    }
}
