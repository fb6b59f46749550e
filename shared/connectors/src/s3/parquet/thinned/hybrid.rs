//! Small numbers as Parquet writes levels and places in a dictionary: runs of one number, and packed bits between them.

/// Numbers that stand together in packed bits.
const GROUP: usize = 8;

/// Reads so many numbers of a width; nothing where the bytes do not hold them.
pub(super) fn read(bytes: &[u8], width: u32, count: usize, out: &mut Vec<u32>) -> Option<()> {
    out.clear();
    out.reserve(count);
    let mut at = 0;
    while out.len() < count {
        let header = header(bytes, &mut at)?;
        let length = usize::try_from(header >> 1).ok()?;
        let left = count - out.len();
        if header & 1 == 1 {
            let packed = bytes.get(at..)?;
            unpack(packed, width, length.saturating_mul(GROUP).min(left), out)?;
            // Some writers cut the last group off.
            at = at.saturating_add(length.saturating_mul(width as usize)).min(bytes.len());
        } else {
            let value = bytes.get(at..at + value_bytes(width))?;
            at += value.len();
            let value = value.iter().rev().fold(0_u32, |value, byte| (value << 8) | u32::from(*byte));
            out.resize(out.len() + length.min(left), value);
        }
    }
    Some(())
}

/// Writes the numbers, each of which has at most so many bits.
pub(super) fn write(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut begin, mut at) = (0, 0);
    while at < values.len() {
        let run = run(&values[at..]);
        if run < GROUP {
            at = (at + GROUP).min(values.len());
            continue;
        }
        pack(&values[begin..at], width, out);
        put_header(run as u64 * 2, out);
        out.extend_from_slice(&values[at].to_le_bytes()[..value_bytes(width)]);
        at += run;
        begin = at;
    }
    pack(&values[begin..], width, out);
}

const fn value_bytes(width: u32) -> usize {
    width.div_ceil(8) as usize
}

/// How many numbers at the beginning are the same.
fn run(values: &[u32]) -> usize {
    let Some(first) = values.first() else { return 0 };
    values.iter().position(|value| value != first).unwrap_or(values.len())
}

fn header(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut header = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        header |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(header);
        }
    }
    None
}

fn put_header(mut header: u64, out: &mut Vec<u8>) {
    while header > 0x7F {
        out.push(low_byte(header) | 0x80);
        header >>= 7;
    }
    out.push(low_byte(header));
}

const fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

const fn low_word(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn unpack(packed: &[u8], width: u32, count: usize, out: &mut Vec<u32>) -> Option<()> {
    if count.checked_mul(width as usize)?.div_ceil(8) > packed.len() || width > 32 {
        return None;
    }
    let mask = (1_u64 << width) - 1;
    let (mut held, mut bits, mut words) = (0_u64, 0, packed.chunks(4));
    for _ in 0..count {
        if bits < width {
            let word = words.next().map_or(0, word);
            held |= u64::from(word) << bits;
            bits += 32;
        }
        out.push(low_word(held & mask));
        held >>= width;
        bits -= width;
    }
    Some(())
}

fn word(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    word[..bytes.len()].copy_from_slice(bytes);
    u32::from_le_bytes(word)
}

fn pack(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    put_header(groups as u64 * 2 + 1, out);
    let end = out.len() + groups * width as usize;
    let (mut held, mut bits) = (0_u64, 0);
    for value in values {
        held |= u64::from(*value) << bits;
        bits += width;
        if bits >= 32 {
            out.extend_from_slice(&low_word(held).to_le_bytes());
            held >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&held.to_le_bytes());
    // The last group is filled up with zeros.
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    #[test]
    fn numbers_of_every_width_are_read_as_they_were_written() {
        let mut state = 1;
        for width in 0..=32_u32 {
            for _ in 0..50 {
                let (mut values, mut bytes, mut again) = (Vec::new(), Vec::new(), Vec::new());
                for _ in 0..drawn(&mut state, 12) {
                    let value = u32::try_from(drawn(&mut state, 1 << 31) & ((1 << width.min(31)) - 1)).unwrap();
                    let count = if drawn(&mut state, 2) == 0 { 1 } else { drawn(&mut state, 40) };
                    values.extend((0..count).map(|_| value));
                }
                write(&values, width, &mut bytes);
                read(&bytes, width, values.len(), &mut again).unwrap();
                assert_eq!(again, values, "of {width} bits");
                assert!(values.is_empty() || read(&bytes, width, values.len() + 8, &mut again).is_none());
            }
        }
    }

    #[test]
    fn numbers_are_written_as_the_format_has_them() {
        let written = |values: &[u32], width| {
            let mut out = Vec::new();
            write(values, width, &mut out);
            out
        };
        // The example of the specification of the format.
        assert_eq!(written(&[0, 1, 2, 3, 4, 5, 6, 7], 3), [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        assert_eq!(written(&[300; 100], 9), [200, 1, 0x2C, 1]);
        assert_eq!(written(&[1; 7], 1), [3, 0x7F]);
    }

    #[test]
    fn damage_is_nothing_and_never_a_panic() {
        let mut state = 3;
        for _ in 0..20_000 {
            let length = drawn(&mut state, 9);
            let bytes: Vec<u8> = (0..length).map(|_| low_byte(drawn(&mut state, 256))).collect();
            let width = u32::try_from(drawn(&mut state, 40)).unwrap();
            assert!(read(&bytes, width, 100, &mut Vec::new()).is_none_or(|()| !bytes.is_empty()));
        }
    }
}
