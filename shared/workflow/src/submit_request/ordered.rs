//! What the acceptance of an order costs: paid once, in the transaction that makes its job.

use domain::event::{Action, EventType};
use domain::job::Job;
use domain::record::Counter;
use domain::transition::TransitionBuilder;

use crate::anonymization::Charge;

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
