//! The table of routes. Each route is one function in `routes`: parse, call, answer.

use axum::routing::post;
use axum::{Extension, Router};
use lambda_kit::http::{BodyLimit, harden};

use crate::app::App;
use crate::routes::{content, dataset, source};

/// The largest body: what is larger is named by its source.
pub(crate) const LIMIT: BodyLimit = BodyLimit(5 << 20);

/// The router of this function, whole: tests drive the same one that Lambda serves.
pub fn router(app: App) -> Router {
    let outermost = app.outermost.clone();
    let privacy = Router::new()
        .route("/scan", post(content::scan))
        .route("/anonymize", post(content::anonymize))
        .route("/anonymize/dataset", post(dataset::publish))
        .route("/scan/source", post(source::scan))
        .route("/analytics", post(source::ask))
        .layer(Extension(LIMIT));
    harden(Router::new().nest("/api/v1/privacy", privacy).with_state(app), outermost)
}
