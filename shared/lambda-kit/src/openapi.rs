//! What the contract of each HTTP function says alike: how one signs in, and the problems every call can answer.

use utoipa::Modify;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr};

/// Adds the scheme `bearer`.
#[derive(Debug, Clone, Copy)]
pub struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What every call can answer beside its own answers.
const EVERYWHERE: [(&str, &str); 7] = [
    ("401", "No valid token"),
    ("403", "A permission is missing"),
    ("404", "Unknown or foreign"),
    ("422", "The request is wrong"),
    ("429", "A quota or rate is used up; see Retry-After"),
    ("500", "A mistake of ours"),
    ("503", "Try again in a moment"),
];
const WITH_BODY: [(&str, &str); 4] = [
    ("400", "The body is not JSON, or a header is not what it must be"),
    ("409", "The state doesn't allow it"),
    ("413", "More bytes than the call takes: 1 MiB, or 5 MiB of data to scan or anonymise"),
    ("415", "Not JSON"),
];

/// Adds the problems to every call, so that none is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        for operation in operations(document).map(|(_, operation)| operation) {
            add_problems(operation, &EVERYWHERE);
            if operation.request_body.is_some() {
                add_problems(operation, &WITH_BODY);
            }
        }
    }
}

/// Every call of a contract with its path.
pub fn operations(document: &mut Document) -> impl Iterator<Item = (&str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let operations = [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten();
        operations.map(|operation| (path.as_str(), operation))
    })
}

/// Adds problems to one call: status and description.
pub fn add_problems(operation: &mut Operation, problems: &[(&str, &str)]) {
    for (status, description) in problems {
        operation.responses.responses.insert((*status).to_owned(), RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
