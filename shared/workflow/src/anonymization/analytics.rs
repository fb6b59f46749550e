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
use pii::differential_privacy::{Bounds, Cost, Ledger, PrivacyError, count, mean, sum};

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
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// How many there are.
    Count,
    /// The sum of a field, each value cut to the bounds.
    Sum(Values),
    /// The mean of a field, each value cut to the bounds.
    Mean(Values),
}

/// Which values, and how far one of them reaches.
#[derive(Debug, Clone, PartialEq)]
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
    /// A noisy answer about a collection. Asked twice it is paid twice, since the noise is another.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Invalid` naming what can't be asked, `QuotaReached` once the budget is spent.
    pub async fn ask(&self, caller: &Caller, query: &Query) -> Result<Answer, Refusal> {
        check(caller)?;
        let cost = Cost::epsilon(query.epsilon)
            .ok_or_else(|| Refusal::field("/epsilon", "must be a number from 0.000001 to 1000000"))?;
        let asked = Asked::of(query)?;
        let now = self.clock.now();
        let found = self.find(caller, &query.source, "/source").await?;
        let secrets = self.secrets(caller, now).await?;
        self.check_left(caller, &secrets, cost, now).await?;
        let rows = self.read(caller, &found, Extent::Whole, ("/source", now)).await?;
        // A mistake in the question is found before it is paid, by an answer that nobody sees.
        asked.answer(&rows, query.rows_per_person, cost, &mut Bytes(Arc::clone(&self.entropy)))?;
        self.spend(caller, &secrets, cost, now).await?;
        let value = asked.answer(&rows, query.rows_per_person, cost, &mut Bytes(Arc::clone(&self.entropy)))?;
        let ledger = self.ledger(caller).await?;
        Ok(Answer {
            value,
            cost_micros: cost.as_micros(),
            spent_micros: ledger.spent_micros(),
            limit_micros: self.privacy_budget.as_micros(),
        })
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
enum Asked<'a> {
    Count,
    Sum(&'a str, Bounds, f64),
    Mean(&'a str, Bounds, f64),
}

impl<'a> Asked<'a> {
    fn of(query: &'a Query) -> Result<Self, Refusal> {
        if query.rows_per_person == 0 {
            return Err(Refusal::field("/rows_per_person", "must be at least 1"));
        }
        let (values, name) = match &query.question {
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
        Ok(match &query.question {
            Question::Mean(_) => Self::Mean(&values.field, bounds, unit),
            Question::Count | Question::Sum(_) => Self::Sum(&values.field, bounds, unit),
        })
    }

    fn answer(&self, rows: &[Datum], rows_per_person: u32, cost: Cost, random: &mut Bytes) -> Result<f64, Refusal> {
        let refused = |error: PrivacyError| Refusal::field("/epsilon", error.to_string());
        Ok(match self {
            Self::Count => {
                let rows = u64::try_from(rows.len()).unwrap_or(u64::MAX);
                count(rows, rows_per_person, cost, random).map_err(refused)? as f64
            }
            Self::Sum(field, bounds, unit) => {
                let values = values(rows, field, *unit);
                sum(&values, *bounds, rows_per_person, cost, random).map_err(refused)? as f64 / unit
            }
            Self::Mean(field, bounds, unit) => {
                let values = values(rows, field, *unit);
                mean(&values, *bounds, rows_per_person, cost, random).map_err(refused)? / unit
            }
        })
    }
}

/// The first number of each row at the path; rows without one do not count.
fn values(rows: &[Datum], field: &str, unit: f64) -> Vec<i64> {
    let number = |value: &Datum| match value {
        Datum::Number(digits) => digits.parse::<f64>().ok().and_then(|number| scaled(number, unit)),
        Datum::Null | Datum::Bool(_) | Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
    };
    rows.iter().filter_map(|row| row.values_at(field).into_iter().find_map(number)).collect()
}

/// The number in units, where it is exact as one.
#[expect(clippy::cast_possible_truncation, reason = "within 2^53, checked the line before")]
fn scaled(value: f64, unit: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let scaled = (value * unit).round();
    (scaled.abs() <= EXACT).then_some(scaled as i64)
}
