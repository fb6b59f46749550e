//! Questions about a collection, answered with differential privacy; each is paid from the tenant's budget before it leaves.
//!
//! The budget is one counter of the jobs table: the transaction that adds the cost refuses what would pass the limit.

use std::sync::Arc;

use domain::datum::Datum;
use domain::event::{Action, EventOutcome, EventType, Level};
use domain::ids::OpNonce;
use domain::record::{Counter, Record};
use domain::transition::TransitionBuilder;
use jiff::Timestamp;
use pii::differential_privacy::{Bounds, Cost, Ledger, PrivacyError, Tally, count};
use serde::{Deserialize, Serialize};

use super::order::{Charge, Made, NewOrder, Work};
use super::source::{Extent, SourceName};
use super::{Anonymization, Bytes, check};
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::CommitError;
use crate::refusal::Refusal;

/// The name of the budget as a quota, in millionths of epsilon.
pub const BUDGET: &str = "privacy_budget_micros";
/// Digits behind the point of what is summed.
const MOST_DECIMALS: u32 = 6;

/// What is asked of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// How many there are.
    Count,
    /// The sum of a field, each value cut to the bounds.
    Sum(Values),
    /// The mean of a field, each value cut to the bounds.
    Mean(Values),
}

/// Which values, and how far one of them reaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Values {
    /// Dotted path of the field.
    pub field: String,
    /// The lower bound, chosen without looking at the data.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// Digits behind the point that count.
    pub decimals: u32,
}

/// A question and what it may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The collection.
    pub source: SourceName,
    /// What is asked.
    pub question: Question,
    /// Rows one person has in the collection, at the most.
    pub rows_per_person: u32,
    /// The privacy loss.
    pub epsilon: f64,
}

/// A noisy answer and the budget behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The answer.
    pub value: f64,
    /// What it cost, in millionths of epsilon.
    pub cost_micros: u64,
    /// What was spent so far, this answer included.
    pub spent_micros: u64,
    /// What may be spent at all.
    pub limit_micros: u64,
}

impl Anonymization {
    /// A noisy answer about a collection, or the order of one where the collection is more than a call can read.
    ///
    /// Asked twice it is paid twice, since the noise is another; an order is paid when its job is made.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Invalid` naming what can't be asked, `QuotaReached` once the budget is spent.
    pub async fn ask(&self, caller: &Caller, query: &Query) -> Result<Made<Answer>, Refusal> {
        check(caller)?;
        let cost = Cost::epsilon(query.epsilon)
            .ok_or_else(|| Refusal::field("/epsilon", "must be a number from 0.000001 to 1000000"))?;
        let asked = Asked::of(&query.question, query.rows_per_person)?;
        let now = self.clock.now();
        let found = self.find(caller, &query.source, "/source").await?;
        let secrets = self.secrets(caller, now).await?;
        self.check_left(caller, &secrets, cost, now).await?;
        let rows = self.read(caller, &found, Extent::Whole, ("/source", now)).await?;
        let random = &mut Bytes(Arc::clone(&self.entropy));
        // A mistake in the question is found before it is paid, by an answer that nobody sees.
        asked.answer(Tally::default(), query.rows_per_person, cost, random)?;
        let Some(rows) = rows else {
            let (question, rows_per_person) = (query.question.clone(), query.rows_per_person);
            let work = Work::Ask { question, rows_per_person, cost_micros: cost.as_micros() };
            let charge = Charge { cost_micros: whole(cost), limit_micros: whole(self.privacy_budget) };
            return Ok(Made::Ordered(Box::new(NewOrder { charge: Some(charge), ..found.order(work) })));
        };
        self.spend(caller, &secrets, cost, now).await?;
        let mut tally = Tally::default();
        rows.iter().for_each(|row| asked.add(row, &mut tally));
        let value = asked.answer(tally, query.rows_per_person, cost, random)?;
        let ledger = self.ledger(caller).await?;
        Ok(Made::Here(Answer {
            value,
            cost_micros: cost.as_micros(),
            spent_micros: ledger.spent_micros(),
            limit_micros: self.privacy_budget.as_micros(),
        }))
    }

    async fn ledger(&self, caller: &Caller) -> Result<Ledger, Refusal> {
        let found = self.store.load(&[Counter::privacy_spent(&caller.principal.tenant)]).await?;
        let spent = found.into_iter().flatten().find_map(Record::into_counter).map_or(0, |counter| counter.value);
        Ok(Ledger::restore(self.privacy_budget.as_micros(), u64::try_from(spent).unwrap_or(u64::MAX), 0))
    }

    /// Refuses early what can't be paid; what counts is the transaction.
    async fn check_left(
        &self,
        caller: &Caller,
        secrets: &TenantSecrets,
        cost: Cost,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.ledger(caller).await?.spend(cost).is_ok() {
            return Ok(());
        }
        Err(self.overspent(caller, secrets, now).await)
    }

