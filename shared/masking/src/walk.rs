//! The walk over one event: spans of nobody are copied as they are, all else is replaced on the way.

use pii::detect::{Hit, Scanner};

use crate::json::{Cursor, DEEPEST, Text, unescaped};
use crate::learned::{AROUND, Judge, Learned, NodeId, ROW};
use crate::replacing::{Keys, Method};
use crate::{EventError, Operation, Seen};

mod values;

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
}

fn splice(text: &str, out: &mut Vec<u8>, copied: &mut usize, span: (usize, usize), instead: &[u8]) {
    out.extend_from_slice(&text.as_bytes()[*copied..span.0]);
    out.extend_from_slice(instead);
    *copied = span.1;
}
