//! The part of the HTTP contract that this function answers; `tests/tidy` puts the parts together.

use lambda_kit::http::{add_problems, complete_contract};
use lambda_kit::{FieldError, ProblemDocument};
use utoipa::openapi::OpenApi as Document;
use utoipa::{Modify, OpenApi};

use crate::routes::{
    acts, clock, download, erasure, holds, jobs, me, notices, processors, requests, retention, risk, suppressions,
    verification,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Habeas API",
        version = "1.0.0",
        description = "Requests of people about their data, the jobs that fulfil them, and the log of what was done.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        requests::submit, requests::export_organization, requests::delete_organization,
        jobs::list, jobs::one, jobs::timeline,
        verification::code, verification::resend, verification::manual,
        acts::process, acts::cancel, acts::reject, acts::lift, acts::assign, acts::note,
        erasure::plan, erasure::approve, erasure::receipt, erasure::proof,
        holds::place, holds::list, holds::release,
        clock::extend, clock::pause, clock::resume,
        download::download,
        risk::risk,
        retention::show, retention::replace, retention::schedule,
        suppressions::check,
        notices::show, notices::replace,
        processors::answer,
        me::dashboard, me::export, me::delete,
    ),
    components(schemas(ProblemDocument, FieldError)),
    security(("bearer" = [])),
    modifiers(&OwnProblems)
)]
struct Api;

/// The contract of this function.
#[must_use]
pub fn openapi() -> Document {
    Api::openapi()
}

const DOWNLOAD: [(&str, &str); 2] = [("409", "The archive is not ready"), ("410", "The archive is gone")];

const NOT_YET: [(&str, &str); 1] = [("409", "There is none yet")];

/// What some calls answer beside what every call does.
struct OwnProblems;

impl Modify for OwnProblems {
    fn modify(&self, document: &mut Document) {
        complete_contract(document);
        for (path, item) in &mut document.paths.paths {
            for operation in [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten() {
                if path.ends_with("/download") {
                    add_problems(operation, &DOWNLOAD);
                }
                if ["/plan", "/risk", "/receipt", "/receipt/proof"].iter().any(|end| path.ends_with(end)) {
                    add_problems(operation, &NOT_YET);
                }
            }
        }
    }
}
