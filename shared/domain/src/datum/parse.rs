//! An exact JSON reader (RFC 8259): digits kept, duplicate names refused, depth bounded.
//!
//! It never panics, whatever the bytes, and its errors name a place and a kind, never the content.

use super::Datum;
use super::json_error::{JsonError, JsonErrorKind};
use super::json_number::number_length;
use super::plain_run::plain_length;

/// How deep lists and maps may nest; one level more is refused.
pub const MAXIMUM_DEPTH: usize = 128;

/// Up to this many names are compared in pairs; more are sorted, so that no input costs quadratic time.
const FEW_NAMES: usize = 16;

impl Datum {
    /// Reads one JSON value and nothing after it; every number keeps its digits.
    ///
    /// # Errors
    /// [`JsonError`] with the place and the kind of the first mistake.
    pub fn parse_json(bytes: &[u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| JsonError { offset: error.valid_up_to(), kind: JsonErrorKind::InvalidUtf8 })?;
        let mut parser = Parser { text, bytes, at: 0, depth: 0 };
        parser.skip_space();
        let value = parser.value()?;
        parser.skip_space();
        if parser.at < bytes.len() {
            return Err(parser.error(JsonErrorKind::TrailingBytes));
        }
        Ok(value)
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    const fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { offset: self.at, kind }
    }

    fn peek(&self) -> Result<u8, JsonError> {
        let next = self.bytes.get(self.at).copied();
        next.ok_or_else(|| self.error(JsonErrorKind::UnexpectedEnd))
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Datum, JsonError> {
        match self.peek()? {
            b'"' => self.string().map(Datum::Text),
            b'{' => self.map(),
            b'[' => self.list(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Datum::Bool(true)),
            b'f' => self.word("false", Datum::Bool(false)),
            b'n' => self.word("null", Datum::Null),
            _ => Err(self.error(JsonErrorKind::UnexpectedByte)),
        }
    }

    fn word(&mut self, word: &str, value: Datum) -> Result<Datum, JsonError> {
        for expected in word.bytes() {
            if self.peek()? != expected {
                return Err(self.error(JsonErrorKind::UnexpectedByte));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Datum, JsonError> {
        let length = number_length(&self.bytes[self.at..]).ok_or_else(|| self.error(JsonErrorKind::InvalidNumber))?;
        let digits = self.slice(self.at, self.at + length).to_owned();
        self.at += length;
        Ok(Datum::Number(digits))
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).expect("both ends are beside ASCII bytes")
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        if self.depth == MAXIMUM_DEPTH {
            return Err(self.error(JsonErrorKind::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// After an item: true if another follows, false if the container was closed by `close`.
    fn more(&mut self, close: u8) -> Result<bool, JsonError> {
        self.skip_space();
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(self.error(JsonErrorKind::UnexpectedByte));
        }
        self.at += 1;
        if byte == close {
            self.depth -= 1;
            return Ok(false);
        }
        self.skip_space();
        Ok(true)
    }

    fn list(&mut self) -> Result<Datum, JsonError> {
        self.enter()?;
        let mut items = Vec::new();
        if self.peek()? == b']' {
            self.more(b']')?;
            return Ok(Datum::List(items));
        }
        loop {
            items.push(self.value()?);
            if !self.more(b']')? {
                return Ok(Datum::List(items));
            }
        }
    }

    fn map(&mut self) -> Result<Datum, JsonError> {
        self.enter()?;
        if self.peek()? == b'}' {
            self.more(b'}')?;
            return Ok(Datum::Map(Vec::new()));
        }
        let mut fields = Vec::with_capacity(8);
        loop {
            if self.peek()? != b'"' {
                return Err(self.error(JsonErrorKind::UnexpectedByte));
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek()? != b':' {
                return Err(self.error(JsonErrorKind::UnexpectedByte));
            }
            self.at += 1;
            self.skip_space();
            fields.push((name, self.value()?));
            if !self.more(b'}')? {
                break;
            }
        }
        if has_duplicates(&fields) {
            return Err(self.error(JsonErrorKind::DuplicateKey));
        }
        Ok(Datum::Map(fields))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        if self.peek()? == b'"' {
            let whole = self.slice(start, self.at).to_owned();
            self.at += 1;
            return Ok(whole);
        }
        let mut text = self.slice(start, self.at).to_owned();
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(text);
                }
                b'\\' => text.push(self.escape()?),
                _ => return Err(self.error(JsonErrorKind::ControlCharacter)),
            }
            let run = self.at;
            self.skip_plain();
            text.push_str(self.slice(run, self.at));
        }
    }

    fn skip_plain(&mut self) {
        self.at += plain_length(&self.bytes[self.at..]);
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let plain = match self.peek()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.error(JsonErrorKind::InvalidEscape)),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let first = self.four_hex()?;
        let code = if (0xD800..0xDC00).contains(&first) {
            for expected in *b"\\u" {
                if self.peek()? != expected {
                    return Err(self.error(JsonErrorKind::LoneSurrogate));
                }
                self.at += 1;
            }
            let second = self.four_hex()?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(self.error(JsonErrorKind::LoneSurrogate));
            }
            0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.error(JsonErrorKind::LoneSurrogate))
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()?).to_digit(16);
            let digit = digit.ok_or_else(|| self.error(JsonErrorKind::InvalidEscape))?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

fn has_duplicates(fields: &[(String, Datum)]) -> bool {
    if fields.len() <= FEW_NAMES {
        let mut names = fields.iter().enumerate();
        return names.any(|(n, (name, _))| fields[..n].iter().any(|(other, _)| other == name));
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}
