//! A glance at records of CSV: how many of them hold nothing wanted, without reading them as a whole.
//!
//! It never overlooks one: where a record is written in a way that a glance can't judge, it ends before it.

use memchr::{memchr, memchr3};

/// Whole records that can be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Passed {
    /// Their bytes, up to the first byte of the line break after the last.
    pub(super) bytes: usize,
    pub(super) records: u64,
}

/// The records from the first on, which begins where the bytes do, that hold nothing wanted in a column.
pub(super) fn pass(bytes: &[u8], column: usize, is_wanted: impl Fn(&str) -> bool) -> Passed {
    let mut passed = Passed::default();
    while let Some(end) = other_record(bytes, passed.bytes, column, &is_wanted) {
        passed.bytes = end;
        passed.records += 1;
    }
    passed
}

/// The end of a record that holds nothing wanted; nothing where it may, or where it is not whole.
fn other_record(bytes: &[u8], from: usize, column: usize, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = from + bytes[from..].iter().position(|byte| !is_break(*byte))?;
    for _ in 0..column {
        let end = field_end(bytes, at)?;
        // A record of too few fields is for the reader to tell.
        if bytes[end] != b',' {
            return None;
        }
        at = end + 1;
    }
    let end = field_end(bytes, at)?;
    let field = unquoted(&bytes[at..end])?;
    if is_wanted(std::str::from_utf8(field).ok()?) {
        return None;
    }
    record_end(bytes, end)
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Where the field that begins here has its delimiter or line break.
fn field_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let at = if *bytes.get(begin)? == b'"' { quote_end(bytes, begin + 1)? } else { begin };
    let rest = &bytes[at..];
    // Most fields are short: a search that is made for long ones takes longer to begin than these take as a whole.
    let mut looked_at = 0;
    for word in rest.chunks_exact(8).take(SHORT_WORDS) {
        let found = ends_in(u64::from_le_bytes(*word.first_chunk()?));
        if found != 0 {
            return Some(at + looked_at + found.trailing_zeros() as usize / 8);
        }
        looked_at += 8;
    }
    Some(at + looked_at + memchr3(b',', b'\n', b'\r', &rest[looked_at..])?)
}

/// Words of eight bytes that a short field has at most.
const SHORT_WORDS: usize = 3;

/// The highest bit of each byte that is a delimiter or line break; what stands above the lowest such bit may be wrong.
const fn ends_in(word: u64) -> u64 {
    zeros(word ^ repeated(b',')) | zeros(word ^ repeated(b'\n')) | zeros(word ^ repeated(b'\r'))
}

const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(0x01)) & !word & repeated(0x80)
}

/// The first byte behind the quote that was opened before this one. A last quote may be the first of two.
fn quote_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(b'"', &bytes[at..])?;
        if *bytes.get(quote + 1)? != b'"' {
            return Some(quote + 1);
        }
        at = quote + 2;
    }
}

/// Behind the line break of a record one of whose fields ends here. A quote opens only where a field begins.
fn record_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = at + memchr3(b'"', b'\n', b'\r', &bytes[at..])?;
        if bytes[found] != b'"' {
            return Some(found + 1);
        }
        let opens = found > 0 && bytes[found - 1] == b',';
        at = if opens { quote_end(bytes, found + 1)? } else { found + 1 };
        // The last field is quoted more often than not where any is.
        if is_break(*bytes.get(at)?) {
            return Some(at + 1);
        }
    }
}

/// The value of a field; nothing where it has to be read byte by byte.
fn unquoted(field: &[u8]) -> Option<&[u8]> {
    let Some(quoted) = field.strip_prefix(b"\"") else { return Some(field) };
    quoted.strip_suffix(b"\"").filter(|value| memchr(b'"', value).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(text: &str) -> (usize, u64) {
        let passed = pass(text.as_bytes(), 1, |value| value == "me");
        (passed.bytes, passed.records)
    }

    #[test]
    fn records_of_others_are_passed_over_up_to_the_first_that_may_be_wanted() {
        assert_eq!(passed("1,a,x\n2,b,y\n3,me,z\n4,c,x\n"), (12, 2));
        assert_eq!(passed("1,a,\"x\n2,me,y\"\n3,me,z\n"), (15, 1));
        assert_eq!(passed("\"1,me\",a,\"\"\"\"\r\n\r\n2,b,q\"\r\n"), (24, 2));
        assert_eq!(passed("1,\"a\"\n2,\"me\"\n"), (6, 1));
    }

    #[test]
    fn what_a_glance_cannot_judge_is_left_to_the_reader() {
        for text in ["1\n2,a\n", "1,\"m\"\"e\",x\n", "1,a", "1,a,\"b\"", "1,a,\"b\n", "1,\"m\"e\n", "", "\n\n"] {
            assert_eq!(passed(text), (0, 0), "{text}");
        }
        let invalid = pass(b"1,\xFF,x\n", 1, |_| false);
        assert_eq!(invalid, Passed::default());
    }

    #[test]
    fn a_quote_within_a_field_is_a_sign_like_others() {
        assert_eq!(passed("1\",a\"b,\"c\"d\"\n2,me\n"), (13, 1));
    }
}
