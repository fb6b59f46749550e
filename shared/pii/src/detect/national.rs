//! National identity, tax and insurance numbers by their check digits.
//!
//! A check alone says little where one number in ten passes it: then a word beside it has to say the same.

use super::context::{Context, Topic};
use super::luhn::{is_repetition, number as value};
use super::number::Run;
use super::scanner::Pass;
use super::{Hit, PiiType, Why};

mod checks;

use checks::{aadhaar, ahv, bsn, cpf, my_number, nhs, nir, pesel, sin, steuer_id};

/// A kind of number: its country, digits, check, usual groups and how sure it is in them, alone and beside its words.
struct Scheme {
    country: &'static str,
    name: &'static str,
    digits: usize,
    holds: fn(&[u8]) -> bool,
    groups: &'static [usize],
    separators: &'static [u8],
    grouped: u8,
    plain: u8,
}

const SCHEMES: [Scheme; 10] = [
    Scheme {
        country: "GB",
        name: "NHS number",
        digits: 10,
        holds: nhs,
        groups: &[3, 3, 4],
        separators: b" -",
        grouped: 30,
        plain: 20,
    },
    Scheme {
        country: "CA",
        name: "social insurance number",
        digits: 9,
        holds: sin,
        groups: &[3, 3, 3],
        separators: b" -",
        grouped: 50,
        plain: 20,
    },
    Scheme {
        country: "NL",
        name: "citizen service number",
        digits: 9,
        holds: bsn,
        groups: &[4, 2, 3],
        separators: b". ",
        grouped: 50,
        plain: 20,
    },
    Scheme {
        country: "PL",
        name: "PESEL",
        digits: 11,
        holds: pesel,
        groups: &[11],
        separators: b"",
        grouped: 60,
        plain: 60,
    },
    Scheme {
        country: "BR",
        name: "CPF",
        digits: 11,
        holds: cpf,
        groups: &[3, 3, 3, 2],
        separators: b".-",
        grouped: 90,
        plain: 45,
    },
    Scheme {
        country: "IN",
        name: "Aadhaar number",
        digits: 12,
        holds: aadhaar,
        groups: &[4, 4, 4],
        separators: b" -",
        grouped: 65,
        plain: 30,
    },
    Scheme {
        country: "FR",
        name: "social security number",
        digits: 15,
        holds: nir,
        groups: &[1, 2, 2, 2, 3, 3, 2],
        separators: b" ",
        grouped: 92,
        plain: 80,
    },
    Scheme {
        country: "CH",
        name: "AHV number",
        digits: 13,
        holds: ahv,
        groups: &[3, 4, 4, 2],
        separators: b".",
        grouped: 95,
        plain: 80,
    },
    Scheme {
        country: "DE",
        name: "tax id",
        digits: 11,
        holds: steuer_id,
        groups: &[2, 3, 3, 3],
        separators: b" ",
        grouped: 70,
        plain: 35,
    },
    Scheme {
        country: "JP",
        name: "My Number",
        digits: 12,
        holds: my_number,
        groups: &[4, 4, 4],
        separators: b" -",
        grouped: 40,
        plain: 20,
    },
];

/// The national id at the start of the run that is most likely.
pub(crate) fn number(text: &[u8], run: &Run, context: &Context) -> Option<Hit> {
    if run.is_signed() || run.lead() < run.start() {
        return None;
    }
    let beside = context.speaks_of(Topic::NationalId);
    if !beside && context.speaks_of(Topic::Phone) {
        return None;
    }
    let best =
        SCHEMES.iter().filter_map(|scheme| fit(text, run, scheme, beside)).max_by_key(|(_, percent, _)| *percent)?;
    let (scheme, percent, end) = best;
    let why = Why::checked(scheme.name, "the check digit");
    let why = if beside { why.beside("identity numbers") } else { why };
    let lowered = if context.is_about_other_things() { 25 } else { 0 };
    let hit = Hit::new(PiiType::NationalId, run.start(), end, percent.saturating_sub(lowered), why);
    (hit.confidence.as_f64() >= 0.5).then(|| hit.of_country(scheme.country))
}

