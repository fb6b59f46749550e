//! The HTTP contract, generated from the routes; committed as `infra/openapi.json` and compared by a test.

use lambda_kit::{FieldError, ProblemDocument};
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr};
use utoipa::{Modify, OpenApi};

use crate::routes::{acts, clock, download, erasure, holds, jobs, me, notices, requests, retention, verification};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Habeas request API",
        version = "1.0.0",
        description = "Requests of people about their data, and the jobs that fulfil them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        requests::submit, requests::export_organization, requests::delete_organization,
        jobs::list, jobs::one, jobs::timeline,
        verification::code, verification::resend, verification::manual,
        acts::process, acts::cancel, acts::reject, acts::assign, acts::note,
        erasure::plan, erasure::approve, erasure::receipt,
        holds::place, holds::list, holds::release,
        clock::extend, clock::pause, clock::resume,
        download::download,
        retention::show, retention::replace, retention::schedule,
        notices::show, notices::replace,
        me::dashboard, me::export, me::delete,
    ),
    components(schemas(ProblemDocument, FieldError)),
    security(("bearer" = [])),
    modifiers(&Bearer, &Problems)
)]
struct Api;

/// The contract of this function.
#[must_use]
pub fn openapi() -> Document {
    Api::openapi()
}

struct Bearer;

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
    ("413", "More than 1 MiB"),
    ("415", "Not JSON"),
];
const DOWNLOAD: [(&str, &str); 2] = [("409", "The archive is not ready"), ("410", "The archive is gone")];

const NOT_YET: [(&str, &str); 1] = [("409", "There is none yet")];

/// Adds the problems to every call, so that none is forgotten.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        for (path, item) in &mut document.paths.paths {
            for operation in [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten() {
                add(operation, &EVERYWHERE);
                if operation.request_body.is_some() {
                    add(operation, &WITH_BODY);
                }
                if path.ends_with("/download") {
                    add(operation, &DOWNLOAD);
                }
                if path.ends_with("/plan") || path.ends_with("/receipt") {
                    add(operation, &NOT_YET);
                }
            }
        }
    }
}

fn add(operation: &mut Operation, problems: &[(&str, &str)]) {
    for (status, description) in problems {
        operation.responses.responses.insert((*status).to_owned(), RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_committed_contract_is_the_generated_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.json");
        let mut generated = serde_json::to_string_pretty(&super::openapi()).unwrap();
        generated.push('\n');
        if std::env::var_os("HABEAS_BLESS").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "infra/openapi.json is old: run the test again with HABEAS_BLESS=1");
    }
}
