//! A small house: one world in memory, the real router, an issuer whose tokens it trusts.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::MemoryWorld;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use datamap::DataMap;
use domain::event::EventType;
use domain::ids::JobId;
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::Record;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lambda_kit::auth::Verifier;
use request_api::{App, Config, Ports, router};
use serde_json::{Value, json};
use tower::ServiceExt;
use workflow::legal_clock::LegalClock;
use workflow::submit_request::Quotas;

/// Seconds at which every story starts.
pub(crate) const NOW: i64 = 1_767_603_600;

/// The house.
pub(crate) struct House {
    pub(crate) world: MemoryWorld,
    router: Router,
    key: EncodingKey,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The answer without what names the call, for comparing.
    pub(crate) fn anonymous(&self) -> (u16, Value, BTreeMap<String, String>) {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("request_id");
        }
        let named = |name: &str| name == "x-request-id" || name == "content-length";
        let headers = self.headers.iter().filter(|(name, _)| !named(name.as_str()));
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        (self.status, body, headers.collect())
    }
}

/// A request being written.
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::raw(path, body.to_string())
    }

    pub(crate) fn raw(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: "POST", path: path.into(), headers, body: body.into() }
    }

    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        let value = format!("Bearer {token}");
        self.with("authorization", &value)
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with_quotas(Quotas { open_jobs: 100, jobs_per_month: 10_000 })
    }

    pub(crate) fn with_quotas(quotas: Quotas) -> Self {
        let world = MemoryWorld::new(7, Timestamp::from_second(NOW).unwrap());
        for tenant in ["acme", "globex"] {
            let map = DataMap {
                v: datamap::VERSION,
                controller: None,
                processors: Vec::new(),
                connections: Vec::new(),
                collections: Vec::new(),
                flows: Vec::new(),
                erasure: Vec::new(),
            };
            world.publish(&tenant.parse().unwrap(), Arc::new(map)).unwrap();
        }
        let (key, issuers) = issuer();
        let config = Config {
            verifier: Arc::new(Verifier::from_json(&issuers).unwrap()),
            public_url: "https://privacy.example.com".to_owned(),
            legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
            quotas,
            region: "eu-central-1".to_owned(),
            automated: true,
            erasure_pass_hours: 0,
            audit_origin: "habeas.example/audit".to_owned(),
            is_local: false,
        };
        let ports = Ports {
            store: world.job_store(),
            queue: world.job_queue(),
            keys: world.key_service(),
            exports: world.export_store(),
            feed: world.audit_feed(),
            evidence: world.evidence_store(),
            checkpoints: world.checkpoint_signer(),
            maps: world.data_maps(),
            clock: world.clock(),
            token_clock: world.clock(),
            entropy: world.entropy(),
        };
        let router = router(App::new(ports, config, Vec::new));
        Self { world, router, key }
    }

    /// A token of a tenant with one role.
    pub(crate) fn token(&self, tenant: &str, role: &str) -> String {
        self.sign(&claims(tenant, role))
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("k1".to_owned());
        encode(&header, claims, &self.key).unwrap()
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        let mut request = Request::builder().method(call.method).uri(call.path);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        self.answer(request.body(Body::from(call.body)).unwrap()).await
    }

    /// Sends a request as the gateway hands it over.
    pub(crate) async fn send_request(&self, request: lambda_http::Request) -> Answer {
        self.answer(request.map(|body| Body::from(body.to_vec()))).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Everything stored, for "nothing was written": beside the word in the trail that a call was made or refused.
    pub(crate) fn stored(&self) -> Vec<Record> {
        self.world.inspect(|state| {
            let items = state.items.values().filter(|record| !is_of_access(record));
            items.map(|record| Record::clone(record)).collect()
        })
    }

    /// An access request of an operator; gives the job's id.
    pub(crate) async fn submitted(&self, tenant: &str) -> String {
        let call = Call::post("/api/v1/privacy/requests", &access("ada@example.com"));
        let answer = self.send(call.token(&self.token(tenant, "operator"))).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Changes a stored job behind the function's back.
    pub(crate) fn change_job(&self, tenant: &str, id: &str, change: impl FnOnce(Job) -> Job) {
        let id: JobId = id.parse().unwrap();
        let key = TenantKey::job(&tenant.parse().unwrap(), &id);
        let record = self.world.inspect(|state| Record::clone(&state.items[&key]));
        let Record::Job(job) = record else { panic!("{id} is not a job") };
        self.world.plant(Record::Job(Box::new(change(*job))));
    }
}

fn issuer() -> (EncodingKey, String) {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..65]), "kid": "k1"});
    let issuers = json!([{"issuer": "https://id.example", "audience": "habeas", "algorithms": ["ES256"], "jwks": {"keys": [jwk]}}]);
    (EncodingKey::from_ec_der(pkcs8.as_ref()), issuers.to_string())
}

/// Good claims.
pub(crate) fn claims(tenant: &str, role: &str) -> Value {
    json!({
        "iss": "https://id.example", "aud": "habeas", "sub": format!("{role}-1"), "tenant": tenant, "roles": [role],
        "exp": NOW + 3600 * 24 * 400, "nbf": NOW - 60, "email": "ada@example.com", "email_verified": true, "org": "org-1",
    })
}

/// A good request for access.
pub(crate) fn access(email: &str) -> Value {
    json!({"type": "access", "subject": {"identities": [{"type": "email", "value": email}]}})
}

/// Whether an item is there because of an access that changed nothing.
fn is_of_access(record: &Record) -> bool {
    matches!(record, Record::Event(event) if event.event_type == EventType::UserAccess && event.item.is_none())
        || matches!(record, Record::Key(key) if key.owner.contains('/'))
}
