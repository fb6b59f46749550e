//! Retention policies in force, and why some keep longer than usual, as evidence.

use std::collections::BTreeMap;

use domain::evidence::EvidenceType;
use domain::record::Record;
use domain::retention::{ClassRule, Kept, RetentionPolicy};
use serde_json::{Map, Value, json};

use super::NewEvidence;
use super::scheduled::piece;

/// The pieces over all versions of all policies of a tenant: the newest of each organisation, and of these the ones that are justified.
pub(super) fn pieces(records: Vec<Record>) -> Vec<(&'static str, NewEvidence)> {
    let mut newest: BTreeMap<String, RetentionPolicy> = BTreeMap::new();
    for policy in records.into_iter().filter_map(Record::into_retention) {
        let known = newest.get(&policy.organization_id).is_some_and(|known| known.version > policy.version);
        if !known {
            newest.insert(policy.organization_id.clone(), *policy);
        }
    }
    let mut pieces = Vec::new();
    if newest.is_empty() {
        return pieces;
    }
    let all: Vec<Value> = newest.values().map(told).collect();
    let title = "Retention policies in force";
    pieces.push(("policies", piece(EvidenceType::Policy, title, &Value::from(all), ("habeas", "CC6.5"))));
    let justified: Vec<Value> = newest.values().filter_map(justification).collect();
    if !justified.is_empty() {
        let title = "Why data is kept for longer than usual";
        let content = Value::from(justified);
        pieces.push((
            "justifications",
            piece(EvidenceType::RetentionJustification, title, &content, ("habeas", "CC6.5")),
        ));
    }
    pieces
}

fn told(policy: &RetentionPolicy) -> Value {
    json!({
        "organization_id": policy.organization_id,
        "version": policy.version,
        "set_at": policy.at.to_string(),
        "set_by": policy.by.name(),
        "rules": rules(&policy.rules.iter().collect::<Vec<_>>()),
    })
}

fn justification(policy: &RetentionPolicy) -> Option<Value> {
    let longer: Vec<&ClassRule> = policy.rules.iter().filter(|rule| rule.needs_justification()).collect();
    (!longer.is_empty()).then(|| {
        json!({
            "organization_id": policy.organization_id,
            "version": policy.version,
            "set_at": policy.at.to_string(),
            "set_by": policy.by.name(),
            "justification": policy.justification,
            "rules": rules(&longer),
        })
    })
}

fn rules(rules: &[&ClassRule]) -> Value {
    let length = |kept: Kept| match kept {
        Kept::For(length) => Value::from(length),
        Kept::Permanently => Value::from("permanently"),
    };
    Value::Object(rules.iter().map(|rule| (rule.class.as_str().to_owned(), length(rule.kept))).collect::<Map<_, _>>())
}
