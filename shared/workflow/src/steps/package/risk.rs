//! How much handing an archive out risks: known before its first byte is written, and committed with what comes next.

use domain::risk::{AssessedRisk, RiskLevel};
use domain::step::{Checkpoint, PackageCheckpoint};

use super::Package;
use super::joining::Layout;
use crate::risk::{Keeper, risk_of};
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::PlanStore;

impl Package {
    /// Weighs the risk once; keeps what bears on it where that is much.
    pub(super) async fn assess(&self, context: &mut StepContext, layout: &Layout) -> Result<(), StepError> {
        let Some((facts, touched)) = &layout.risk else { return Ok(()) };
        let state = match &context.step.checkpoint {
            Some(Checkpoint::Package(state)) => state.clone(),
            _ => PackageCheckpoint::default(),
        };
        if state.risk.is_some() {
            return Ok(());
        }
        let risk = risk_of(facts);
        let kept = if risk.level == RiskLevel::High {
            let plans = PlanStore { exports: std::sync::Arc::clone(&self.exports) };
            Some(Keeper { sources: &self.sources, plans: &plans }.keep(context, touched).await?)
        } else {
            None
        };
        let state = PackageCheckpoint { risk: Some(AssessedRisk { risk, kept }), ..state };
        context.step.checkpoint = Some(Checkpoint::Package(state));
        Ok(())
    }
}
