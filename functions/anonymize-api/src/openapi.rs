//! The part of the HTTP contract that this function answers.

use lambda_kit::http::{add_problems, complete_contract};
use lambda_kit::{FieldError, ProblemDocument};
use utoipa::openapi::OpenApi as Document;
use utoipa::{Modify, OpenApi};

use crate::routes::{content, dataset, source};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Habeas anonymize API",
        version = "1.0.0",
        description = "Personal data found, and made unreadable.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(content::scan, content::anonymize, dataset::publish, source::scan, source::ask),
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

/// What some calls answer beside what every call does.
struct OwnProblems;

impl Modify for OwnProblems {
    fn modify(&self, document: &mut Document) {
        complete_contract(document);
        for operation in document.paths.paths.values_mut().filter_map(|item| item.post.as_mut()) {
            add_problems(operation, &[("413", "More than 5 MiB")]);
        }
    }
}
