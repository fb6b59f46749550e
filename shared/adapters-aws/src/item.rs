//! How a record is stored: one JSON text with the whole record, and copies of what conditions and indexes ask about.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{AuditEvent, EventIndex};
use domain::hold::Guard;
use domain::ids::{OpNonce, TenantId};
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::{Counter, Record};
use domain::request::Alias;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use workflow::ports::{PortError, PortErrorKind, seal_shard};

/// An item as DynamoDB gives and takes it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Version of the item form.
const FORM: &str = "1";
const COUNTER: &str = "counter";
const GUARD: &str = "guard";

/// The stored form of a record, marked with the nonce of the transition that writes it.
pub(crate) fn encode(record: &Record, op_nonce: &OpNonce) -> Result<Item, PortError> {
    let mut item = key_item(&record.key());
    put(&mut item, "kind", text(kind_of(record)));
    put(&mut item, "v", number(FORM));
    put(&mut item, "op_nonce", text(op_nonce.as_str()));
    if let Record::Counter(counter) = record {
        put(&mut item, "value", number(counter.value));
        return Ok(item);
    }
    if let Record::Guard(guard) = record {
        // An attribute of its own, so that holds come and go without a version; an empty set is no attribute.
        let holds: Vec<String> = guard.holds.iter().map(ToString::to_string).collect();
        put_if(&mut item, "holds", (!holds.is_empty()).then_some(AttributeValue::Ss(holds)));
        return Ok(item);
    }
    let body = serde_json::to_string(record)
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "encode item", source))?;
    put(&mut item, "body", text(body));
    put_if(&mut item, "version", record.version().map(number));
    put_if(&mut item, "fence", record.fence().map(number));
    put_if(&mut item, "expires_at_epoch", record.forget_at().map(|at| number(at.as_second())));
    if let Some(wake) = record.wake() {
        put(&mut item, "wake_shard", text(shard_text(wake.shard)));
        put(&mut item, "next_check_at", text(millis(wake.at)));
    }
    if let Record::Job(job) = record {
        put_job(&mut item, job);
    }
    if let Record::Event(event) = record {
        put_unsealed(&mut item, event);
        put_indexes(&mut item, event);
    }
    Ok(item)
}

/// What lists ask about.
fn put_job(item: &mut Item, job: &Job) {
    put(item, "open", AttributeValue::Bool(job.is_open()));
    put(item, "list_pk", text(list_partition(&job.tenant)));
    put(item, "list_sk", text(job.id.as_str()));
    put_if(item, "subject_pk", job.subject_ref.as_ref().map(|alias| text(subject_partition(&job.tenant, alias))));
    put(item, "request_type", text(job.request_type.as_str()));
    put(item, "status", text(job.status.as_str()));
    put_if(item, "organization_id", job.organization_id.as_ref().map(text));
    put(item, "due_at", text(millis(job.due_at)));
    put_if(item, "assignee", job.assignee.as_ref().map(|person| text(person.as_str())));
}

/// Where the sealer finds the event until it is in the log: by tenant, then by time.
fn put_unsealed(item: &mut Item, event: &AuditEvent) {
    put(item, "unsealed_shard", text(shard_text(seal_shard(&event.tenant))));
    put(item, "unsealed_at", text(format!("{}#1#{}#{}", event.tenant, millis(event.at), event.id)));
}

/// Where queries find the event; the sort key of all its indexes is its id.
fn put_indexes(item: &mut Item, event: &AuditEvent) {
    put(item, "event_id", text(event.id.as_str()));
    for index in EventIndex::of_event(event) {
        put(item, attribute_of(&index), text(index.partition(&event.tenant)));
    }
}

/// The attribute that is the partition key of an index.
pub(crate) const fn attribute_of(index: &EventIndex) -> &'static str {
    match index {
        EventIndex::All => "events_pk",
        EventIndex::Actor(_) => "actor_pk",
        EventIndex::Resource(_) => "resource_pk",
        EventIndex::Action(_) => "action_pk",
    }
}

