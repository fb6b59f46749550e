//! Where texts end: at the next quote of a leaf without escapes, or by a search that knows them.

/// Tells where the text ends that begins at a place.
pub(super) trait Ends {
    /// The place of the closing quote; `None` if the text has no canonical form.
    fn end(&self, leaf: &[u8], from: usize) -> Option<usize>;
}

/// For a leaf without escapes: the next quote, eight bytes at a time; most texts are short, and a call for each would cost more than the search.
pub(super) struct Plain;

impl Ends for Plain {
    #[inline]
    fn end(&self, leaf: &[u8], from: usize) -> Option<usize> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let rest = leaf.get(from..)?;
        let (words, tail) = rest.as_chunks::<8>();
        for (place, word) in words.iter().enumerate() {
            let zero_at_quotes = u64::from_le_bytes(*word) ^ (ONES * 0x22);
            let found = zero_at_quotes.wrapping_sub(ONES) & !zero_at_quotes & (ONES << 7);
            if found != 0 {
                return Some(from + 8 * place + usize::from(found.trailing_zeros().to_le_bytes()[0]) / 8);
            }
        }
        tail.iter().position(|byte| *byte == b'"').map(|place| leaf.len() - tail.len() + place)
    }
}

/// For any leaf that is a text: looks at each byte.
pub(super) struct Escaped;

impl Ends for Escaped {
    fn end(&self, leaf: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            at += leaf[at..].iter().position(special)?;
            match leaf[at..] {
                [b'"', ..] => return Some(at),
                [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
                [b'\\', b'u', b'0', b'0', high, low, ..] if is_control(high, low) => at += 6,
                _ => return None,
            }
        }
    }
}

/// Whether `\u00hl` is the canonical escape of a control character: lower case, and none that has a short form.
fn is_control(high: u8, low: u8) -> bool {
    match high {
        b'0' => matches!(low, b'0'..=b'7' | b'b' | b'e' | b'f'),
        b'1' => matches!(low, b'0'..=b'9' | b'a'..=b'f'),
        _ => false,
    }
}
