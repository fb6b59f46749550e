//! Conditional changes as single `PartiQL` statements, 25 of which make a call that is no transaction.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, ReturnConsumedCapacity,
};
use workflow::ports::{PortError, PortErrorKind};

use super::Table;
use super::request::{Item, units};
use crate::failure::{corrupt, failed};
use crate::pace::pause;

/// Tries of statements that are throttled.
const TRIES: u32 = 6;

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// It goes.
    Delete,
    /// These attributes are set, or removed where there is no value.
    Update(Vec<(String, Option<AttributeValue>)>),
}

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    text: String,
    parameters: Vec<AttributeValue>,
}

impl Statement {
    /// A change of the item with this key, only if the watched attributes are what they were read as.
    pub(super) fn new(table: &str, key: &Item, item: &Item, watched: &BTreeSet<String>, change: Change) -> Self {
        let mut parameters = Vec::new();
        let mut text = match change {
            Change::Delete => format!("DELETE FROM {}", quoted(table)),
            Change::Update(attributes) => {
                let mut text = format!("UPDATE {}", quoted(table));
                for (name, value) in attributes {
                    if let Some(value) = value {
                        text.push_str(&format!(" SET {}=?", quoted(&name)));
                        parameters.push(value);
                    } else {
                        text.push_str(&format!(" REMOVE {}", quoted(&name)));
                    }
                }
                text
            }
        };
        let mut names: Vec<&String> = key.keys().collect();
        names.sort();
        names.extend(watched.iter().filter(|name| !key.contains_key(*name)));
        for (position, name) in names.into_iter().enumerate() {
            let join = if position == 0 { "WHERE" } else { "AND" };
            let held = key.get(name).or_else(|| item.get(name));
            text.push_str(&format!(" {join} {}", quoted(name)));
            match held {
                None => text.push_str(" IS MISSING"),
                Some(AttributeValue::Null(_)) => text.push_str(" IS NULL"),
                Some(value) => {
                    text.push_str("=?");
                    parameters.push(value.clone());
                }
            }
        }
        Self { text, parameters }
    }

    fn request(&self) -> Result<BatchStatementRequest, PortError> {
        let built =
            BatchStatementRequest::builder().statement(&self.text).set_parameters(Some(self.parameters.clone()));
        built.build().map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "erase rows", cause))
    }
}

/// Names always stand in quotes: many of them are reserved words.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs statements, each by itself; false where the condition of one did not hold.
pub(super) async fn run(table: &Table<'_>, statements: &[Statement]) -> Result<Vec<bool>, PortError> {
    let mut held: HashMap<usize, bool> = HashMap::new();
    let mut wait = Duration::from_millis(50);
    for _try in 0..TRIES {
        let open: Vec<usize> = (0..statements.len()).filter(|position| !held.contains_key(position)).collect();
        if open.is_empty() {
            break;
        }
        for (position, answer) in open.iter().zip(once(table, statements, &open).await?) {
            if let Some(answer) = answer {
                held.insert(*position, answer);
            }
        }
        if held.len() < statements.len() {
            pause(wait).await;
            wait *= 2;
        }
    }
    let throttled = || PortError::caused(PortErrorKind::Transient, "erase rows", "throttled");
    (0..statements.len()).map(|position| held.get(&position).copied().ok_or_else(throttled)).collect()
}

/// One call; nothing for a statement that was throttled.
async fn once(table: &Table<'_>, statements: &[Statement], open: &[usize]) -> Result<Vec<Option<bool>>, PortError> {
    table.pace.request().await;
    let requests = open.iter().filter_map(|position| statements.get(*position)).map(Statement::request);
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    let request = table.client.batch_execute_statement().set_statements(Some(requests));
    let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
    let answer = answer.map_err(|error| failed("erase rows", error))?;
    table.pace.spent(answer.consumed_capacity().iter().map(|capacity| units(Some(capacity))).sum());
    if answer.responses().len() != open.len() {
        return Err(corrupt("erase rows", "not one answer for each statement"));
    }
    let code = |error: &aws_sdk_dynamodb::types::BatchStatementError| error.code().cloned();
    answer
        .responses()
        .iter()
        .map(|it| it.error().map_or(Ok(Some(true)), |error| refused(code(error).as_ref())))
        .collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
fn refused(code: Option<&BatchStatementErrorCodeEnum>) -> Result<Option<bool>, PortError> {
    use BatchStatementErrorCodeEnum as Code;
    let fails = |kind| Err(PortError::caused(kind, "erase rows", code.map_or("no code", Code::as_str)));
    match code {
        Some(Code::ConditionalCheckFailed) => Ok(Some(false)),
        Some(
            Code::ThrottlingError
            | Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::InternalServerError
            | Code::TransactionConflict,
        ) => Ok(None),
        Some(Code::AccessDenied) => fails(PortErrorKind::Denied),
        Some(Code::ResourceNotFound) => fails(PortErrorKind::NotFound),
        _ => fails(PortErrorKind::Corrupt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn statement(change: Change) -> Statement {
        let key = Item::from([("id".to_owned(), text("7")), ("at".to_owned(), AttributeValue::N("1".to_owned()))]);
        let item = Item::from([("email".to_owned(), text("a@b")), ("na\"me".to_owned(), AttributeValue::Null(true))]);
        let watched = ["at", "email", "gone", "na\"me"].map(str::to_owned).into();
        Statement::new("app.rows", &key, &item, &watched, change)
    }

    #[test]
    fn a_row_goes_only_as_it_was_read() {
        let it = statement(Change::Delete);
        assert_eq!(
            it.text,
            r#"DELETE FROM "app.rows" WHERE "at"=? AND "id"=? AND "email"=? AND "gone" IS MISSING AND "na""me" IS NULL"#
        );
        assert_eq!(it.parameters, [AttributeValue::N("1".to_owned()), text("7"), text("a@b")]);
    }

    #[test]
    fn changes_come_before_conditions() {
        let it = statement(Change::Update(vec![("email".to_owned(), Some(text("x"))), ("gone".to_owned(), None)]));
        assert!(
            it.text.starts_with(r#"UPDATE "app.rows" SET "email"=? REMOVE "gone" WHERE "at"=? AND"#),
            "{}",
            it.text
        );
        assert_eq!(it.parameters, [text("x"), AttributeValue::N("1".to_owned()), text("7"), text("a@b")]);
    }

    #[test]
    fn throttled_statements_are_tried_again_and_refused_ones_are_not() {
        let kind = |code| refused(Some(&code)).map_err(|error| error.kind);
        assert_eq!(kind(BatchStatementErrorCodeEnum::ConditionalCheckFailed), Ok(Some(false)));
        assert_eq!(kind(BatchStatementErrorCodeEnum::TransactionConflict), Ok(None));
        assert_eq!(kind(BatchStatementErrorCodeEnum::AccessDenied), Err(PortErrorKind::Denied));
        assert_eq!(refused(None).map_err(|error| error.kind), Err(PortErrorKind::Corrupt));
    }
}