    /// Adds the cost to what is spent, with its audit event, if the sum stays within the budget.
    async fn spend(&self, caller: &Caller, secrets: &TenantSecrets, cost: Cost, now: Timestamp) -> Result<(), Refusal> {
        let (limit, cost_micros) = (whole(self.privacy_budget), whole(cost));
        // The counter compares what was spent before: below this, the sum is within the limit.
        let below = limit.saturating_sub(cost_micros).saturating_add(1);
        if below <= 0 {
            return Err(self.overspent(caller, secrets, now).await);
        }
        let tenant = &caller.principal.tenant;
        let nonce = OpNonce::new(self.entropy.bytes());
        let mut builder = TransitionBuilder::new(
            tenant,
            nonce,
            caller.cause(secrets, self.entropy.as_ref(), now),
            self.entropy.bytes(),
        );
        let mut event = builder.tenant_event("analytics", Action::Read);
        event.event_type = EventType::DataAccess;
        event.counts = vec![("epsilon_micros".to_owned(), cost.as_micros())];
        builder.event(event);
        builder.add(Counter::privacy_spent(tenant), cost_micros, Some(below));
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::LimitReached { .. }) => Err(self.overspent(caller, secrets, now).await),
            Err(CommitError::Conflict { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }

    /// The refusal, once the trail knows of the attempt.
    async fn overspent(&self, caller: &Caller, secrets: &TenantSecrets, now: Timestamp) -> Refusal {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = caller.cause(secrets, self.entropy.as_ref(), now).because("the privacy budget does not reach");
        let mut builder = TransitionBuilder::new(&caller.principal.tenant, nonce, cause, self.entropy.bytes());
        let mut event = builder.tenant_event("analytics", Action::Read);
        event.event_type = EventType::DataAccess;
        event.level = Level::Error;
        event.outcome = EventOutcome::Failure;
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Err(CommitError::Port(error)) => error.into(),
            Ok(()) | Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                Refusal::QuotaReached { quota: BUDGET, limit: whole(self.privacy_budget), resets_at: None }
            }
        }
    }
}

fn whole(cost: Cost) -> i64 {
    i64::try_from(cost.as_micros()).unwrap_or(i64::MAX)
}

/// A question in whole numbers.
pub(crate) enum Asked<'a> {
    Count,
    Sum(&'a str, Bounds, f64),
    Mean(&'a str, Bounds, f64),
}

impl<'a> Asked<'a> {
    pub(crate) fn of(question: &'a Question, rows_per_person: u32) -> Result<Self, Refusal> {
        if rows_per_person == 0 {
            return Err(Refusal::field("/rows_per_person", "must be at least 1"));
        }
        let (values, name) = match question {
            Question::Count => return Ok(Self::Count),
            Question::Sum(values) => (values, "sum"),
            Question::Mean(values) => (values, "mean"),
        };
        let at = |field: &str| format!("/query/{name}/{field}");
        if values.field.trim().is_empty() {
            return Err(Refusal::field(at("field"), "is empty"));
        }
        if values.decimals > MOST_DECIMALS {
            return Err(Refusal::field(at("decimals"), format!("is more than {MOST_DECIMALS}")));
        }
        let unit = f64::from(10_u32.pow(values.decimals));
        let end = |value: f64, field: &str| {
            scaled(value, unit).ok_or_else(|| Refusal::field(at(field), "is beyond what can be summed exactly"))
        };
        let bounds = Bounds::new(end(values.low, "low")?, end(values.high, "high")?);
        let bounds = bounds.map_err(|error| Refusal::field(at("low"), error.to_string()))?;
        Ok(match question {
            Question::Mean(_) => Self::Mean(&values.field, bounds, unit),
            Question::Count | Question::Sum(_) => Self::Sum(&values.field, bounds, unit),
        })
    }

    /// Adds a row: itself where rows are counted, else the first number at the path; rows without one do not count.
    pub(crate) fn add(&self, row: &Datum, tally: &mut Tally) {
        let number = |value: &Datum, unit: f64| match value {
            Datum::Number(digits) => digits.parse::<f64>().ok().and_then(|number| scaled(number, unit)),
            Datum::Null | Datum::Bool(_) | Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
        };
        match self {
            Self::Count => tally.count = tally.count.saturating_add(1),
            Self::Sum(field, bounds, unit) | Self::Mean(field, bounds, unit) => {
                let found = row.values_at(field).into_iter().find_map(|value| number(value, *unit));
                if let Some(value) = found {
                    tally.add(value, *bounds);
                }
            }
        }
    }

    pub(crate) fn answer(
        &self,
        tally: Tally,
        rows_per_person: u32,
        cost: Cost,
        random: &mut Bytes,
    ) -> Result<f64, Refusal> {
        let refused = |error: PrivacyError| Refusal::field("/epsilon", error.to_string());
        Ok(match self {
            Self::Count => count(tally.count, rows_per_person, cost, random).map_err(refused)? as f64,
            Self::Sum(_, bounds, unit) => {
                tally.noisy_sum(*bounds, rows_per_person, cost, random).map_err(refused)? as f64 / unit
            }
            Self::Mean(_, bounds, unit) => {
                tally.noisy_mean(*bounds, rows_per_person, cost, random).map_err(refused)? / unit
            }
        })
    }
}

/// The number in units, where it is exact as one.
#[expect(clippy::cast_possible_truncation, reason = "within 2^53, checked the line before")]
fn scaled(value: f64, unit: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let scaled = (value * unit).round();
    (scaled.abs() <= EXACT).then_some(scaled as i64)
}
