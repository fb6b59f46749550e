//! What telling processors is wired of.

use std::sync::Arc;

use lambda_kit::Settings;
use workflow::ports::{Alerts, ExportStore, OutgoingCalls, Secrets};
use workflow::steps::{PlanStore, TellProcessors};

/// The step that tells a processor.
#[must_use]
pub fn processors(
    settings: &Settings,
    exports: Arc<dyn ExportStore>,
    calls: Arc<dyn OutgoingCalls>,
    secrets: Arc<dyn Secrets>,
    alerts: Arc<dyn Alerts>,
) -> TellProcessors {
    TellProcessors { plans: PlanStore { exports }, calls, secrets, alerts, public_url: settings.public_url.clone() }
}
