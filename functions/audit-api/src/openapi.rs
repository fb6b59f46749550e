//! The part of the HTTP contract that this function answers; `tests/tidy` puts the parts together.

use lambda_kit::http::complete_contract;
use lambda_kit::{FieldError, ProblemDocument};
use utoipa::openapi::OpenApi as Document;
use utoipa::{Modify, OpenApi};

use crate::routes::{events, evidence, log};

#[derive(OpenApi)]
#[openapi(
    paths(events::list, events::export, events::one, log::proof, log::checkpoint, log::verify,
        evidence::collect, evidence::list, evidence::one, evidence::custody, evidence::verify),
    components(schemas(ProblemDocument, FieldError)),
    security(("bearer" = [])),
    modifiers(&Problems)
)]
struct Api;

/// The contract of this function.
#[must_use]
pub fn openapi() -> Document {
    Api::openapi()
}

/// What every call may answer beside its own answers.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        complete_contract(document);
    }
}
