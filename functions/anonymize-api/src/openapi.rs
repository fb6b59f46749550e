//! The HTTP contract of this function, generated from the routes.

use lambda_kit::openapi::{Bearer, Problems};
use lambda_kit::{FieldError, ProblemDocument};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use crate::routes::{content, dataset};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Habeas anonymize API",
        version = "1.0.0",
        description = "Personal data found, and made unreadable.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(content::scan, content::anonymize, dataset::publish),
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
