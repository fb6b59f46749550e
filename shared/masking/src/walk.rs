//! The walk over one event: spans of nobody are copied as they are, all else is replaced on the way.

use std::ops::RangeInclusive;

use pii::detect::{Hit, Scanner};

use crate::json::{Cursor, DEEPEST, Text, unescaped};
use crate::learned::{AROUND, Judge, Learned, NodeId, ROW, Rule};
use crate::replacing::{Keys, Method, is_replaced};
use crate::{EventError, Operation, Seen};

/// Texts shorter than this hold nothing that detection knows.
const SHORTEST: usize = 5;
/// Whole numbers of fewer digits are nobody's.
const FEWEST_DIGITS: usize = 8;
/// Milliseconds from 2017 to 2033, in every event many times.
const TIMES: RangeInclusive<&str> = "1483228800000"..="1999999999999";

/// What a source says of its own place and time, which names nobody.
const POSITIONS: [&str; 14] = [
    "version",
    "connector",
    "ts_ms",
    "ts_us",
    "ts_ns",
    "snapshot",
    "sequence",
    "txId",
    "lsn",
    "xmin",
    "gtid",
    "file",
    "pos",
    "server_id",
];

/// What is kept between events.
#[derive(Default)]
pub(crate) struct Scratch {
    hits: Vec<Hit>,
    plain: String,
    instead: Vec<u8>,
}

/// What the walk learned of the event.
#[derive(Default)]
pub(crate) struct Found<'a> {
    pub(crate) operation: Option<Operation>,
    pub(crate) rows: usize,
    pub(crate) has_payload: bool,
    pub(crate) has_schema: bool,
    pub(crate) replaced: usize,
    pub(crate) database: &'a str,
    pub(crate) schema: &'a str,
    pub(crate) table: &'a str,
}

pub(crate) struct Walk<'a, 'm> {
    pub(crate) cursor: Cursor<'a>,
    pub(crate) fields: &'m mut Learned,
    pub(crate) scanner: &'m Scanner,
    pub(crate) keys: &'m Keys,
    pub(crate) method: Method,
    /// Whether every value of a row but its keys is taken out.
    pub(crate) whole: bool,
    pub(crate) scratch: &'m mut Scratch,
    pub(crate) seen: &'m mut Vec<Seen>,
    pub(crate) out: &'m mut Vec<u8>,
    pub(crate) copied: usize,
    pub(crate) found: Found<'a>,
}

