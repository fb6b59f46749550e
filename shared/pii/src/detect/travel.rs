//! Machine-readable zones of travel documents (ICAO 9303), told by their check digits.

use super::bytes::start_of;
use super::{Hit, PiiType, Why};

const fn is_zone(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<'
}

/// Where number, birth and expiry stand in the second line of each form, each followed by its check digit.
const FIELDS: [(usize, &[(usize, usize)]); 2] =
    [(44, &[(0, 9), (13, 19), (21, 27)]), (36, &[(0, 9), (13, 19), (21, 27)])];

/// The line of a zone around its first filler.
pub(crate) fn zone(text: &[u8], at: usize) -> Option<Hit> {
    let start = start_of(text, at, 44, is_zone);
    let end = super::bytes::end_of(text, at, is_zone);
    let line = &text[start..end];
    let is_first = matches!(line, [b'P', _, issuer @ ..] if matches!(line.len(), 44 | 36) && issuer.iter().take(3).all(|byte| !byte.is_ascii_digit()));
    let checked = FIELDS.iter().any(|(length, fields)| {
        line.len() == *length && fields.iter().all(|(from, to)| check_digit(&line[*from..*to]) == line[*to])
    }) || line.len() == 30 && check_digit(&line[5..14]) == line[14];
    match (checked, is_first) {
        (true, _) => {
            let why = Why::checked("a line of a travel document", "each check digit");
            Some(Hit::new(PiiType::Passport, start, end, 95, why))
        }
        (false, true) => Some(Hit::new(PiiType::Passport, start, end, 80, Why::shape("the name line of a passport"))),
        (false, false) => None,
    }
}

fn check_digit(field: &[u8]) -> u8 {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let sum: u32 = field.iter().zip([7, 3, 1].iter().cycle()).map(|(byte, weight)| value(*byte) * weight).sum();
    b'0' + u8::try_from(sum % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_of_the_standard_is_found() {
        let text = b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        assert_eq!(zone(text, 1).map(|hit| (hit.start, hit.end)), Some((0, 44)));
        let second = text.len() - 4;
        assert_eq!(zone(text, second).map(|hit| (hit.start, hit.end)), Some((45, 89)));
        let mut wrong = text.to_vec();
        wrong[45] = b'M';
        assert_eq!(zone(&wrong, second), None);
    }
}
