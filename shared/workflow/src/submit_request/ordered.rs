//! What is other where a collection is ordered: its dates, what is sealed, and what its acceptance costs.

use domain::event::{Action, EventType};
use domain::job::{Job, Scope};
use domain::record::Counter;
use domain::request::Regime;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;

use super::NewRequest;
use crate::anonymization::Charge;
use crate::legal_clock::{DueDates, LegalClock, no_law};
use crate::refusal::Refusal;
use crate::request_body::RequestBody;

/// The dates of a request; of an order those that no law sets.
pub(super) fn due(
    clock: &LegalClock,
    request: &NewRequest,
    regime: Regime,
    received_at: Timestamp,
) -> Result<DueDates, Refusal> {
    match request.scope {
        Scope::Subject | Scope::Organization => clock.due(regime, request.request_type, received_at),
        Scope::Collection | Scope::AuditLog => Ok(no_law(received_at)),
    }
}

/// What of a request is sealed on its job.
pub(super) fn body_of(request: &NewRequest) -> RequestBody {
    let order = request.order.as_ref().map(|new| new.order.clone());
    RequestBody::of(&request.identities, request.description.as_ref()).ordering(order).correcting(&request.corrections)
}

/// Adds the cost to what is spent, with its audit event; the transaction refuses what would pass the budget.
pub(super) fn spend(builder: &mut TransitionBuilder, job: &Job, charge: Charge) {
    let mut event = builder.plain_event(&job.id, "analytics", Action::Read);
    event.event_type = EventType::DataAccess;
    event.counts = vec![("epsilon_micros".to_owned(), u64::try_from(charge.cost_micros).unwrap_or(u64::MAX))];
    builder.event(event);
    // The counter compares what was spent before: below this, the sum is within the limit.
    let below = charge.limit_micros.saturating_sub(charge.cost_micros).saturating_add(1);
    builder.add(Counter::privacy_spent(&job.tenant), charge.cost_micros, Some(below));
}
