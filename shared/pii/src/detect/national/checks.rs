//! The check digits of the national numbers, one rule each; callers pass exactly the digits of the number.

use crate::detect::luhn::{luhn, number as value, verhoeff, weighted};

pub(super) fn nhs(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    check != 10 && check % 11 == u32::from(digits[9])
}

pub(super) fn sin(digits: &[u8]) -> bool {
    digits[0] != 8 && luhn(digits)
}

pub(super) fn bsn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum % 11 == u32::from(digits[8]) && value(digits) > 9_999_999
}

pub(super) fn pesel(digits: &[u8]) -> bool {
    let (month, day) = (value(&digits[2..4]) % 20, value(&digits[4..6]));
    let check = (10 - weighted(&digits[..10], &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
    (1..=12).contains(&month) && (1..=31).contains(&day) && check == u32::from(digits[10])
}

pub(super) fn cpf(digits: &[u8]) -> bool {
    let check = |count: usize| {
        let weights: Vec<u8> = (2..=11).rev().skip(10 - count).collect();
        let rest = weighted(&digits[..count], &weights) * 10 % 11;
        rest % 10 == u32::from(digits[count])
    };
    check(9) && check(10)
}

pub(super) fn aadhaar(digits: &[u8]) -> bool {
    digits[0] > 1 && verhoeff(digits)
}

/// The key is 97 less the remainder of 97.
pub(super) fn nir(digits: &[u8]) -> bool {
    let month = value(&digits[3..5]);
    let plausible = matches!(digits[0], 1 | 2) && (matches!(month, 1..=12 | 20..=42) || month >= 50);
    plausible && 97 - value(&digits[..13]) % 97 == value(&digits[13..])
}

pub(super) fn ahv(digits: &[u8]) -> bool {
    let sum = weighted(&digits[..12], &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    digits.starts_with(&[7, 5, 6]) && (10 - sum % 10) % 10 == u32::from(digits[12])
}

/// One digit stands two or three times among the first ten, and ISO 7064 MOD 11,10 holds.
pub(super) fn steuer_id(digits: &[u8]) -> bool {
    let mut seen = [0_u8; 10];
    digits[..10].iter().for_each(|digit| seen[usize::from(*digit)] += 1);
    let repeated = seen.iter().filter(|times| **times > 1).count() == 1 && seen.iter().all(|times| *times < 4);
    let product = digits[..10].iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    digits[0] != 0 && repeated && (11 - product) % 10 == u32::from(digits[10])
}

pub(super) fn my_number(digits: &[u8]) -> bool {
    let rest = weighted(&digits[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    check == u32::from(digits[11])
}
