//! YAML text to a tree that knows the place of every key and value.
//!
//! Everything is kept as written: what a scalar means is decided by the key it stands under.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::finding::{Place, Report};

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 500_000;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
}

/// A key with its place.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) place: Place,
}

impl Value {
    /// The word for this kind of value in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Scalar(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

enum Open {
    List { items: Vec<Node> },
    Map { entries: Vec<(Name, Node)>, key: Option<Name> },
}

struct Frame {
    place: Place,
    anchor: usize,
    open: Open,
}

struct Builder<'r> {
    file: usize,
    report: &'r mut Report,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    documents: Vec<Node>,
}

/// Stops the reading of one file; the finding is already in the report.
struct Stop;

/// The documents of one file; a syntax error is reported and what came before it is dropped.
pub(crate) fn parse(file: usize, text: &str, report: &mut Report) -> Vec<Node> {
    let mut builder =
        Builder { file, report, stack: Vec::new(), anchors: BTreeMap::new(), nodes: 0, documents: Vec::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return builder.documents,
            Some(Ok((event, span))) => {
                if builder.accept(event, span.start).is_err() {
                    return Vec::new();
                }
            }
            Some(Err(problem)) => {
                let place = builder.place(*problem.marker());
                builder.report.error("yaml-syntax", place, problem.info().to_owned(), "");
                return Vec::new();
            }
        }
    }
}

impl Builder<'_> {
    fn place(&self, marker: Marker) -> Place {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Place { file: self.file, line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
    }

    fn accept(&mut self, event: Event<'_>, at: Marker) -> Result<(), Stop> {
        let place = self.place(at);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Scalar(text, style, anchor, _) => {
                let absent =
                    style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let value = if absent { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.close(Node { place, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(Frame { place, anchor, open: Open::List { items: Vec::new() } })
            }
            Event::MappingStart(anchor, _) => {
                self.open(Frame { place, anchor, open: Open::Map { entries: Vec::new(), key: None } })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else {
                    return Ok(());
                };
                let value = match frame.open {
                    Open::List { items } => Value::List(items),
                    Open::Map { entries, key: _ } => Value::Map(entries),
                };
                self.close(Node { place: frame.place, value }, frame.anchor)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return self.stop("yaml-syntax", place, "an alias to itself");
                };
                self.nodes = self.nodes.saturating_add(size(&node));
                self.close(node, 0)
            }
        }
    }

    fn stop(&mut self, code: &'static str, place: Place, message: &str) -> Result<(), Stop> {
        self.report.error(code, place, message.to_owned(), "");
        Err(Stop)
    }

    fn open(&mut self, frame: Frame) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return self.stop("yaml-limit", frame.place, "nested deeper than 64 levels");
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES {
            return self.stop("yaml-limit", node.place, "more than 500,000 values");
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            None => self.documents.push(node),
            Some(Open::List { items }) => items.push(node),
            Some(Open::Map { entries, key }) => match key.take() {
                Some(name) => entries.push((name, node)),
                None => match node.value {
                    Value::Scalar(text) => {
                        return self.name(Name { text, place: node.place });
                    }
                    Value::Null | Value::List(_) | Value::Map(_) => {
                        return self.stop("yaml-key", node.place, "a key must be a text");
                    }
                },
            },
        }
        Ok(())
    }

    fn name(&mut self, name: Name) -> Result<(), Stop> {
        let Some(Frame { open: Open::Map { entries, key }, .. }) = self.stack.last_mut() else {
            return Ok(());
        };
        let first = entries.iter().find(|(other, _)| other.text == name.text).map(|(other, _)| other.place.line);
        let (text, place) = (name.text.clone(), name.place);
        *key = Some(name);
        if let Some(line) = first {
            let message = format!("`{text}` is written twice");
            self.report.error("duplicate-key", place, message, &format!("first on line {line}"));
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}
