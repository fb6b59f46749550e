//! A tick or a word by hand in, one slice of the sweep done; says what became of each collection.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use serde_json::{Value, json};
use workflow::ports::{Clock, PortError};
use workflow::retire_records::RetireRecords;
use workflow::sweep_retention::{Asked, SweepRetention};

/// Why a slice did nothing.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// What was asked for by hand is not understood; the text names the word, and nothing was swept.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// The tenants can't be told.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What can be asked for by hand.
const WORDS: [&str; 4] = ["dry_run", "tenant", "collection", "beyond_cap"];

/// What an event asks for; a schedule asks for nothing.
///
/// # Errors
/// Where somebody asks for what is not known: a misspelt `dry_run` must not delete anything.
pub fn asked(event: &Value) -> Result<Asked, SweepError> {
    let refused = SweepError::Refused;
    if event.get("detail-type").is_some() {
        // Who adds a word to the event of a schedule means it, and would be swept past.
        let has_word = WORDS.iter().any(|word| event.get(word).is_some());
        return if has_word { Err(refused("the event of a schedule has no words")) } else { Ok(Asked::default()) };
    }
    let mut asked = Asked { by_hand: true, ..Asked::default() };
    let words = event.as_object().ok_or_else(|| refused("it is no object"))?;
    for (name, value) in words {
        match name.as_str() {
            "dry_run" => asked.dry_run = value.as_bool().ok_or_else(|| refused("`dry_run` is true or false"))?,
            "beyond_cap" => {
                asked.beyond_cap = value.as_bool().ok_or_else(|| refused("`beyond_cap` is true or false"))?
            }
            "collection" => {
                let id = value.as_str().filter(|id| !id.is_empty());
                asked.collection = Some(id.ok_or_else(|| refused("`collection` is the id of one"))?.to_owned());
            }
            "tenant" => {
                let tenant = value.as_str().and_then(|text| text.parse().ok());
                asked.tenant = Some(tenant.ok_or_else(|| refused("`tenant` is the id of one"))?);
            }
            _ => return Err(refused("known are `dry_run`, `tenant`, `collection` and `beyond_cap`")),
        }
    }
    // Who lets a run exceed the cap says which: never all at once.
    let names_one = asked.tenant.is_some() && asked.collection.is_some();
    if asked.beyond_cap && !names_one {
        return Err(refused("`beyond_cap` needs `tenant` and `collection`"));
    }
    Ok(asked)
}

/// The share of a slice that our own records may take before customers' collections come.
const OWN_SHARE: i32 = 4;

/// One slice. May run any number of times, and beside itself.
///
/// # Errors
/// When the event is not understood or the tenants can't be told; what fails of one collection is in the answer.
pub async fn handle(
    (sweep, retire): (&SweepRetention, &RetireRecords),
    clock: &dyn Clock,
    stage: &str,
    event: &Value,
    slice_ends_at: Timestamp,
) -> Result<Value, SweepError> {
    let (asked, now) = (asked(event)?, clock.now());
    let own = retire.run(&asked, now + slice_ends_at.duration_since(now) / OWN_SHARE).await?;
    let mut report = sweep.run(&asked, slice_ends_at).await?;
    report.swept.extend(own.swept);
    report.failed += own.failed;
    report.is_unfinished |= own.is_unfinished;
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
    Metric::at(clock.now())
        .by("Stage", stage)
        .value("RetentionSweepRuns", Unit::Count, 1.0)
        .value("RetentionFailures", Unit::Count, report.failed as f64)
        .emit();
    let line = |swept: &workflow::sweep_retention::Swept| {
        let mut line = json!({
            "tenant": swept.tenant.as_str(), "collection": swept.collection, "phase": swept.phase.as_str(),
        });
        for (name, count) in swept.tally.counts() {
            line[name] = json!(count);
        }
        line
    };
    let swept: Vec<Value> = report.swept.iter().map(line).collect();
    Ok(json!({"swept": swept, "failed": report.failed, "unfinished": report.is_unfinished}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_a_schedule() {
        let event: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
        assert_eq!(asked(&event).unwrap(), Asked::default());
    }
}
