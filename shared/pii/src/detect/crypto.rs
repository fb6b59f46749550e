//! Addresses of crypto currencies: `Base58Check` and Bech32 by their checksums, Ethereum's by its form.

use sha2::{Digest as _, Sha256};

use super::bytes::word_before;
use super::{Hit, PiiType, Why};

/// The address the word is, if it is one.
pub(crate) fn at(text: &[u8], start: usize, end: usize) -> Option<Hit> {
    let word = &text[start..end];
    if word.len() < 26 || word.len() > 90 || word_before(text, start) {
        return None;
    }
    let (percent, why) = match word {
        [b'0', b'x', rest @ ..] if rest.len() == 40 && rest.iter().all(u8::is_ascii_hexdigit) => {
            (80, Why::shape("0x and forty hexadecimal digits"))
        }
        [b'b', b'c', b'1', ..] | [b't', b'b', b'1', ..] | [b'l', b't', b'c', b'1', ..] if bech32(word) => {
            (95, Why::checked("a Bech32 address", "the checksum"))
        }
        [b'1' | b'3' | b'L' | b'M' | b'D' | b'm' | b'n' | b'2', ..] if word.len() <= 35 && base58(word) => {
            (95, Why::checked("a Base58 address", "the checksum"))
        }
        _ => return None,
    };
    Some(Hit::new(PiiType::CryptoAddress, start, end, percent, why))
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Twenty-five bytes whose last four are the double hash of the others.
fn base58(word: &[u8]) -> bool {
    let mut bytes = [0_u8; 25];
    for letter in word {
        let Some(value) = BASE58.iter().position(|known| known == letter) else { return false };
        let mut carry = u32::try_from(value).unwrap_or(0);
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let sum = Sha256::digest(Sha256::digest(&bytes[..21]));
    sum[..4] == bytes[21..]
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// BIP 173 and BIP 350.
fn bech32(word: &[u8]) -> bool {
    let Some(split) = word.iter().rposition(|byte| *byte == b'1') else { return false };
    let (prefix, payload) = (&word[..split], &word[split + 1..]);
    let values = payload.iter().map(|byte| BECH32.iter().position(|known| known == byte));
    let Some(values) = values.collect::<Option<Vec<usize>>>() else { return false };
    let head = prefix
        .iter()
        .map(|byte| usize::from(byte >> 5))
        .chain([0])
        .chain(prefix.iter().map(|byte| usize::from(byte & 31)));
    let check = head.chain(values).fold(1_u32, polymod);
    matches!(check, 1 | 0x2bc8_30a3)
}

fn polymod(check: u32, value: usize) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = check >> 25;
    let next = (check & 0x01ff_ffff) << 5 ^ u32::try_from(value).unwrap_or(0);
    GENERATOR
        .iter()
        .enumerate()
        .fold(next, |next, (bit, generator)| if top >> bit & 1 == 1 { next ^ generator } else { next })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_address(word: &str) -> bool {
        at(word.as_bytes(), 0, word.len()).is_some()
    }

    #[test]
    fn published_addresses_are_found_and_mistyped_ones_are_not() {
        assert!(is_address("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
        assert!(is_address("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"));
        assert!(is_address("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(is_address("0x52908400098527886E0F7030069857D2E4169EE7"));
        assert!(!is_address("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
        assert!(!is_address("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
    }
}
