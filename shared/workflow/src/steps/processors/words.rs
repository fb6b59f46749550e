//! What a processor is told, in either protocol: the person by the identities it knows, where to answer,
//! and of a rectification what is right in the fields that it received. Nothing else.

use datamap::ProcessorProtocol;
use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::request::{Purpose, Regime, RequestType};
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::order::{ProcessorOrder, ToldCorrection};
use crate::keyring::TenantSecrets;
use crate::ports::OutgoingCall;
use crate::step_context::StepContext;
use crate::webhook::{secret_bytes, signature};

/// One notice, the same at every try.
pub(crate) struct Spoken<'a> {
    /// Id of the notice.
    pub(crate) id: String,
    job: &'a Job,
    shard: u32,
    said_at: Timestamp,
    answer_url: String,
}

/// The body of a webhook; the form is that of Standard Webhooks.
#[derive(Serialize)]
struct WebhookBody<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Changed<'a>,
}

#[derive(Serialize)]
struct Changed<'a> {
    tenant_id: &'a str,
    job_id: &'a str,
    processor: &'a str,
    request_type: &'static str,
    regulation: &'static str,
    identities: Vec<WebhookIdentity<'a>>,
    sources: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    corrections: &'a [ToldCorrection],
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    answer_within_days: u32,
    answer_url: &'a str,
}

#[derive(Serialize)]
struct WebhookIdentity<'a> {
    r#type: &'a str,
    value: &'a str,
}

/// The body of `POST /requests` (`OpenDSR` 2.0, 7.1.1).
#[derive(Serialize)]
struct OpenDsrBody<'a> {
    regulation: &'static str,
    subject_request_id: String,
    subject_request_type: &'static str,
    submitted_time: String,
    subject_identities: Vec<OpenDsrIdentity<'a>>,
    api_version: &'static str,
    status_callback_urls: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<OpenDsrExtensions<'a>>,
}

/// The standard knows no corrections: they are an extension of ours.
#[derive(Serialize)]
struct OpenDsrExtensions<'a> {
    habeas: OpenDsrCorrections<'a>,
}

#[derive(Serialize)]
struct OpenDsrCorrections<'a> {
    corrections: &'a [ToldCorrection],
}

#[derive(Serialize)]
struct OpenDsrIdentity<'a> {
    identity_type: &'a str,
    identity_value: &'a str,
    identity_format: &'static str,
}

impl<'a> Spoken<'a> {
    pub(crate) fn new(context: &'a StepContext, secrets: &TenantSecrets, public_url: &str) -> Self {
        let (job, shard) = (&context.job, context.step.shard);
        let proof = answer_proof(secrets, &job.id, shard);
        let base = public_url.trim_end_matches('/');
        let answer_url = format!(
            "{base}/api/v1/privacy/jobs/{}/processors/{shard}/answer?tenant={}&proof={proof}",
            job.id, job.tenant
        );
        let id = format!("{}-{}-{shard}", job.id, context.step.kind);
        Self { id, job, shard, said_at: context.step.created_at, answer_url }
    }

    /// The call; `None` where the secret is not of the form the protocol needs.
    pub(crate) fn call(
        &self,
        order: &ProcessorOrder,
        secret: &Sensitive<String>,
        now: Timestamp,
    ) -> Option<OutgoingCall> {
        let header = |text: &str| Sensitive::new(text.to_owned());
        let (url, body, headers) = match order.processor.protocol {
            ProcessorProtocol::Webhook => {
                let body = self.webhook(order);
                let signed = signature(&secret_bytes(secret.expose())?, &self.id, now, &body);
                let headers = vec![
                    ("webhook-id", header(&self.id)),
                    ("webhook-timestamp", header(&now.as_second().to_string())),
                    ("webhook-signature", header(&signed)),
                ];
                (order.processor.url.clone(), body, headers)
            }
            ProcessorProtocol::OpenDsr => {
                let token = secret.expose().trim();
                let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
                let headers = vec![("authorization", is_plain.then(|| header(&format!("Bearer {token}")))?)];
                (format!("{}/requests", order.processor.url), self.open_dsr(order), headers)
            }
        };
        Some(OutgoingCall { url, content_type: "application/json", headers, body: Sensitive::new(body) })
    }

    fn webhook(&self, order: &ProcessorOrder) -> String {
        let data = Changed {
            tenant_id: self.job.tenant.as_str(),
            job_id: self.job.id.as_str(),
            processor: &order.processor.fides_key,
            request_type: self.job.request_type.as_str(),
            regulation: self.job.regime.as_str(),
            identities: order.identities.iter().map(|(kind, value)| WebhookIdentity { r#type: kind, value }).collect(),
            sources: &order.sources,
            corrections: &order.corrections,
            purpose: self.job.restriction.as_ref().and_then(|it| it.purpose).map(Purpose::as_str),
            answer_within_days: order.processor.answer_within_days,
            answer_url: &self.answer_url,
        };
        let corrects = self.job.request_type == RequestType::Rectification;
        let objects = self.job.restriction.is_some();
        let r#type = match () {
            () if corrects => "rectification_requested",
            () if objects => "objection_requested",
            () => "erasure_requested",
        };
        let body = WebhookBody { r#type, timestamp: self.said_at.to_string(), data };
        serde_json::to_string(&body).expect("texts and numbers serialise")
    }

    /// The id of the request in `OpenDSR`.
    pub(crate) fn request_id(&self) -> String {
        subject_request_id(&self.job.tenant, &self.job.id, self.shard)
    }

    fn open_dsr(&self, order: &ProcessorOrder) -> String {
        let identities = order.identities.iter().map(|(kind, value)| OpenDsrIdentity {
            identity_type: kind,
            identity_value: value,
            identity_format: "raw",
        });
        let corrects = self.job.request_type == RequestType::Rectification;
        let body = OpenDsrBody {
            regulation: regulation(self.job.regime),
            subject_request_id: self.request_id(),
            subject_request_type: if corrects { "rectification" } else { "erasure" },
            submitted_time: self.job.received_at.to_string(),
            subject_identities: identities.collect(),
            api_version: "2.0",
            status_callback_urls: [&self.answer_url],
            extensions: corrects
                .then_some(OpenDsrExtensions { habeas: OpenDsrCorrections { corrections: &order.corrections } }),
        };
        serde_json::to_string(&body).expect("texts serialise")
    }
}

/// The id of a request in `OpenDSR`: a UUID of version 4 by its form, the same however often it is told.
#[must_use]
pub(crate) fn subject_request_id(tenant: &TenantId, job: &JobId, shard: u32) -> String {
    let hash = Sha256::digest(format!("opendsr v1\n{tenant}\n{job}\n{shard}"));
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::sealing::hexadecimal(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What proves that whoever answers was told by us: nobody else knows the address.
#[must_use]
pub(crate) fn answer_proof(secrets: &TenantSecrets, job: &JobId, shard: u32) -> String {
    secrets.digest("processor answer v1", &[job.as_str().as_bytes(), &shard.to_be_bytes()])
}

/// The two regulations that `OpenDSR` knows.
const fn regulation(regime: Regime) -> &'static str {
    match regime {
        Regime::Ccpa => "ccpa",
        Regime::Gdpr | Regime::UkGdpr | Regime::Hipaa | Regime::Lgpd => "gdpr",
    }
}
