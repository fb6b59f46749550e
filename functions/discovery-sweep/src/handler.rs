//! A tick or a tenant in, reports out. What a report says is in the workflow.

use domain::ids::TenantId;
use lambda_kit::{Metric, Unit};
use serde_json::{Value, json};
use workflow::discover::{Discover, DiscoveryReport};
use workflow::ports::PortError;

/// Looks at the tenant the event names, else at all of `tenants`. One tenant failing doesn't stop the others.
///
/// # Errors
/// The first failure, after all were tried.
pub async fn handle(discover: &Discover, tenants: &[String], stage: &str, event: Value) -> Result<Value, PortError> {
    let named = event["tenant"].as_str().map(str::to_owned);
    let tenants = named.map_or_else(|| tenants.to_vec(), |tenant| vec![tenant]);
    let (mut reports, mut failure) = (Vec::new(), None);
    for tenant in tenants {
        let Ok(tenant) = tenant.parse::<TenantId>() else {
            tracing::error!("a name is not a tenant's and was passed over");
            continue;
        };
        match discover.run(&tenant).await {
            Ok(report) => {
                measure(&report, stage);
                reports.push(report);
            }
            Err(error) => {
                tracing::error!(tenant = %tenant, error = %error, "the sources of a tenant could not be looked at");
                failure = failure.or(Some(error));
            }
        }
    }
    failure.map_or_else(|| Ok(json!({ "reports": reports })), Err)
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
fn measure(report: &DiscoveryReport, stage: &str) {
    Metric::at(report.at)
        .by("Stage", stage)
        .value("DiscoveredColumns", Unit::Count, report.columns() as f64)
        .value("DiscoveredDrifts", Unit::Count, report.drifts() as f64)
        .value("DiscoverySourcesFailed", Unit::Count, report.failed.len() as f64)
        .emit();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_a_schedule_and_an_order() {
        let tick: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
        assert_eq!((tick["detail-type"].as_str(), tick["tenant"].as_str()), (Some("Scheduled Event"), None));
        let order: Value = serde_json::from_str(include_str!("../events/order.json")).unwrap();
        assert!(order["tenant"].as_str().unwrap().parse::<TenantId>().is_ok());
    }
}
