//! What is known of a call beside its content: its id, the address it came from, what its client says to be.

use axum::extract::{FromRequestParts, Request};
use domain::notice::Language;
use domain::role::Principal;
use domain::sensitive::Sensitive;
use http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use http::request::Parts;
use lambda_http::request::RequestContext;
use workflow::caller::Caller;
use workflow::ports::Entropy;

use crate::problem::{Problem, ProblemKind};

/// Where a call came from, as the gateway and the headers tell.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Names this call in answers, logs and audit events.
    pub request_id: String,
    /// The address the call came from, as the gateway saw it; headers are not believed.
    pub ip: Option<Sensitive<String>>,
    /// What the client says it is.
    pub user_agent: Option<Sensitive<String>>,
    /// The language of ours it likes most.
    pub language: Option<Language>,
}

impl Origin {
    pub(super) fn of(request: &Request, entropy: &dyn Entropy) -> Self {
        let (named, ip) = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => (context.request_id.clone(), context.http.source_ip.clone()),
            Some(_) | None => (None, None),
        };
        let named = named.filter(|id| !id.is_empty() && id.len() <= 100 && id.bytes().all(|b| b.is_ascii_graphic()));
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let accepted = request.headers().get(ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok());
        Self {
            request_id: named.unwrap_or_else(|| fresh_id(entropy)),
            ip: ip.map(Sensitive::new),
            user_agent: agent.map(|agent| Sensitive::new(agent.to_owned())),
            language: accepted.and_then(Language::preferred),
        }
    }
}

/// The caller as the use cases know it.
#[must_use]
pub fn caller(principal: Principal, origin: Origin) -> Caller {
    let Origin { request_id, ip, user_agent, language } = origin;
    Caller { principal, request_id, ip, user_agent, language }
}

fn fresh_id(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    format!("req_{:016x}", u64::from_be_bytes(bytes))
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let origin = parts.extensions.get::<Self>().cloned();
        origin.ok_or_else(|| Problem::new(ProblemKind::Internal, "the call has no name"))
    }
}

/// The `Idempotency-Key` of a POST, if one was sent: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut sent = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = sent.next() else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or("").trim();
        let visible = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || sent.next().is_some() {
            let detail = "Idempotency-Key must be sent once, as 1 to 255 visible ASCII characters";
            return Err(Problem::new(ProblemKind::Malformed, detail));
        }
        Ok(Self(Some(text.to_owned())))
    }
}