/// Reads a stored item; `Corrupt` where it is none of ours, or where its key belongs to another record.
pub(crate) fn decode(item: &Item) -> Result<Record, PortError> {
    let key = stored_key(item)?;
    if string(item, "kind") == Some(COUNTER) {
        let value = item.get("value").and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
        return value.map(|value| Record::Counter(Counter { key, value })).ok_or_else(corrupt);
    }
    if string(item, "kind") == Some(GUARD) {
        let holds = item.get("holds").and_then(|value| value.as_ss().ok()).map(Vec::as_slice).unwrap_or_default();
        let holds = holds.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| corrupt())?;
        return Ok(Record::Guard(Guard { key, holds }));
    }
    let body = string(item, "body").ok_or_else(corrupt)?;
    let mut record: Record = serde_json::from_str(body).map_err(|_| corrupt())?;
    if record.key() != key {
        return Err(corrupt());
    }
    if let Record::Step(step) = &mut record {
        step.next_check_at = current_check(step.next_check_at, string(item, "next_check_at"))?;
    }
    Ok(record)
}

/// The sweep moves the attribute alone; where it did, the attribute counts, else the body, which is more exact.
fn current_check(in_body: Option<Timestamp>, stored: Option<&str>) -> Result<Option<Timestamp>, PortError> {
    let Some(stored) = stored else { return Ok(None) };
    if in_body.is_some_and(|at| millis(at) == stored) {
        return Ok(in_body);
    }
    from_millis(stored).map(Some).ok_or_else(corrupt)
}

/// The key of an item or of an index entry.
pub(crate) fn stored_key(item: &Item) -> Result<TenantKey, PortError> {
    string(item, "pk").zip(string(item, "sk")).and_then(|(pk, sk)| TenantKey::from_stored(pk, sk)).ok_or_else(corrupt)
}

/// The two attributes of a primary key.
pub(crate) fn key_item(key: &TenantKey) -> Item {
    HashMap::from([("pk".to_owned(), text(key.stored_partition())), ("sk".to_owned(), text(key.sort()))])
}

/// The partition of a tenant's jobs in the index `listing`.
pub(crate) fn list_partition(tenant: &TenantId) -> String {
    format!("t#{tenant}#jobs")
}

/// The partition of a subject's jobs in the index `subject`.
pub(crate) fn subject_partition(tenant: &TenantId, alias: &Alias) -> String {
    format!("t#{tenant}#subject#{}", alias.as_str())
}

/// A shard of the index `wake` as stored.
pub(crate) fn shard_text(shard: u8) -> String {
    format!("{shard:02}")
}

/// A time as 13 digits, which sort; a broken millisecond counts as the next, so that nothing is due too early.
pub(crate) fn millis(at: Timestamp) -> String {
    let up = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
    format!("{:013}", at.round(up).unwrap_or(at).as_millisecond().max(0))
}

/// Reads what [`millis`] wrote.
pub(crate) fn from_millis(digits: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(digits.parse().ok()?).ok()
}

/// The text of an attribute.
pub(crate) fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute, written as its digits.
#[expect(clippy::needless_pass_by_value, reason = "numbers are copied")]
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn put(item: &mut Item, name: &str, value: AttributeValue) {
    item.insert(name.to_owned(), value);
}

fn put_if(item: &mut Item, name: &str, value: Option<AttributeValue>) {
    if let Some(value) = value {
        put(item, name, value);
    }
}

const fn corrupt() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "decode item")
}

/// The name of a guard's kind, for the update that makes one.
pub(crate) const fn guard_kind() -> &'static str {
    GUARD
}

/// The name of a counter's kind, for the update that makes one.
pub(crate) const fn counter_kind() -> &'static str {
    COUNTER
}

const fn kind_of(record: &Record) -> &'static str {
    match record {
        Record::Job(_) => "job",
        Record::Step(_) => "step",
        Record::Event(_) => "event",
        Record::Challenge(_) => "challenge",
        Record::Ticket(_) => "ticket",
        Record::Idempotency(_) => "idempotency",
        Record::Key(_) => "key",
        Record::DataMapPointer(_) => "datamap_pointer",
        Record::Suppression(_) => "suppression",
        Record::Hold(_) => "hold",
        Record::Guard(_) => GUARD,
        Record::Claim(_) => "claim",
        Record::Retention(_) => "retention_policy",
        Record::RetentionRun(_) => "retention_run",
        Record::Notices(_) => "notices",
        Record::MailMark(_) => "mail_mark",
        Record::Complaint(_) => "mail_complaint",
        Record::Counter(_) => COUNTER,
    }
}

#[cfg(test)]
mod tests;
