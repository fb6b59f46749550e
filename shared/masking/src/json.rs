//! A cursor over JSON text (RFC 8259): where things begin and end. It reads no value and builds nothing.

use crate::EventError;

/// Deeper than this is nobody's record.
pub(crate) const DEEPEST: usize = 128;

/// A string as it stands in the text.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// What stands between the quotes.
    pub(crate) raw: &'a str,
    /// Whether it holds escapes.
    pub(crate) escaped: bool,
}

pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) const fn wrong(&self) -> EventError {
        EventError::NotJson { at: self.at }
    }

    /// The next byte that is no space; 0 at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    #[inline]
    pub(crate) fn take(&mut self, wanted: u8) -> Result<(), EventError> {
        if self.peek() == wanted {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong())
    }

    /// A string, from its quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'a>, EventError> {
        self.take(b'"')?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.at = plain_until(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) | None => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), EventError> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = bytes.get(self.at + 2..self.at + 6).ok_or(self.wrong())?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.wrong());
                }
                self.at += 6;
            }
            Some(_) | None => return Err(self.wrong()),
        }
        Ok(())
    }

    /// A number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<&'a str, EventError> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && bytes[self.at - whole] == b'0' {
            return Err(self.wrong());
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    #[inline]
    fn digits(&mut self) -> Result<usize, EventError> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.wrong()) } else { Ok(count) }
    }

    /// `true`, `false` or `null`; whether it was null.
    #[inline]
    pub(crate) fn literal(&mut self) -> Result<bool, EventError> {
        let rest = &self.text.as_bytes()[self.at..];
        for word in ["null", "true", "false"] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(word == "null");
            }
        }
        Err(self.wrong())
    }

    /// Goes on behind a comma; `false` behind the closing mark.
    #[inline]
    pub(crate) fn more(&mut self, closing: u8) -> Result<bool, EventError> {
        let byte = self.peek();
        if byte == b',' {
            self.at += 1;
            return Ok(true);
        }
        if byte == closing {
            self.at += 1;
            return Ok(false);
        }
        Err(self.wrong())
    }

    /// Enters an object or array; `false` if it is empty and left again.
    #[inline]
    pub(crate) fn enter(&mut self, closing: u8) -> bool {
        self.at += 1;
        let empty = self.peek() == closing;
        if empty {
            self.at += 1;
        }
        !empty
    }

    /// Passes one value.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), EventError> {
        if depth > DEEPEST {
            return Err(EventError::TooDeep);
        }
        let closing = match self.peek() {
            b'{' => b'}',
            b'[' => b']',
            b'"' => return self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => return self.number().map(|_| ()),
            _ => return self.literal().map(|_| ()),
        };
        let mut more = self.enter(closing);
        while more {
            if closing == b'}' {
                self.string()?;
                self.take(b':')?;
            }
            self.skip(depth + 1)?;
            more = self.more(closing)?;
        }
        Ok(())
    }

    /// Nothing but space may follow.
    pub(crate) fn end(&mut self) -> Result<(), EventError> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.wrong()) }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether some byte of the word is a quote, a backslash or a control character.
const fn marked(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let slashes = slash.wrapping_sub(ONES) & !slash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | slashes | controls) & HIGHS
}

/// The first byte from `at` on that ends or interrupts a string.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        let found = marked(word);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

/// The string without its escapes; a lone half of a pair becomes U+FFFD.
pub(crate) fn unescaped(raw: &str, out: &mut String) {
    out.clear();
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let bytes = rest.as_bytes();
        let (letter, length) = match bytes[at + 1] {
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b't' => ('\t', 2),
            b'u' => unicode(&rest[at..]),
            other => (char::from(other), 2),
        };
        out.push(letter);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
}

fn unicode(rest: &str) -> (char, usize) {
    let unit = |from: usize| rest.get(from..from + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let Some(first) = unit(2) else { return (char::REPLACEMENT_CHARACTER, 6) };
    let second = if rest.get(6..8) == Some("\\u") { unit(8) } else { None };
    match (first, second) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            let letter = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        (letter, _) => (char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
    }
}

/// The string as it stands between quotes.
pub(crate) fn escape_into(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0x00..=0x1f => {
                let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
                out.extend(b"\\u00");
                out.extend([hex(byte >> 4), hex(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_where_they_end() {
        for text in ["", "a", "ab\\\"c", "0123456789 \u{e9}\u{1f600} \\u00e9\\ud83d\\ude00 more than a word"] {
            let quoted = format!("\"{text}\"x");
            let mut cursor = Cursor::new(&quoted);
            assert_eq!(cursor.string().unwrap().raw, text);
            let (mut ours, theirs) = (String::new(), serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap());
            unescaped(text, &mut ours);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "01", "1.", "\"\\x\"", "\"\u{1}\"", "nul", "{}}", "\"\\u12\""] {
            let mut cursor = Cursor::new(text);
            assert!(cursor.skip(0).and_then(|()| cursor.end()).is_err(), "{text}");
        }
    }
}
