//! Check digits that several kinds of numbers share; each takes digits as values 0 to 9.

/// Digits of a number without its separators; more than 24 are cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    values: [u8; 24],
    length: usize,
}

impl Digits {
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut digits = Self { values: [0; 24], length: 0 };
        for byte in text.iter().filter(|byte| byte.is_ascii_digit()) {
            if digits.length == digits.values.len() {
                break;
            }
            digits.values[digits.length] = byte - b'0';
            digits.length += 1;
        }
        digits
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.values[..self.length]
    }
}

/// The number the digits spell; callers pass at most 15 digits.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(*digit)))
}

/// Sum of digits times weights.
pub(crate) fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * u32::from(*weight)).sum()
}

/// ISO/IEC 7812-1, Annex B.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let double = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(if at.is_multiple_of(2) { *digit } else { double(*digit) }))
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

/// Verhoeff's check over the dihedral group of order ten.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let check = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |check, (at, digit)| product(check, PERMUTED[at % 8][usize::from(*digit)]));
    check == 0
}

/// Whether all digits are the same, as in numbers that stand for no number.
pub(crate) fn is_repetition(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

/// ISO 7064 MOD 97-10 over letters and digits in the order given; letters count 10 to 35.
pub(crate) fn mod_97(text: impl Iterator<Item = u8>) -> Option<u32> {
    text.filter(|byte| *byte != b' ').try_fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A' + 10)) % 97),
        b'a'..=b'z' => Some((rest * 100 + u32::from(byte - b'a' + 10)) % 97),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        Digits::of(text.as_bytes()).as_slice().to_vec()
    }

    #[test]
    fn published_numbers_pass_and_neighbours_fail() {
        assert!(luhn(&digits("4111111111111111")) && !luhn(&digits("4111111111111112")));
        assert!(verhoeff(&digits("2363")) && !verhoeff(&digits("2364")));
        assert_eq!(mod_97(b"3214282912345698765432161182".iter().copied()), Some(1));
    }

    #[test]
    fn verhoeff_catches_every_single_error_and_neighbour_swap() {
        let valid = digits("234567890124");
        assert!(verhoeff(&valid));
        for at in 0..valid.len() {
            let mut wrong = valid.clone();
            wrong[at] = (wrong[at] + 3) % 10;
            assert!(!verhoeff(&wrong));
        }
    }
}
