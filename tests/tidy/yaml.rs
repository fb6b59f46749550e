//! YAML to a tree with line numbers and tags, as far as CloudFormation uses it.

use saphyr_parser::{Event, Parser, Tag};

/// A value, its line and its short-form function, if any (`!Ref` is `Ref`).
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) tag: Option<String>,
    pub(crate) value: Value,
}

/// What kind of value it is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value under a key, or none.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The value under a path of keys, written with `/`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) => &[],
        }
    }

    /// The items of a list, or the value itself.
    pub(crate) fn items(&self) -> Vec<&Self> {
        match &self.value {
            Value::List(items) => items.iter().collect(),
            Value::Scalar(_) | Value::Map(_) => vec![self],
        }
    }

    /// The text of a scalar; empty for anything else.
    pub(crate) fn text(&self) -> &str {
        match &self.value {
            Value::Scalar(text) => text,
            Value::List(_) | Value::Map(_) => "",
        }
    }

    /// This node and all below it, with the key each stands under.
    pub(crate) fn walk<'n>(&'n self, key: &'n str, visit: &mut impl FnMut(&'n str, &'n Self)) {
        visit(key, self);
        match &self.value {
            Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|item| item.walk(key, visit)),
            Value::Map(entries) => entries.iter().for_each(|(name, node)| node.walk(name, visit)),
        }
    }
}

/// The first document of the text.
pub(crate) fn parse(text: &str) -> Node {
    let mut open: Vec<Node> = Vec::new();
    let mut keys: Vec<Option<String>> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.unwrap();
        let line = span.start.line();
        let done = match event {
            Event::Scalar(text, _, _, tag) => {
                Node { line, tag: name(tag.as_deref()), value: Value::Scalar(text.into_owned()) }
            }
            Event::SequenceStart(_, tag) => {
                open.push(Node { line, tag: name(tag.as_deref()), value: Value::List(Vec::new()) });
                keys.push(None);
                continue;
            }
            Event::MappingStart(_, tag) => {
                open.push(Node { line, tag: name(tag.as_deref()), value: Value::Map(Vec::new()) });
                keys.push(None);
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                keys.pop();
                open.pop().unwrap()
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::Alias(_) => continue,
        };
        let Some(parent) = open.last_mut() else { return done };
        match &mut parent.value {
            Value::List(items) => items.push(done),
            Value::Map(entries) => match keys.last_mut().unwrap().take() {
                Some(key) => entries.push((key, done)),
                None => *keys.last_mut().unwrap() = Some(done.text().to_owned()),
            },
            Value::Scalar(_) => panic!("a scalar holds nothing"),
        }
    }
    panic!("an empty YAML document")
}

fn name(tag: Option<&Tag>) -> Option<String> {
    tag.map(|tag| tag.suffix.clone())
}

#[test]
fn a_tree_knows_its_lines_and_its_tags() {
    let tree = parse("a:\n  - !Ref B\n  - { c: 1 }\nd: !GetAtt E.F\n");
    assert_eq!(tree.get("d").unwrap().tag.as_deref(), Some("GetAtt"));
    assert_eq!(tree.get("d").unwrap().line, 4);
    let items = tree.get("a").unwrap().items();
    assert_eq!((items[0].tag.as_deref(), items[0].text()), (Some("Ref"), "B"));
    assert_eq!(items[1].get("c").unwrap().text(), "1");
}
