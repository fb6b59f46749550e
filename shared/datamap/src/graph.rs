//! The reference graph: which way values flow, what can be reached from the identities, where they come back.
//!
//! A reference without direction is open both ways in Fideslang. Followed back the way they came, values would lead to
//! everybody who shares them (customer -> representative -> all customers of that representative). So such a reference
//! is oriented here: away from the identities, counted separately for a person's walk and an organisation's. Between
//! collections equally far, it runs from the referenced field to the declaring one, as from parent to child.
//! A collection's reference to itself without direction is never followed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::compile::Edge;
use crate::model::{Collection, Direction, Flow};
use crate::taxonomy::is_organization;

/// The kind of walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Person,
    Organization,
}

impl Flow {
    pub(crate) fn is_open(&self, scope: Scope) -> bool {
        match scope {
            Scope::Person => self.person,
            Scope::Organization => self.organization,
        }
    }
}

/// The flows that these references declare, sorted, each once.
pub(crate) fn flows(collections: &[Collection], edges: &[Edge]) -> Vec<Flow> {
    let open = |index: usize| collections.get(index).is_some_and(|collection| !collection.skip);
    let edges: Vec<&Edge> = edges.iter().filter(|edge| open(edge.declarer.0) && open(edge.target.0)).collect();
    let person = distances(collections, &edges, Scope::Person);
    let organization = distances(collections, &edges, Scope::Organization);
    let mut found: BTreeMap<Ends, (bool, bool)> = BTreeMap::new();
    for edge in edges {
        for (scope, distances) in [(Scope::Person, &person), (Scope::Organization, &organization)] {
            let Some(ends) = oriented(edge, distances) else { continue };
            let open = found.entry(ends).or_default();
            match scope {
                Scope::Person => open.0 = true,
                Scope::Organization => open.1 = true,
            }
        }
    }
    let flow = |((from, to), (person, organization)): (Ends, (bool, bool))| Flow {
        from: from.0,
        from_field: from.1,
        to: to.0,
        to_field: to.1,
        person,
        organization,
    };
    found.into_iter().map(flow).collect()
}

type Ends = ((usize, usize), (usize, usize));

fn oriented(edge: &Edge, distances: &[Option<u32>]) -> Option<Ends> {
    let (to, from) = ((edge.declarer, edge.target), (edge.target, edge.declarer));
    match edge.direction {
        Direction::To => Some(to),
        Direction::From => Some(from),
        Direction::Both if edge.declarer.0 == edge.target.0 => None,
        Direction::Both => {
            let far = |collection: usize| distances.get(collection).copied().flatten().unwrap_or(u32::MAX);
            Some(if far(edge.declarer.0) < far(edge.target.0) { to } else { from })
        }
    }
}

/// Hops from the nearest identity of this scope.
fn distances(collections: &[Collection], edges: &[&Edge], scope: Scope) -> Vec<Option<u32>> {
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); collections.len()];
    for edge in edges {
        let mut link = |from: usize, to: usize| next.get_mut(from).is_some_and(|ends| ends.insert(to));
        if edge.direction != Direction::From {
            link(edge.declarer.0, edge.target.0);
        }
        if edge.direction != Direction::To {
            link(edge.target.0, edge.declarer.0);
        }
    }
    search(collections, &next, scope)
}

/// Which collections a walk of this scope can reach.
pub(crate) fn reachable(collections: &[Collection], flows: &[Flow], scope: Scope) -> Vec<bool> {
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); collections.len()];
    for flow in flows.iter().filter(|flow| flow.is_open(scope)) {
        if let Some(ends) = next.get_mut(flow.from) {
            ends.insert(flow.to);
        }
    }
    search(collections, &next, scope).iter().map(Option::is_some).collect()
}

fn search(collections: &[Collection], next: &[BTreeSet<usize>], scope: Scope) -> Vec<Option<u32>> {
    let seeds = |collection: &Collection| !collection.skip && collection.fields.iter().any(|field| {
        field.identity.as_deref().is_some_and(|kind| is_organization(kind) == (scope == Scope::Organization))
    });
    let mut found: Vec<Option<u32>> = collections.iter().map(|collection| seeds(collection).then_some(0)).collect();
    let mut queue: VecDeque<usize> = (0..found.len()).filter(|index| found.get(*index) == Some(&Some(0))).collect();
    while let Some(at) = queue.pop_front() {
        let hops = found.get(at).copied().flatten().unwrap_or_default().saturating_add(1);
        for &to in next.get(at).into_iter().flatten() {
            if let Some(slot @ None) = found.get_mut(to) {
                *slot = Some(hops);
                queue.push_back(to);
            }
        }
    }
    found
}

/// One shortest cycle through each collection that is its smallest member; values that set out there come back.
pub(crate) fn cycles(links: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(from, to) in links {
        next.entry(from).or_default().push(to);
    }
    let mut found = Vec::new();
    let mut covered = BTreeSet::new();
    for &start in next.keys() {
        if covered.contains(&start) {
            continue;
        }
        if let Some(cycle) = shortest_cycle(start, &next) {
            covered.extend(cycle.iter().copied());
            found.push(cycle);
        }
    }
    found
}

fn shortest_cycle(start: usize, next: &BTreeMap<usize, Vec<usize>>) -> Option<Vec<usize>> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in next.get(&at).into_iter().flatten() {
            if to == start {
                let mut cycle = vec![at];
                let mut back = at;
                while back != start {
                    back = *before.get(&back)?;
                    cycle.push(back);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !before.contains_key(&to) {
                before.insert(to, at);
                queue.push_back(to);
            }
        }
    }
    None
}
