//! A tenant in, what was found out. What is found, and what follows, is in the workflow.

use domain::ids::TenantId;
use serde_json::{Value, json};
use workflow::ports::{PortError, PortErrorKind};
use workflow::replay_erasures::ReplayErasures;

/// Replays the ledger of the tenant that the event names, from the collection it names on.
///
/// # Errors
/// `NotFound` where the event names no tenant or an unknown collection; when a source or a store fails.
pub async fn handle(replay: &ReplayErasures, event: Value) -> Result<Value, PortError> {
    let tenant = event["tenant"].as_str().and_then(|tenant| tenant.parse::<TenantId>().ok());
    let tenant = tenant.ok_or(PortError::new(PortErrorKind::NotFound, "read the tenant of the event"))?;
    let done = replay.run(&tenant, event["from"].as_str()).await?;
    tracing::info!(%tenant, rows = done.rows, people = done.jobs.len(), "the ledger of erased people was replayed");
    let jobs: Vec<&str> = done.jobs.iter().map(domain::ids::JobId::as_str).collect();
    Ok(json!({ "rows": done.rows, "people": jobs.len(), "jobs": jobs, "goes_on_at": done.goes_on_at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_an_order() {
        let order: Value = serde_json::from_str(include_str!("../events/order.json")).unwrap();
        assert!(order["tenant"].as_str().unwrap().parse::<TenantId>().is_ok() && order["from"].is_string());
    }
}
