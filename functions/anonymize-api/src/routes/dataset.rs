//! Data sets as a whole: widened until nobody stands alone.

use axum::extract::State;
use axum::response::Response;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, JsonBody, Origin, caller};

use super::answer;
use crate::app::App;
use crate::body::{DatasetForm, PublishedBody};

/// Widens quasi-identifiers until each group of rows fulfils what is demanded; only named columns are given back.
#[utoipa::path(post, path = "/api/v1/privacy/anonymize/dataset", tag = "anonymisation", request_body = DatasetForm,
    responses((status = 200, description = "Rows that may be published, and what was measured on them", body = PublishedBody)))]
pub(crate) async fn publish(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    origin: Origin,
    JsonBody { value, .. }: JsonBody<DatasetForm>,
) -> Result<Response, Problem> {
    let method = value.method;
    let (dataset, asked) = value.read()?;
    let published = app.anonymization.publish(&caller(principal, origin), dataset, &asked).await;
    answer(&PublishedBody::of(published.map_err(|refusal| app.refused(&refusal))?, method))
}
