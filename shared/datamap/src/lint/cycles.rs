//! Cycles: places where values come back to the collection they left. Walks end all the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Compiled, Edge};
use crate::finding::{Place, Report};
use crate::graph::{Scope, cycles};
use crate::model::Direction;

use super::open;

/// Reports each cycle of values and each of references without direction.
pub(super) fn check(compiled: &Compiled, report: &mut Report) {
    let mut reported: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for scope in [Scope::Person, Scope::Organization] {
        let flowing = compiled.map.flows.iter().filter(|flow| flow.is_open(scope)).map(|flow| (flow.from, flow.to));
        for cycle in cycles(&flowing.collect()) {
            if reported.insert(cycle.iter().copied().collect()) {
                let help = "the walk ends, but rows of other people may be reached: check each direction";
                name(compiled, &cycle, help, report);
            }
        }
    }
    for cycle in cycles(&undirected(compiled)) {
        if reported.insert(cycle.iter().copied().collect()) {
            let help = "without direction values flow away from the identities only, and never within one collection";
            name(compiled, &cycle, help, report);
        }
    }
}

/// References without direction, from the declaring collection to the referenced; a pair declared at both ends counts once.
fn undirected(compiled: &Compiled) -> BTreeSet<(usize, usize)> {
    let considered: BTreeSet<usize> = open(compiled).map(|(index, _)| index).collect();
    let mut pairs: BTreeMap<[(usize, usize); 2], (usize, usize)> = BTreeMap::new();
    for edge in compiled.edges.iter().filter(|edge| edge.direction == Direction::Both) {
        let mut pair = [edge.declarer, edge.target];
        pair.sort_unstable();
        pairs.entry(pair).or_insert((edge.declarer.0, edge.target.0));
    }
    pairs.into_values().filter(|(from, to)| considered.contains(from) && considered.contains(to)).collect()
}

fn name(compiled: &Compiled, cycle: &[usize], help: &str, report: &mut Report) {
    let id = |index: &usize| compiled.map.collections.get(*index).map(crate::model::Collection::id).unwrap_or_default();
    let mut names: Vec<String> = cycle.iter().map(id).collect();
    names.extend(names.first().cloned());
    let message = format!("references form a cycle: {}", names.join(" -> "));
    report.warning("reference-cycle", place(compiled, cycle), message, help);
}

/// The last reference on the cycle in reading order: the one that closes it.
fn place(compiled: &Compiled, cycle: &[usize]) -> Place {
    let on_cycle = |edge: &&Edge| {
        let hops = cycle.iter().zip(cycle.iter().cycle().skip(1));
        let (one, other) = (edge.declarer.0, edge.target.0);
        hops.into_iter().any(|(&from, &to)| (from, to) == (one, other) || (from, to) == (other, one))
    };
    compiled.edges.iter().filter(on_cycle).map(|edge| edge.place).max().unwrap_or_default()
}
