//! What was learned of the fields of one collection: names repeat from event to event, so each is judged once.

use std::collections::HashMap;
use std::sync::Arc;

use pii::detect::{Hit, PiiType, Scanner, type_of_field};

use crate::replacing::{Keys, shown_name};
use crate::{CollectionRules, FieldRule, Treatment};

/// Fields beyond these are judged each time: names may be data, such as a map by user.
const MOST_NODES: usize = 4_096;
const MOST_CHILDREN: usize = 128;

/// What is done at a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Look at what it holds.
    Scan,
    /// The field's name says what it holds.
    Named(PiiType),
    /// The map says what it holds.
    Personal(PiiType),
    /// A key that has to stay joinable.
    Key,
    /// About the event, not about a row: texts are looked at, numbers are not.
    Technical,
}

pub(crate) type NodeId = usize;
/// The root of rows.
pub(crate) const ROW: NodeId = 0;
/// The root of what surrounds rows.
pub(crate) const AROUND: NodeId = 1;

pub(crate) struct Node {
    name: Box<str>,
    path: String,
    pub(crate) rule: Rule,
    /// The name as it may be shown, quoted, where it is not itself.
    pub(crate) shown: Option<Box<[u8]>>,
    pub(crate) identity: Option<Arc<str>>,
    children: Vec<NodeId>,
    next: usize,
    /// The last value as it stood, and what replaced it: `before` and `after` mostly agree.
    pub(crate) last: String,
    pub(crate) last_escaped: bool,
    pub(crate) instead: Option<Vec<u8>>,
}

impl Node {
    fn new(name: &str, path: String, rule: Rule) -> Self {
        Self {
            name: name.into(),
            path,
            rule,
            shown: None,
            identity: None,
            children: Vec::new(),
            next: 0,
            last: String::new(),
            last_escaped: false,
            instead: None,
        }
    }
}

/// The fields of one collection as learned so far.
pub(crate) struct Learned {
    pub(crate) nodes: Vec<Node>,
    declared: HashMap<String, (Treatment, Option<Arc<str>>)>,
}

/// What judges a new name.
pub(crate) struct Judge<'a> {
    pub(crate) scanner: &'a Scanner,
    pub(crate) keys: &'a Keys,
}

impl Learned {
    pub(crate) fn new(rules: &CollectionRules) -> Self {
        let declared =
            |rule: &FieldRule| (rule.path.clone(), (rule.treatment, rule.identity.as_deref().map(Arc::from)));
        Self {
            nodes: vec![Node::new("", String::new(), Rule::Scan), Node::new("", String::new(), Rule::Technical)],
            declared: rules.fields.iter().map(declared).collect(),
        }
    }

    /// How many nodes are known; those beyond are forgotten by [`forget`](Self::forget).
    pub(crate) const fn mark(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets what was judged for one value only.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.nodes.truncate(mark);
    }

    /// The field of this name; the second answer is whether it is to be forgotten after its value.
    #[inline]
    pub(crate) fn child(&mut self, parent: NodeId, name: &str, judge: &Judge<'_>) -> (NodeId, bool) {
        let node = &self.nodes[parent];
        // Events name their fields in the same order.
        if let Some(child) = node.children.get(node.next).copied()
            && &*self.nodes[child].name == name
        {
            self.nodes[parent].next += 1;
            return (child, false);
        }
        self.search(parent, name, judge)
    }

    fn search(&mut self, parent: NodeId, name: &str, judge: &Judge<'_>) -> (NodeId, bool) {
        let node = &self.nodes[parent];
        let known = node.children.iter().position(|child| &*self.nodes[*child].name == name);
        if let Some(position) = known {
            let child = node.children[position];
            self.nodes[parent].next = position + 1;
            return (child, false);
        }
        let forgotten = node.children.len() >= MOST_CHILDREN || self.nodes.len() >= MOST_NODES;
        let child = self.judged(parent, name, judge);
        self.nodes.push(child);
        let id = self.nodes.len() - 1;
        if !forgotten {
            let node = &mut self.nodes[parent];
            node.children.push(id);
            node.next = node.children.len();
        }
        (id, forgotten)
    }

    fn judged(&self, parent: NodeId, name: &str, judge: &Judge<'_>) -> Node {
        let above = &self.nodes[parent];
        let path = if above.path.is_empty() { name.to_owned() } else { format!("{}.{name}", above.path) };
        let declared = if above.rule == Rule::Technical { None } else { self.declared.get(&path) };
        let rule = declared.map_or_else(|| inherited(above.rule, name), |(treatment, _)| of_treatment(*treatment));
        let mut node = Node::new(name, path, rule);
        node.identity = declared.and_then(|(_, identity)| identity.clone());
        if rule != Rule::Technical && declared.is_none() {
            let mut hits: Vec<Hit> = Vec::new();
            judge.scanner.find(name.as_bytes(), &mut hits);
            let shown = shown_name(judge.keys, &hits, name);
            if shown != name {
                node.shown = Some(format!("\"{shown}\"").into_bytes().into());
            }
        }
        node
    }

    /// Starts an object: its fields come from the first on.
    #[inline]
    pub(crate) fn rewind(&mut self, node: NodeId) {
        self.nodes[node].next = 0;
    }
}

const fn of_treatment(treatment: Treatment) -> Rule {
    match treatment {
        Treatment::Scan => Rule::Scan,
        Treatment::Personal(kind) => Rule::Personal(kind),
        Treatment::Key => Rule::Key,
    }
}

/// A name within a named field says more than the outer one; what the map says holds for everything beneath.
fn inherited(above: Rule, name: &str) -> Rule {
    match above {
        Rule::Personal(_) | Rule::Key | Rule::Technical => above,
        Rule::Scan | Rule::Named(_) => type_of_field(name).map_or(above, Rule::Named),
    }
}
