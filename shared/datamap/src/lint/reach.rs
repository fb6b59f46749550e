//! Reachability: every collection from some identity, from the organisation too, and nobody else's rows.

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::finding::{Place, Report};
use crate::graph::Scope;
use crate::model::Flow;
use crate::taxonomy;

use super::{flow_place, open, persons, place_of, reached};

/// Checks what the walks reach.
pub(super) fn check(compiled: &Compiled, report: &mut Report) {
    let identities = open(compiled).flat_map(|(_, it)| &it.fields).filter_map(|field| field.identity.as_deref());
    let kinds: BTreeSet<&str> = identities.collect();
    if kinds.is_empty() {
        let first = place_of(compiled, 0, None);
        let place = Place { line: 1, column: 1, ..first };
        let message = "no field holds an identity".to_owned();
        return report.error(
            "no-identity",
            place,
            message,
            "set fides_meta.identity, such as `identity: email`, where people are found",
        );
    }
    let person = reached(compiled, Scope::Person);
    let organization = reached(compiled, Scope::Organization);
    let has_organization = kinds.iter().any(|kind| taxonomy::is_organization(kind));
    for (index, collection) in open(compiled) {
        let by = |reached: &[bool]| reached.get(index) == Some(&true);
        let place = place_of(compiled, index, None);
        if !by(&person) && !by(&organization) {
            let message = format!("`{}` can't be reached from any identity", collection.id());
            let help = "refer it to a reachable collection, give references a direction (nothing is followed from rows that \
                        several people may share), or set fides_meta.skip_processing";
            report.error("unreachable", place, message, help);
        } else if has_organization && !by(&organization) {
            let message = format!("`{}` is not reached from {}", collection.id(), taxonomy::ORGANIZATION);
            report.warning("not-reached-by-organization", place, message, "an export of an organisation leaves it out");
        }
        several_people(compiled, index, report);
    }
    for flow in &compiled.map.flows {
        other_people(compiled, flow, report);
    }
}

/// Rows with two addresses belong to two people; the walk does not go on from what it finds in them.
fn several_people(compiled: &Compiled, index: usize, report: &mut Report) {
    let Some(collection) = compiled.map.collections.get(index) else {
        return;
    };
    let mut seen = BTreeSet::new();
    for (kind, field) in persons(collection) {
        if seen.insert(kind) {
            continue;
        }
        let message = format!("`{}` holds `{kind}` twice: its rows belong to several people", collection.id());
        let place = place_of(compiled, index, collection.field(&field.path));
        report.warning("several-people", place, message, "identities found in these rows are not followed");
    }
}

/// A foreign key into rows that carry an identity of their own often leads to somebody else.
fn other_people(compiled: &Compiled, flow: &Flow, report: &mut Report) {
    let collections = &compiled.map.collections;
    let (Some(from), Some(to)) = (collections.get(flow.from), collections.get(flow.to)) else {
        return;
    };
    let key = to.fields.get(flow.to_field).is_some_and(|field| field.primary_key);
    let own = from.fields.get(flow.from_field).is_some_and(|field| field.primary_key || field.identity.is_some());
    if !flow.person || !key || own || persons(to).next().is_none() {
        return;
    }
    let field = from.fields.get(flow.from_field).map(|field| field.path.as_str()).unwrap_or_default();
    let message = format!("`{}.{field}` leads to rows of `{}` that carry an identity of their own", from.id(), to.id());
    let help = "if they are other people, drop the reference or set direction: from";
    report.warning("other-people", flow_place(compiled, flow.from, flow.to), message, help);
}
