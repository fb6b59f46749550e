//! What the contract of every HTTP function says alike: how to sign in, and the problems that any call may answer.

use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr};

/// What every call can answer beside its own answers.
const EVERYWHERE: [(&str, &str); 8] = [
    ("401", "No valid token"),
    ("403", "A permission is missing"),
    ("404", "Unknown or foreign"),
    ("405", "Another method is needed; also where an id holds an encoded `?` or `/`, which gateways decode"),
    ("422", "The request is wrong"),
    ("429", "A quota or rate is used up; see Retry-After"),
    ("500", "A mistake of ours"),
    ("503", "Try again in a moment"),
];
const WITH_BODY: [(&str, &str); 4] = [
    ("400", "The body is not JSON, or a header is not what it must be"),
    ("409", "The state doesn't allow it"),
    ("413", "More than 1 MiB"),
    ("415", "Not JSON"),
];

/// Adds the bearer scheme, and the problems to every call, so that none is forgotten.
pub fn complete_contract(document: &mut OpenApi) {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten() {
            add_problems(operation, &EVERYWHERE);
            if operation.request_body.is_some() {
                add_problems(operation, &WITH_BODY);
            }
        }
    }
}

/// Adds problems to one call: status and description of each.
pub fn add_problems(operation: &mut Operation, problems: &[(&str, &str)]) {
    for (status, description) in problems {
        operation.responses.responses.insert((*status).to_owned(), RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
