//! Payment cards (ISO/IEC 7812) and account numbers (ISO 13616, the routing numbers of the United States).

use super::context::{Context, Topic};
use super::luhn::{is_repetition, luhn, mod_97, number, weighted};
use super::number::Run;
use super::{Hit, PiiType, Why};

const CARD_LENGTHS: std::ops::RangeInclusive<usize> = 12..=19;
/// How cards are grouped on the plastic.
const CARD_GROUPS: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[4, 4, 4, 1]];

/// A card number at the start of the run.
pub(crate) fn card(text: &[u8], run: &Run, context: &Context) -> Option<Hit> {
    if run.is_signed() {
        return None;
    }
    let grouped = CARD_GROUPS.into_iter().filter(|lengths| run.has_lengths(lengths)).map(<[usize]>::len).max();
    let count = grouped.filter(|count| run.is_joined_by(text, *count, b" -")).unwrap_or(1);
    let digits = run.digits(text, count);
    let digits = digits.as_slice();
    let single = count == 1;
    if !CARD_LENGTHS.contains(&digits.len()) || is_repetition(digits) || single && continues(text, run) {
        return None;
    }
    let brand = brand(digits);
    let near = context.speaks_of(Topic::Card);
    let percent = percent(digits.len(), brand.is_some(), luhn(digits), near)?;
    let percent =
        if near { (percent + 5).min(97) } else { percent - if context.is_about_other_things() { 25 } else { 0 } };
    let shape = brand.unwrap_or("a card number");
    let why = if luhn(digits) { Why::checked(shape, "the Luhn digit") } else { Why::shape(shape) };
    let why = if near { why.beside("cards") } else { why };
    Some(Hit::new(PiiType::CreditCard, run.start(), run.end(count), percent, why))
}

/// Whether one group of many is looked at alone though the others belong to it.
fn continues(text: &[u8], run: &Run) -> bool {
    run.groups().len() > 1 && run.separator(text, 1) != b" "
}

/// Baselines: 0.9 where the Luhn digit holds, 0.6 where it fails (V9); short numbers need a word for cards beside them.
fn percent(length: usize, branded: bool, valid: bool, near: bool) -> Option<u8> {
    match (branded, valid) {
        (true, true) if length >= 14 => Some(90),
        (true, true) => Some(if near {
            85
        } else if length == 13 {
            55
        } else {
            40
        }),
        (true, false) if length >= 15 => Some(60),
        (false, true) if near => Some(65),
        _ => None,
    }
}

/// The brand whose ranges and lengths fit.
fn brand(digits: &[u8]) -> Option<&'static str> {
    let length = digits.len();
    let head = |size: usize| u16::try_from(number(&digits[..size])).unwrap_or(u16::MAX);
    let (one, two, three, four) = (head(1), head(2), head(3), head(4));
    let long = (16..=19).contains(&length);
    match () {
        () if one == 4 && matches!(length, 13 | 16 | 19) => Some("a Visa number"),
        () if ((51..=55).contains(&two) || (2221..=2720).contains(&four)) && length == 16 => {
            Some("a Mastercard number")
        }
        () if matches!(two, 34 | 37) && length == 15 => Some("an American Express number"),
        () if (matches!(two, 36 | 38 | 39) || (300..=309).contains(&three)) && matches!(length, 14 | 16) => {
            Some("a Diners Club number")
        }
        () if (four == 6011 || two == 65 || (644..=649).contains(&three)) && long => Some("a Discover number"),
        () if ((3528..=3589).contains(&four) && long) || (matches!(four, 1800 | 2131) && length == 15) => {
            Some("a JCB number")
        }
        () if two == 62 && long => Some("a UnionPay number"),
        () if (2200..=2204).contains(&four) && length == 16 => Some("a Mir number"),
        () if matches!(two, 50 | 56 | 57 | 58 | 60 | 61 | 63 | 66 | 67 | 68 | 69) => Some("a Maestro number"),
        () => None,
    }
}

/// Countries of the IBAN registry and the length of their numbers.
const IBAN_LENGTHS: [(&[u8; 2], usize); 79] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"SD", 18),
];

/// An IBAN that starts with the word at `start`, in one piece or in groups of four.
pub(crate) fn iban(text: &[u8], start: usize) -> Option<Hit> {
    let head = text.get(start..start + 4)?;
    let upper = head[..2].to_ascii_uppercase();
    if !head[..2].iter().all(u8::is_ascii_alphabetic) || !head[2..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (_, length) = IBAN_LENGTHS.iter().find(|(country, _)| country[..] == upper[..])?;
    let end = end_of_grouped(text, start, *length)?;
    let found = &text[start..end];
    let rest = mod_97(found[4..].iter().chain(&found[..4]).copied())?;
    let why = Why::checked("country, check digits and account", "the remainder of 97");
    (rest == 1).then(|| Hit::new(PiiType::Iban, start, end, 95, why))
}

fn end_of_grouped(text: &[u8], start: usize, length: usize) -> Option<usize> {
    let (mut at, mut read) = (start, 0);
    while read < length {
        let byte = *text.get(at)?;
        if byte.is_ascii_alphanumeric() {
            read += 1;
        } else if !(matches!(byte, b' ' | b'-') && text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)) {
            return None;
        }
        at += 1;
    }
    (!text.get(at).is_some_and(u8::is_ascii_alphanumeric)).then_some(at)
}

/// The check of the routing numbers of the United States (ABA).
pub(crate) fn is_routing_number(digits: &[u8]) -> bool {
    let district = digits.len() == 9 && matches!(number(&digits[..2]), 1..=12 | 21..=32 | 61..=72 | 80);
    district && weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}