impl<'a> Walk<'a, '_> {
    /// A row, or what is taken for one until its field names say otherwise.
    pub(crate) fn row(&mut self) -> Result<(), EventError> {
        if self.cursor.peek() != b'{' {
            return self.value(ROW, 0);
        }
        self.object(ROW, 0, |walk, name| walk.look_for_envelope(name))
    }

    fn look_for_envelope(&mut self, name: &str) {
        match name {
            "payload" => self.found.has_payload = true,
            "schema" => self.found.has_schema = true,
            "before" | "after" | "source" => self.found.rows += 1,
            "op" => self.found.operation = Some(Operation::Read),
            _ => {}
        }
    }

    /// An envelope, its payload, or the wrapper around it.
    pub(crate) fn envelope(&mut self, depth: usize) -> Result<(), EventError> {
        if self.cursor.peek() != b'{' {
            // The payload of a tombstone in a wrapper.
            return self.value(AROUND, depth);
        }
        let mut more = self.cursor.enter(b'}');
        self.fields.rewind(AROUND);
        while more {
            let name = self.cursor.string()?.raw;
            self.cursor.take(b':')?;
            self.member(name, depth)?;
            more = self.cursor.more(b'}')?;
        }
        Ok(())
    }

    fn member(&mut self, name: &'a str, depth: usize) -> Result<(), EventError> {
        match name {
            "before" | "after" => {
                self.found.rows += 1;
                self.value(ROW, depth + 1)
            }
            "schema" if depth == 0 => {
                self.found.has_schema = true;
                self.cursor.skip(1)
            }
            "payload" if depth == 0 => {
                self.found.has_payload = true;
                self.envelope(1)
            }
            "source" => self.source(),
            "op" => self.operation(),
            // Whatever an application wrote to its log.
            "message" => self.null(),
            _ => self.around(AROUND, name, depth + 1),
        }
    }

    fn operation(&mut self) -> Result<(), EventError> {
        if self.cursor.peek() == b'"' {
            self.found.operation = Operation::of(self.cursor.string()?.raw);
            return Ok(());
        }
        self.value(AROUND, 2)
    }

    /// Where the event comes from; a statement as it was sent holds values and is taken out.
    fn source(&mut self) -> Result<(), EventError> {
        if self.cursor.peek() != b'{' {
            return self.value(AROUND, 2);
        }
        let (node, _) = self.child(AROUND, "source");
        let mut more = self.cursor.enter(b'}');
        self.fields.rewind(node);
        while more {
            let name = self.cursor.string()?.raw;
            self.cursor.take(b':')?;
            self.cursor.peek();
            let start = self.cursor.at;
            match name {
                "query" => self.null()?,
                name if POSITIONS.contains(&name) => self.cursor.skip(3)?,
                _ => self.around(node, name, 3)?,
            }
            let value = self.cursor.text[start..self.cursor.at].trim_matches('"');
            match name {
                "db" => self.found.database = value,
                "schema" => self.found.schema = value,
                "table" | "collection" => self.found.table = value,
                _ => {}
            }
            more = self.cursor.more(b'}')?;
        }
        Ok(())
    }

    fn around(&mut self, parent: NodeId, name: &str, depth: usize) -> Result<(), EventError> {
        let mark = self.fields.mark();
        let (node, forgotten) = self.child(parent, name);
        self.value(node, depth)?;
        if forgotten {
            self.fields.forget(mark);
        }
        Ok(())
    }

    fn child(&mut self, parent: NodeId, name: &str) -> (NodeId, bool) {
        self.fields.child(parent, name, &Judge { scanner: self.scanner, keys: self.keys })
    }

    fn value(&mut self, node: NodeId, depth: usize) -> Result<(), EventError> {
        match self.cursor.peek() {
            b'"' => self.text(node),
            b'{' => self.object(node, depth, |_, _| {}),
            b'[' => self.array(node, depth),
            b'-' | b'0'..=b'9' => self.number(node),
            _ => self.literal(node),
        }
    }

    fn array(&mut self, node: NodeId, depth: usize) -> Result<(), EventError> {
        if depth > DEEPEST {
            return Err(EventError::TooDeep);
        }
        let mut more = self.cursor.enter(b']');
        while more {
            self.value(node, depth + 1)?;
            more = self.cursor.more(b']')?;
        }
        Ok(())
    }

    fn object(&mut self, node: NodeId, depth: usize, mut look: impl FnMut(&mut Self, &str)) -> Result<(), EventError> {
        if depth > DEEPEST {
            return Err(EventError::TooDeep);
        }
        let mut more = self.cursor.enter(b'}');
        self.fields.rewind(node);
        while more {
            self.cursor.peek();
            let start = self.cursor.at;
            let name = self.cursor.string()?;
            let end = self.cursor.at;
            self.cursor.take(b':')?;
            look(self, name.raw);
            let mark = self.fields.mark();
            let (child, forgotten) = self.named(node, name);
            if self.fields.nodes[child].shown.is_some() {
                let shown = self.fields.nodes[child].shown.as_deref().unwrap_or_default();
                splice(self.cursor.text, self.out, &mut self.copied, (start, end), shown);
                self.found.replaced += 1;
            }
            self.value(child, depth + 1)?;
            if forgotten {
                self.fields.forget(mark);
            }
            more = self.cursor.more(b'}')?;
        }
        Ok(())
    }

    fn named(&mut self, parent: NodeId, name: Text<'a>) -> (NodeId, bool) {
        if !name.escaped {
            return self.child(parent, name.raw);
        }
        let mut plain = String::new();
        unescaped(name.raw, &mut plain);
        self.child(parent, &plain)
    }

    /// A value that is taken out.
    fn null(&mut self) -> Result<(), EventError> {
        self.cursor.peek();
        let start = self.cursor.at;
        self.cursor.skip(1)?;
        let end = self.cursor.at;
        self.splice_with((start, end), b"null");
        Ok(())
    }

    fn splice_with(&mut self, span: (usize, usize), instead: &[u8]) {
        splice(self.cursor.text, self.out, &mut self.copied, span, instead);
        self.found.replaced += 1;
    }

    fn literal(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let is_null = self.cursor.literal()?;
        let rule = self.fields.nodes[node].rule;
        let personal = matches!(rule, Rule::Personal(_) | Rule::Key) || (self.whole && rule != Rule::Technical);
        if personal && !is_null {
            self.splice_with((start, self.cursor.at), b"null");
        }
        Ok(())
    }

    fn text(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let text = self.cursor.string()?;
        let span = (start, self.cursor.at);
        let field = &mut self.fields.nodes[node];
        if let Some(kind) = &field.identity {
            Seen::add(self.seen, kind, text);
        }
        if self.whole && !matches!(field.rule, Rule::Key | Rule::Technical) {
            self.splice_with(span, b"null");
            return Ok(());
        }
        if text.raw.is_empty() {
            return Ok(());
        }
        if field.last != text.raw || field.last_escaped != text.escaped {
            field.last.clear();
            field.last.push_str(text.raw);
            field.last_escaped = text.escaped;
            self.judge_text(node, text);
        }
        if let Some(instead) = &self.fields.nodes[node].instead {
            splice(self.cursor.text, self.out, &mut self.copied, span, instead);
            self.found.replaced += 1;
        }
        Ok(())
    }

    /// Decides what stands instead of a text that was not there just now.
    fn judge_text(&mut self, node: NodeId, text: Text<'a>) {
        let Scratch { hits, plain, instead } = &mut *self.scratch;
        let value = if text.escaped {
            unescaped(text.raw, plain);
            plain.as_str()
        } else {
            text.raw
        };
        let field = &mut self.fields.nodes[node];
        instead.clear();
        match field.rule {
            Rule::Key => self.keys.replace_whole(self.method, None, value, instead),
            Rule::Personal(kind) => self.keys.replace_whole(self.method, Some(kind), value, instead),
            Rule::Named(kind) if !value.trim().is_empty() => {
                self.keys.replace_whole(self.method, Some(kind), value, instead);
            }
            Rule::Scan | Rule::Technical | Rule::Named(_) => {
                hits.clear();
                if value.len() >= SHORTEST {
                    self.scanner.find(value.as_bytes(), hits);
                }
                if hits.iter().any(|hit| is_replaced(hit, value)) {
                    self.keys.replace_parts(self.method, hits, value, instead);
                }
            }
        }
        if instead.is_empty() {
            field.instead = None;
        } else {
            let kept = field.instead.get_or_insert_default();
            kept.clear();
            kept.extend_from_slice(instead);
        }
    }

    fn number(&mut self, node: NodeId) -> Result<(), EventError> {
        let start = self.cursor.at;
        let number = self.cursor.number()?;
        let span = (start, self.cursor.at);
        let field = &self.fields.nodes[node];
        let rule = field.rule;
        if let Some(kind) = &field.identity {
            Seen::add(self.seen, kind, Text { raw: number, escaped: false });
        }
        if rule == Rule::Technical {
            return Ok(());
        }
        let field = &mut self.fields.nodes[node];
        if self.whole || field.last != number || field.last_escaped {
            field.last.clear();
            field.last.push_str(number);
            field.last_escaped = false;
            field.instead = None;
            let instead = self.number_instead(rule, number);
            self.fields.nodes[node].instead = instead;
        }
        let field = &mut self.fields.nodes[node];
        if let Some(instead) = &field.instead {
            splice(self.cursor.text, self.out, &mut self.copied, span, instead);
            self.found.replaced += 1;
        }
        if self.whole {
            field.last.clear();
            field.instead = None;
        }
        Ok(())
    }

    /// What stands instead of a number: its keyed form where the method keeps values apart, or nothing.
    fn number_instead(&mut self, rule: Rule, number: &str) -> Option<Vec<u8>> {
        let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
        let keyed = rule == Rule::Key || (!self.whole && self.method == Method::Hashing);
        let personal = self.whole || matches!(rule, Rule::Personal(_) | Rule::Named(_) | Rule::Key);
        if !personal && !self.shows(number, is_whole) {
            return None;
        }
        if !keyed || !is_whole {
            return Some(b"null".to_vec());
        }
        let mut instead = Vec::new();
        self.keys.keyed_number(number, &mut instead);
        Some(instead)
    }

    /// Whether a number of no named field shows what it is.
    fn shows(&mut self, number: &str, is_whole: bool) -> bool {
        let is_time = number.len() == 13 && TIMES.contains(&number);
        if !is_whole || number.len() < FEWEST_DIGITS || is_time {
            return false;
        }
        self.scratch.hits.clear();
        self.scanner.find(number.as_bytes(), &mut self.scratch.hits);
        !self.scratch.hits.is_empty()
    }
}

fn splice(text: &str, out: &mut Vec<u8>, copied: &mut usize, span: (usize, usize), instead: &[u8]) {
    out.extend_from_slice(&text.as_bytes()[*copied..span.0]);
    out.extend_from_slice(instead);
    *copied = span.1;
}
