//! The reference graph: which way values flow, what can be reached from the identities, where they come back.
//!
//! A reference without direction is open both ways in Fideslang. Followed back the way they came, values would lead to
//! everybody who shares them (customer -> representative -> all customers of that representative). So such a reference
//! is oriented here, for a person's walk and an organisation's apart:
//! - away from the identities; between collections equally far, from the referenced field to the declaring one, as from
//!   parent to child; within one collection not at all;
//! - where it leads from a field that is no key to what may be a shared row (`rep_id` -> `employees.id`), that row is
//!   collected but nothing is followed from it, and a person's walk does not enter an organisation's record so.
//!
//! An author who means more declares a direction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::compile::Edge;
use crate::model::{Collection, Direction, Field, Flow};
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

/// From one field to another, as `(collection, field)`.
type Ends = ((usize, usize), (usize, usize));

/// One way along a reference.
#[derive(Clone, Copy)]
struct Hop {
    ends: Ends,
    shared: bool,
}

/// The flows that these references declare, sorted, each once.
pub(crate) fn flows(collections: &[Collection], edges: &[Edge]) -> Vec<Flow> {
    let open = |index: usize| collections.get(index).is_some_and(|collection| !collection.skip);
    let edges: Vec<&Edge> = edges.iter().filter(|edge| open(edge.declarer.0) && open(edge.target.0)).collect();
    let mut found: BTreeMap<Ends, Flow> = BTreeMap::new();
    for scope in [Scope::Person, Scope::Organization] {
        let distances = distances(collections, &edges, scope);
        for hop in edges.iter().filter_map(|edge| oriented(collections, edge, &distances, scope)) {
            let ((from, from_field), (to, to_field)) = hop.ends;
            let closed = Flow { from, from_field, to, to_field, person: false, organization: false, shared: true };
            let flow = found.entry(hop.ends).or_insert(closed);
            flow.shared &= hop.shared;
            match scope {
                Scope::Person => flow.person = true,
                Scope::Organization => flow.organization = true,
            }
        }
    }
    found.into_values().collect()
}

/// The ways open along a reference before it is oriented.
fn hops(collections: &[Collection], edge: &Edge) -> Vec<Hop> {
    let (to, from) = ((edge.declarer, edge.target), (edge.target, edge.declarer));
    match edge.direction {
        Direction::To => vec![Hop { ends: to, shared: false }],
        Direction::From => vec![Hop { ends: from, shared: false }],
        Direction::Both if edge.declarer.0 == edge.target.0 => Vec::new(),
        Direction::Both => {
            let field = |(collection, field): (usize, usize)| collections.get(collection)?.fields.get(field);
            let is_key = |end| field(end).is_some_and(|field: &Field| field.primary_key);
            let is_own = |end| is_key(end) || field(end).is_some_and(|field| field.identity.is_some());
            let out = Hop { ends: to, shared: !is_own(edge.declarer) };
            vec![out, Hop { ends: from, shared: !is_own(edge.target) && is_key(edge.declarer) }]
        }
    }
}

fn oriented(collections: &[Collection], edge: &Edge, distances: &[u32], scope: Scope) -> Option<Hop> {
    let hops = hops(collections, edge);
    let hop = match hops.as_slice() {
        [] => return None,
        [hop] => return Some(*hop),
        [to, from, ..] => {
            let far = |collection: usize| distances.get(collection).copied().unwrap_or(u32::MAX);
            if far(edge.declarer.0) < far(edge.target.0) { to } else { from }
        }
    };
    if distances.get(hop.ends.0.0).is_none_or(|distance| *distance == u32::MAX) {
        return None;
    }
    let entered = collections.get(hop.ends.1.0)?;
    let is_organization = entered.fields.iter().any(|field| field.identity.as_deref().is_some_and(is_organization));
    (!(hop.shared && is_organization && scope == Scope::Person)).then_some(*hop)
}

/// Hops from the nearest identity of this scope; what is only reached as a shared row is farther than all others.
fn distances(collections: &[Collection], edges: &[&Edge], scope: Scope) -> Vec<u32> {
    let mut links = Links::new(collections.len());
    for hop in edges.iter().flat_map(|edge| hops(collections, edge)) {
        links.add(hop.ends.0.0, hop.ends.1.0, hop.shared);
    }
    links.search(collections, scope)
}

/// Which collections a walk of this scope can reach.
pub(crate) fn reachable(collections: &[Collection], flows: &[Flow], scope: Scope) -> Vec<bool> {
    let mut links = Links::new(collections.len());
    for flow in flows.iter().filter(|flow| flow.is_open(scope)) {
        links.add(flow.from, flow.to, flow.shared);
    }
    links.search(collections, scope).iter().map(|distance| *distance < u32::MAX).collect()
}

/// Ways between collections; nothing is followed from where only a shared way leads.
struct Links {
    own: Vec<BTreeSet<usize>>,
    shared: BTreeSet<(usize, usize)>,
}

impl Links {
    fn new(collections: usize) -> Self {
        Self { own: vec![BTreeSet::new(); collections], shared: BTreeSet::new() }
    }

    fn add(&mut self, from: usize, to: usize, shared: bool) {
        if shared {
            self.shared.insert((from, to));
        } else if let Some(ends) = self.own.get_mut(from) {
            ends.insert(to);
        }
    }

    fn search(&self, collections: &[Collection], scope: Scope) -> Vec<u32> {
        let seeds = |collection: &Collection| {
            !collection.skip
                && collection.fields.iter().any(|field| {
                    field
                        .identity
                        .as_deref()
                        .is_some_and(|kind| is_organization(kind) == (scope == Scope::Organization))
                })
        };
        let distance = |collection| if seeds(collection) { 0 } else { u32::MAX };
        let mut found: Vec<u32> = collections.iter().map(distance).collect();
        let mut queue: VecDeque<usize> = (0..found.len()).filter(|index| found.get(*index) == Some(&0)).collect();
        while let Some(at) = queue.pop_front() {
            let hops = found.get(at).map_or(u32::MAX, |distance| distance.saturating_add(1));
            for &to in self.own.get(at).into_iter().flatten() {
                if let Some(slot) = found.get_mut(to).filter(|distance| **distance == u32::MAX) {
                    *slot = hops;
                    queue.push_back(to);
                }
            }
        }
        let own = found.clone();
        for &(from, to) in &self.shared {
            let is_own = own.get(from).is_some_and(|distance| *distance < u32::MAX);
            if let Some(slot) = found.get_mut(to).filter(|distance| is_own && **distance == u32::MAX) {
                *slot = u32::MAX - 1;
            }
        }
        found
    }
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
            before.entry(to).or_insert_with(|| {
                queue.push_back(to);
                at
            });
        }
    }
    None
}
