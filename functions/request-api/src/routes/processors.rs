//! Where processors answer that were told of an erasure. No session: the address itself is what they were given.

use axum::extract::{FromRequestParts, Path, State};
use domain::ids::TenantId;
use domain::sensitive::Sensitive;
use http::StatusCode;
use http::request::Parts;
use lambda_kit::Problem;
use lambda_kit::http::{JsonBody, Origin, QueryPairs};
use workflow::processor_answer::Callback;

use super::download::circumstances;
use crate::app::App;

const LONGEST_PROOF: usize = 200;

/// The job and the processor a path names; what is neither is simply unknown.
pub(crate) struct ProcessorPath(domain::ids::JobId, u32);

impl<S: Send + Sync> FromRequestParts<S> for ProcessorPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path((id, number))) = Path::<(String, String)>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        match (id.parse(), number.parse()) {
            (Ok(id), Ok(number)) => Ok(Self(id, number)),
            (_, _) => Err(Problem::not_found()),
        }
    }
}

/// What the address and the headers of an answer give.
pub(crate) struct Given {
    tenant: TenantId,
    proof: Sensitive<String>,
    signature: Option<String>,
}

impl FromRequestParts<App> for Given {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut query = QueryPairs::from_request_parts(parts, app).await?;
        let tenant: Option<TenantId> = query.take("tenant").and_then(|text| text.parse().ok());
        let proof = query.take("proof").filter(|proof| proof.len() <= LONGEST_PROOF);
        query.finish()?;
        let (Some(tenant), Some(proof)) = (tenant, proof) else { return Err(Problem::not_found()) };
        let signature = parts.headers.get("x-opendsr-signature").and_then(|value| value.to_str().ok());
        Ok(Self { tenant, proof: Sensitive::new(proof), signature: signature.map(str::to_owned) })
    }
}

/// Takes what a processor says of an erasure it was told of: `completed`, `refused` with a reason, or `accepted`.
///
/// The address was given to the processor alone, with `tenant` and `proof` in it; where the data map names its key, the
/// header `X-OpenDSR-Signature` must be its signature of the body. Callbacks of `OpenDSR` say `request_status`.
#[utoipa::path(post, path = "/api/v1/privacy/jobs/{id}/processors/{number}/answer", tag = "processors",
    params(
        ("id" = String, Path, description = "Id of the job"),
        ("number" = u32, Path, description = "Which of its processors"),
        ("tenant" = String, Query, description = "Of the address"),
        ("proof" = String, Query, description = "Of the address"),
    ),
    request_body = Object,
    security(()),
    responses((status = 202, description = "The answer is kept")))]
pub(crate) async fn answer(
    State(app): State<App>,
    ProcessorPath(job, number): ProcessorPath,
    origin: Origin,
    given: Given,
    JsonBody { bytes, .. }: JsonBody<serde_json::Value>,
) -> Result<StatusCode, Problem> {
    let callback = Callback {
        tenant: &given.tenant,
        job: &job,
        number,
        proof: &given.proof,
        body: &bytes,
        signature: given.signature.as_deref(),
    };
    let taken = app.answers.take(&callback, &circumstances(origin)).await;
    taken.map_err(|refusal| app.refused(&refusal))?;
    Ok(StatusCode::ACCEPTED)
}
