//! The HTTP contract, generated from the routes; committed as `infra/openapi.json` and compared by a test.

use lambda_kit::openapi::{Bearer, Problems, add_problems, operations};
use lambda_kit::{FieldError, ProblemDocument};
use utoipa::openapi::OpenApi as Document;
use utoipa::{Modify, OpenApi};

use crate::routes::{acts, clock, download, erasure, holds, jobs, me, requests, retention, verification};

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
        me::dashboard, me::export, me::delete,
    ),
    components(schemas(ProblemDocument, FieldError)),
    security(("bearer" = [])),
    modifiers(&Bearer, &Problems, &OwnProblems)
)]
struct Api;

/// The contract of this function.
#[must_use]
pub fn openapi() -> Document {
    Api::openapi()
}

const DOWNLOAD: [(&str, &str); 2] = [("409", "The archive is not ready"), ("410", "The archive is gone")];
const NOT_YET: [(&str, &str); 1] = [("409", "There is none yet")];

/// Adds what only some calls of this function answer.
struct OwnProblems;

impl Modify for OwnProblems {
    fn modify(&self, document: &mut Document) {
        for (path, operation) in operations(document) {
            if path.ends_with("/download") {
                add_problems(operation, &DOWNLOAD);
            }
            if path.ends_with("/plan") || path.ends_with("/receipt") {
                add_problems(operation, &NOT_YET);
            }
        }
    }
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
