//! Data sets as a whole: widened until nobody stands alone.

use axum::extract::State;
use axum::response::Response;
use lambda_kit::Problem;
use lambda_kit::http::{Authenticated, IdempotencyKey, JsonBody, Origin, caller};
use workflow::anonymization::{Made, Work};

use super::{Sent, accept, answer, handed_on};
use crate::app::App;
use crate::body::{DatasetForm, OrderedBody, PublishedBody};

/// Widens quasi-identifiers until each group of rows fulfils what is demanded; only named columns are given back.
#[utoipa::path(post, path = "/api/v1/privacy/anonymize/dataset", tag = "anonymisation", request_body = DatasetForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the answer 202 for 30 days")),
    responses((status = 200, description = "Rows that may be published, and what was measured on them", body = PublishedBody),
        (status = 202, description = "The source is more than a call can do: a job", body = OrderedBody)))]
pub(crate) async fn publish(
    State(app): State<App>,
    Authenticated(principal): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    origin: Origin,
    JsonBody { value, bytes }: JsonBody<DatasetForm>,
) -> Result<Response, Problem> {
    let method = value.method;
    let (dataset, asked) = value.read()?;
    let (caller, source) = (caller(principal, origin), dataset.source().cloned());
    let made = app.anonymization.publish(&caller, dataset, &asked).await;
    let order = match (made.map_err(|refusal| app.refused(&refusal))?, source) {
        (Made::Ordered(order), _) => order,
        (Made::Here(published), None) => return answer(&PublishedBody::of(published, method)),
        (Made::Here(published), Some(source)) => {
            if let Some(response) = handed_on(&PublishedBody::of(published, method))? {
                return Ok(response);
            }
            let order = app.anonymization.order(&caller, &source, Work::Publish(asked)).await;
            Box::new(order.map_err(|refusal| app.refused(&refusal))?)
        }
    };
    accept(&app, &caller, order, Sent { key, route: "POST /api/v1/privacy/anonymize/dataset", bytes }).await
}