fn fit<'s>(text: &[u8], run: &Run, scheme: &'s Scheme, beside: bool) -> Option<(&'s Scheme, u8, usize)> {
    let grouped = run.has_lengths(scheme.groups) && separated(text, run, scheme);
    let count = if grouped { scheme.groups.len() } else { 1 };
    let alone = run.groups().len() == count || run.separator(text, count) == b" ";
    // Most schemes are left here, before any digit is read.
    if !alone || run.digit_count(count) != scheme.digits {
        return None;
    }
    let digits = run.digits(text, count);
    let digits = digits.as_slice();
    if is_repetition(digits) || !(scheme.holds)(digits) {
        return None;
    }
    let percent = match (beside, grouped) {
        (true, true) => 95,
        (true, false) => 85,
        (false, true) => scheme.grouped,
        (false, false) => scheme.plain,
    };
    Some((scheme, percent, run.end(count)))
}

fn separated(text: &[u8], run: &Run, scheme: &Scheme) -> bool {
    let single = |at: usize| {
        let separator = run.separator(text, at);
        separator.len() == 1 && scheme.separators.contains(&separator[0])
    };
    (1..scheme.groups.len()).all(single)
}

/// A social security number of the United States in its groups.
pub(crate) fn ssn(text: &[u8], run: &Run, context: &Context) -> Option<Hit> {
    if !run.has_lengths(&[3, 2, 4]) || !run.is_joined_by(text, 3, b"- ") || run.is_signed() {
        return None;
    }
    if !is_social_security(run.digits(text, 3).as_slice()) || run.groups().len() > 3 && run.separator(text, 3) != b" " {
        return None;
    }
    let beside = context.speaks_of(Topic::Ssn);
    let why = Why::checked("three, two and four digits", "the ranges issued");
    let (percent, why) = if beside { (95, why.beside("social security")) } else { (80, why) };
    let blanks = run.separator(text, 1) == b" " && !beside;
    let doubt = if blanks || context.is_about_other_things() { 25 } else { 0 };
    Some(Hit::new(PiiType::Ssn, run.start(), run.end(3), percent - doubt, why))
}

/// Ranges never issued, and two numbers known from advertisements, are none.
pub(crate) fn is_social_security(digits: &[u8]) -> bool {
    let (area, group, serial) = (value(&digits[..3]), value(&digits[3..5]), value(&digits[5..]));
    let published = matches!(value(digits), 78_051_120 | 219_099_999);
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0 && !published
}

/// Ids with letters that carry a check of their own.
pub(crate) fn lettered(pass: &Pass<'_>, start: usize, end: usize) -> Option<Hit> {
    let word = pass.text[start..end].to_ascii_uppercase();
    let (country, name, percent) = match word.len() {
        9 if is_spanish(&word) => ("ES", "identity number", 80),
        9 if is_insurance(&word) => ("GB", "national insurance number", 60),
        16 if is_fiscal_code(&word) => ("IT", "fiscal code", 92),
        _ => return None,
    };
    let why = Why::checked(name, "the check letter");
    Some(Hit::new(PiiType::NationalId, start, end, percent, why).of_country(country))
}

/// DNI and NIE: the letter is the remainder of 23.
fn is_spanish(word: &[u8]) -> bool {
    let first = match word[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        digit => digit,
    };
    let digits: Vec<u8> = std::iter::once(first).chain(word[1..8].iter().copied()).collect();
    let all = digits.iter().all(u8::is_ascii_digit) && word[8].is_ascii_alphabetic();
    let number = digits.iter().fold(0_usize, |sum, digit| sum * 10 + usize::from(digit & 15));
    all && b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == word[8]
}

/// Two letters, six digits and a letter from A to D, without the prefixes that are never issued.
fn is_insurance(word: &[u8]) -> bool {
    let letters = word[..2].iter().all(|letter| letter.is_ascii_alphabetic() && !b"DFIQUV".contains(letter));
    let issued = word[1] != b'O' && ![&b"BG"[..], b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&word[..2]);
    letters && issued && word[2..8].iter().all(u8::is_ascii_digit) && matches!(word[8], b'A'..=b'D')
}

/// Codice fiscale: letters for odd places count by a table of their own.
fn is_fiscal_code(word: &[u8]) -> bool {
    const ODD: [u8; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let letter = |at: usize| matches!(at, 0..=5 | 8 | 11 | 15);
    if !word
        .iter()
        .enumerate()
        .all(|(at, byte)| letter(at) == byte.is_ascii_alphabetic() && byte.is_ascii_alphanumeric())
    {
        return false;
    }
    let rank = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
    let sum: u32 = word[..15]
        .iter()
        .enumerate()
        .map(|(at, byte)| u32::from(if at.is_multiple_of(2) { ODD[usize::from(rank(*byte))] } else { rank(*byte) }))
        .sum();
    sum % 26 == u32::from(word[15] - b'A')
}

#[cfg(test)]
mod tests;
