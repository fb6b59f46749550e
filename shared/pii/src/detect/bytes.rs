//! Classes of bytes: what the one pass asks of each byte, as a table.

/// `0-9`.
pub(crate) const DIGIT: u8 = 1;
/// `a-z`.
pub(crate) const LOWER: u8 = 2;
/// `A-Z`.
pub(crate) const UPPER: u8 = 4;
/// `_`, which joins words.
pub(crate) const JOINT: u8 = 8;
/// Bytes that may stand in the middle of something: `@ : = < \ .`
pub(crate) const MARK: u8 = 16;
/// `0-9 a-f A-F`.
pub(crate) const HEX: u8 = 32;
/// Any part of a word.
pub(crate) const WORD: u8 = DIGIT | LOWER | UPPER | JOINT;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'_' => JOINT,
            b'@' | b':' | b'=' | b'<' | b'\\' | b'.' => MARK,
            _ => 0,
        };
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        table[byte as usize] = class;
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

pub(crate) const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

/// Whether the byte is part of a word.
pub(crate) const fn is_word(byte: u8) -> bool {
    class(byte) & WORD != 0
}

/// Whether the byte at `at` is there and part of a word.
pub(crate) fn word_at(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|byte| is_word(*byte))
}

/// Whether the byte before `at` is there and part of a word, other than the letter of an escape such as `\n`.
pub(crate) fn word_before(text: &[u8], at: usize) -> bool {
    at > 0 && is_word(text[at - 1]) && !(at > 1 && text[at - 2] == b'\\' && matches!(text[at - 1], b'n' | b'r' | b't'))
}

/// Where the bytes that satisfy `wanted` end, from `at` on.
pub(crate) fn end_of(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|byte| !wanted(*byte)).map_or(text.len(), |length| at + length)
}

/// Where the bytes that satisfy `wanted` begin that end before `at`; looks back at most `limit` bytes.
pub(crate) fn start_of(text: &[u8], at: usize, limit: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let floor = at.saturating_sub(limit);
    text[floor..at].iter().rposition(|byte| !wanted(*byte)).map_or(floor, |position| floor + position + 1)
}
