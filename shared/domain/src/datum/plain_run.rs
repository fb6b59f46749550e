//! How far a JSON text runs without anything special, eight bytes at a time; for reading and for writing.

/// Bytes at the front that are neither a quote, nor a backslash, nor below 0x20.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("the slice has eight bytes"));
        let stops = stop_bits(word);
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
    rest.map_or(bytes.len(), |rest| at + rest)
}

/// A word whose lowest set bit lies in the first byte that is a quote, a backslash or below 0x20.
const fn stop_bits(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let quote = word ^ u64::from_le_bytes([b'"'; 8]);
    let backslash = word ^ u64::from_le_bytes([b'\\'; 8]);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(u64::from_le_bytes([0x20; 8])) & !word;
    (is_quote | is_backslash | is_control) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::plain_length;

    #[test]
    fn every_special_byte_stops_at_every_place() {
        for special in (0..=0x1f).chain([b'"', b'\\']) {
            for at in 0..20 {
                for filler in [b' ', b'!', b'#', b'[', 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![filler; 20];
                    bytes[at] = special;
                    assert_eq!(plain_length(&bytes), at, "{special} after {filler}");
                }
            }
        }
        assert_eq!(plain_length(&[b'a'; 20]), 20);
    }
}
