//! A tick or a word by hand in, one slice of the sweep done; says what became of each collection.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use serde_json::{Value, json};
use workflow::ports::{Clock, PortError, PortErrorKind};
use workflow::retire_records::RetireRecords;
use workflow::sweep_retention::{Asked, SweepRetention};

/// What an event asks for; a schedule asks for nothing.
///
/// # Errors
/// `Corrupt` where somebody asks for what is not known: a misspelt `dry_run` must not delete anything.
pub fn asked(event: &Value) -> Result<Asked, PortError> {
    if event.get("detail-type").is_some() {
        return Ok(Asked::default());
    }
    let refused = || PortError::new(PortErrorKind::Corrupt, "read what the sweep is asked for");
    let mut asked = Asked { by_hand: true, ..Asked::default() };
    for (name, value) in event.as_object().ok_or_else(refused)? {
        match name.as_str() {
            "dry_run" => asked.dry_run = value.as_bool().ok_or_else(refused)?,
            "beyond_cap" => asked.beyond_cap = value.as_bool().ok_or_else(refused)?,
            "collection" => asked.collection = Some(value.as_str().ok_or_else(refused)?.to_owned()),
            "tenant" => {
                asked.tenant = Some(value.as_str().and_then(|text| text.parse().ok()).ok_or_else(refused)?);
            }
            _ => return Err(refused()),
        }
    }
    // Who lets a run exceed the cap says which: never all at once.
    let names_one = asked.tenant.is_some() && asked.collection.is_some();
    if asked.beyond_cap && !names_one { Err(refused()) } else { Ok(asked) }
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
) -> Result<Value, PortError> {
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

    #[test]
    fn what_is_misspelt_takes_nothing_away() {
        for event in [json!({"dryrun": true}), json!({"dry_run": "yes"}), json!([]), json!({"beyond_cap": true})] {
            assert!(asked(&event).is_err(), "{event}");
        }
        let dry = asked(&json!({"dry_run": true})).unwrap();
        assert!(dry.by_hand && dry.dry_run && !dry.beyond_cap);
    }
}
