//! Typed reading of one YAML mapping: each accessor reports a wrong type at its own place.

use crate::finding::{Located, Place, Report};
use crate::yaml::{Name, Node, Value};

/// A mapping and what it describes.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) place: Place,
    what: &'static str,
    entries: &'a [(Name, Node)],
}

impl<'a> Object<'a> {
    /// The mapping at this node, or a finding.
    pub(crate) fn of(node: &'a Node, what: &'static str, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self { place: node.place, what, entries }),
            Value::Null | Value::Scalar(_) | Value::List(_) => {
                wrong(node, what, "a mapping", report);
                None
            }
        }
    }

    /// The keys with their values, in the order they were written.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a Name, &'a Node)> + use<'a> {
        self.entries.iter().map(|(name, node)| (name, node))
    }

    /// The value under a key; an empty one counts as absent.
    pub(crate) fn node(&self, key: &str) -> Option<&'a Node> {
        let (_, node) = self.entries.iter().find(|(name, _)| name.text == key)?;
        (!matches!(node.value, Value::Null)).then_some(node)
    }

    /// Warns of keys that nobody reads.
    pub(crate) fn expect(&self, keys: &[&str], report: &mut Report) {
        for name in self.unknown(keys) {
            let message = format!("unknown key `{}` in {}", name.text, self.what);
            report.warning("unknown-key", name.place, message, "it is ignored");
        }
    }

    /// Refuses keys that nobody reads: in our own manifests a slip of the pen may switch a safeguard off.
    pub(crate) fn expect_only(&self, keys: &[&str], report: &mut Report) {
        for name in self.unknown(keys) {
            let message = format!("unknown key `{}` in {}", name.text, self.what);
            report.error("unknown-key", name.place, message, &format!("known: {}", keys.join(", ")));
        }
    }

    fn unknown<'k>(&self, keys: &'k [&'k str]) -> impl Iterator<Item = &'a Name> + use<'a, 'k> {
        self.entries.iter().map(|(name, _)| name).filter(move |name| !keys.contains(&name.text.as_str()))
    }

    /// The text under a key.
    pub(crate) fn text(&self, key: &'static str, report: &mut Report) -> Option<Located<String>> {
        let node = self.node(key)?;
        scalar(node, key, report)
    }

    /// The text under a key without its place.
    pub(crate) fn plain(&self, key: &'static str, report: &mut Report) -> Option<String> {
        self.text(key, report).map(|text| text.value)
    }

    /// The text under a key that must be there.
    pub(crate) fn required(&self, key: &'static str, report: &mut Report) -> Option<Located<String>> {
        self.require(key, report);
        self.text(key, report)
    }

    /// Reports a key that must be there and is not.
    pub(crate) fn require(&self, key: &str, report: &mut Report) {
        if self.node(key).is_none() {
            report.error("missing-required", self.place, format!("{} needs `{key}`", self.what), "");
        }
    }

    /// The list of texts under a key.
    pub(crate) fn texts(&self, key: &'static str, report: &mut Report) -> Vec<Located<String>> {
        self.list(key, report).iter().filter_map(|node| scalar(node, key, report)).collect()
    }

    /// The list of mappings under a key.
    pub(crate) fn objects(&self, key: &'static str, what: &'static str, report: &mut Report) -> Vec<Self> {
        self.list(key, report).iter().filter_map(|node| Self::of(node, what, report)).collect()
    }

    /// The mapping under a key.
    pub(crate) fn object(&self, key: &'static str, what: &'static str, report: &mut Report) -> Option<Self> {
        Self::of(self.node(key)?, what, report)
    }

    /// The truth value under a key.
    pub(crate) fn flag(&self, key: &'static str, report: &mut Report) -> Option<bool> {
        let node = self.node(key)?;
        let text = scalar(node, key, report)?;
        match text.value.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _not_a_flag => {
                wrong(node, key, "true or false", report);
                None
            }
        }
    }

    /// The whole number from 1 under a key.
    pub(crate) fn count(&self, key: &'static str, report: &mut Report) -> Option<u32> {
        let node = self.node(key)?;
        let text = scalar(node, key, report)?;
        let count = text.value.parse().ok().filter(|count| *count > 0);
        if count.is_none() {
            wrong(node, key, "a whole number from 1", report);
        }
        count
    }

    fn list(&self, key: &'static str, report: &mut Report) -> &'a [Node] {
        match self.node(key) {
            None => &[],
            Some(Node { value: Value::List(items), .. }) => items,
            Some(node) => {
                wrong(node, key, "a list", report);
                &[]
            }
        }
    }
}

fn scalar(node: &Node, key: &str, report: &mut Report) -> Option<Located<String>> {
    match &node.value {
        Value::Scalar(text) => Some(Located { value: text.clone(), place: node.place }),
        Value::Null | Value::List(_) | Value::Map(_) => {
            wrong(node, key, "a text", report);
            None
        }
    }
}

fn wrong(node: &Node, what: &str, expected: &str, report: &mut Report) {
    let message = format!("`{what}` must be {expected}, here is {}", node.value.kind());
    report.error("wrong-type", node.place, message, "");
}
