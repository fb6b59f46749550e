//! One change of a transition as one action of a DynamoDB transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::ids::{HoldId, OpNonce};
use domain::key::TenantKey;
use domain::record::Record;
use domain::transition::{Change, Expect};
use workflow::ports::{PortError, PortErrorKind};

use super::DynamoJobStore;
use crate::item::{counter_kind, encode, guard_kind, key_item, number, text};

/// What a refused action gives back: the stored item, which says whose write is there.
const GIVE_BACK: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// The action of a change.
pub(super) fn action(store: &DynamoJobStore, change: &Change, nonce: &OpNonce) -> Result<TransactWriteItem, PortError> {
    let action = TransactWriteItem::builder();
    let action = match change {
        Change::Put { record, expect } => action.put(put(store, record, *expect, nonce)?),
        Change::Delete { key, expect } => action.delete(delete(store, key, *expect)?),
        Change::Add { key, by, limit } => action.update(add(store, key, *by, *limit, nonce)?),
        Change::Guard { key, hold, holds } => action.update(guard(store, key, hold, *holds, nonce)?),
        Change::Check { key, expect } => action.condition_check(check(store, key, *expect)?),
    };
    Ok(action.build())
}

fn put(store: &DynamoJobStore, record: &Record, expect: Expect, nonce: &OpNonce) -> Result<Put, PortError> {
    let condition = match (expect, record.version()) {
        (Expect::Fence(fence), Some(version)) => Condition::fence_and_version(fence, version.saturating_sub(1)),
        (expect, _) => Condition::of(expect),
    };
    Put::builder()
        .table_name(store.table_of(record.key().partition()))
        .set_item(Some(encode(record, nonce)?))
        .set_condition_expression(condition.expression.map(str::to_owned))
        .set_expression_attribute_names(condition.names)
        .set_expression_attribute_values(condition.values)
        .return_values_on_condition_check_failure(GIVE_BACK)
        .build()
        .map_err(not_built)
}

fn delete(store: &DynamoJobStore, key: &TenantKey, expect: Expect) -> Result<Delete, PortError> {
    let condition = Condition::of(expect);
    Delete::builder()
        .table_name(store.table_of(key.partition()))
        .set_key(Some(key_item(key)))
        .set_condition_expression(condition.expression.map(str::to_owned))
        .set_expression_attribute_names(condition.names)
        .set_expression_attribute_values(condition.values)
        .build()
        .map_err(not_built)
}

fn add(
    store: &DynamoJobStore,
    key: &TenantKey,
    by: i64,
    limit: Option<i64>,
    nonce: &OpNonce,
) -> Result<Update, PortError> {
    let update = Update::builder()
        .table_name(store.table_of(key.partition()))
        .set_key(Some(key_item(key)))
        .update_expression("ADD #value :by SET #kind = :kind, #v = :v, #op_nonce = :op_nonce")
        .expression_attribute_names("#value", "value")
        .expression_attribute_names("#kind", "kind")
        .expression_attribute_names("#v", "v")
        .expression_attribute_names("#op_nonce", "op_nonce")
        .expression_attribute_values(":by", number(by))
        .expression_attribute_values(":kind", text(counter_kind()))
        .expression_attribute_values(":v", number(1))
        .expression_attribute_values(":op_nonce", text(nonce.as_str()))
        .return_values_on_condition_check_failure(GIVE_BACK);
    let update = match limit {
        // A counter that is not there stands at 0, which is below any limit but these.
        Some(limit) if limit <= 0 => {
            update.condition_expression("#value < :limit").expression_attribute_values(":limit", number(limit))
        }
        Some(limit) => update
            .condition_expression("attribute_not_exists(#value) OR #value < :limit")
            .expression_attribute_values(":limit", number(limit)),
        None => update,
    };
    update.build().map_err(not_built)
}

/// Adding what is there and removing what is not are nothing: the update may come twice.
fn guard(
    store: &DynamoJobStore,
    key: &TenantKey,
    hold: &HoldId,
    holds: bool,
    nonce: &OpNonce,
) -> Result<Update, PortError> {
    const MARK: &str = "SET #kind = :kind, #v = :v, #op_nonce = :op_nonce";
    let verb = if holds { "ADD" } else { "DELETE" };
    Update::builder()
        .table_name(store.table_of(key.partition()))
        .set_key(Some(key_item(key)))
        .update_expression(format!("{verb} #holds :hold {MARK}"))
        .expression_attribute_names("#holds", "holds")
        .expression_attribute_names("#kind", "kind")
        .expression_attribute_names("#v", "v")
        .expression_attribute_names("#op_nonce", "op_nonce")
        .expression_attribute_values(":hold", AttributeValue::Ss(vec![hold.to_string()]))
        .expression_attribute_values(":kind", text(guard_kind()))
        .expression_attribute_values(":v", number(1))
        .expression_attribute_values(":op_nonce", text(nonce.as_str()))
        .build()
        .map_err(not_built)
}

fn check(store: &DynamoJobStore, key: &TenantKey, expect: Expect) -> Result<ConditionCheck, PortError> {
    let condition = Condition::of(expect);
    ConditionCheck::builder()
        .table_name(store.table_of(key.partition()))
        .set_key(Some(key_item(key)))
        // A check must ask something; of "anything" it asks what always holds.
        .condition_expression(condition.expression.unwrap_or("attribute_exists(pk) OR attribute_not_exists(pk)"))
        .set_expression_attribute_names(condition.names)
        .set_expression_attribute_values(condition.values)
        .return_values_on_condition_check_failure(GIVE_BACK)
        .build()
        .map_err(not_built)
}

struct Condition {
    expression: Option<&'static str>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    fn of(expect: Expect) -> Self {
        let equals = |name: &str, value: AttributeValue| Self {
            expression: Some("#expected = :expected"),
            names: Some(HashMap::from([("#expected".to_owned(), name.to_owned())])),
            values: Some(HashMap::from([(":expected".to_owned(), value)])),
        };
        match expect {
            Expect::Absent => Self { expression: Some("attribute_not_exists(pk)"), names: None, values: None },
            Expect::Version(version) => equals("version", number(version)),
            Expect::Fence(fence) => equals("fence", number(fence)),
            Expect::OpenJob => equals("open", AttributeValue::Bool(true)),
            // The set goes with its last hold.
            Expect::NoHold => Self {
                expression: Some("attribute_not_exists(#expected)"),
                names: Some(HashMap::from([("#expected".to_owned(), "holds".to_owned())])),
                values: None,
            },
            Expect::Forgotten(by) => Self {
                expression: Some("attribute_not_exists(pk) OR #expires <= :by"),
                names: Some(HashMap::from([("#expires".to_owned(), "expires_at_epoch".to_owned())])),
                values: Some(HashMap::from([(":by".to_owned(), number(by.as_second()))])),
            },
            Expect::Any => Self { expression: None, names: None, values: None },
        }
    }

    fn fence_and_version(fence: u64, version: u64) -> Self {
        let names = [("#fence", "fence"), ("#version", "version")];
        let values = [(":fence", fence), (":version", version)];
        Self {
            expression: Some("#fence = :fence AND #version = :version"),
            names: Some(names.map(|(name, field)| (name.to_owned(), field.to_owned())).into()),
            values: Some(values.map(|(name, value)| (name.to_owned(), number(value))).into()),
        }
    }
}

fn not_built(source: BuildError) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, "commit", source)
}
