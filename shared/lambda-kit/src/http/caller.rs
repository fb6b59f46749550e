//! What is known of a call beside its content: its id, the address it came from, the family of its user agent.

use axum::extract::{FromRequestParts, Request};
use domain::sensitive::Sensitive;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use lambda_http::request::RequestContext;
use workflow::ports::Entropy;

use crate::problem::{Problem, ProblemKind};

/// The caller, as the gateway and the headers tell.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Names this call in answers, logs and audit events.
    pub request_id: String,
    /// The address the call came from, as the gateway saw it; headers are not believed.
    pub ip: Option<Sensitive<String>>,
    /// The family of the user agent, from a closed list.
    pub user_agent_family: Option<&'static str>,
}

impl Caller {
    pub(super) fn of(request: &Request, entropy: &dyn Entropy) -> Self {
        let (named, ip) = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => (context.request_id.clone(), context.http.source_ip.clone()),
            Some(_) | None => (None, None),
        };
        let named = named.filter(|id| !id.is_empty() && id.len() <= 100 && id.bytes().all(|b| b.is_ascii_graphic()));
        Self {
            request_id: named.unwrap_or_else(|| fresh_id(entropy)),
            ip: ip.map(Sensitive::new),
            user_agent_family: family(request.headers()),
        }
    }
}

fn fresh_id(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    format!("req_{:016x}", u64::from_be_bytes(bytes))
}

fn family(headers: &HeaderMap) -> Option<&'static str> {
    // Order matters: most browsers name several families.
    const FAMILIES: [(&str, &str); 9] = [
        ("edg/", "edge"),
        ("firefox/", "firefox"),
        ("chrome/", "chrome"),
        ("safari/", "safari"),
        ("curl/", "curl"),
        ("python", "python"),
        ("java", "java"),
        ("go-http-client", "go"),
        ("node", "node"),
    ];
    let agent = headers.get(USER_AGENT)?.to_str().ok()?.to_ascii_lowercase();
    Some(FAMILIES.iter().find(|(mark, _)| agent.contains(mark)).map_or("other", |(_, family)| family))
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::new(ProblemKind::Internal, "the call has no name"))
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
