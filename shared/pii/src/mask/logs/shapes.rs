//! Finds values by their shape: payment cards, social security numbers, e-mail addresses, telephone numbers.

use std::ops::Range;

use super::Span;

const CARD: &str = "************";
const EMAIL: &str = "[email]";
const PHONE: &str = "[phone]";

/// Every e-mail address, also with its at sign written as `%40`.
pub(super) fn emails(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| matches!(c, '@' | '%')) {
        let sign = if text[at..].starts_with('@') {
            1
        } else if text[at..].starts_with("%40") {
            3
        } else {
            continue;
        };
        let from = spans.last().map_or(0, |span| span.range.end);
        if at < from {
            continue;
        }
        let (back, forward) = (local_length(&text[from..at]), domain_length(&text[at + sign..]));
        if back > 0 && forward > 0 {
            spans.push(Span { range: at - back..at + sign + forward, mask: EMAIL });
        }
    }
    spans
}

fn local_length(before: &str) -> usize {
    let is_local = |c: &char| c.is_alphanumeric() || "!#$&*+-^_`|~.%".contains(*c);
    before.chars().rev().take_while(is_local).map(char::len_utf8).sum()
}

fn domain_length(after: &str) -> usize {
    after.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-')).map(char::len_utf8).sum()
}

/// Every card, social security number and telephone number.
pub(super) fn numbers(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if is_uuid(&bytes[at..]) && !continues_word(bytes, at) {
            at += UUID_LENGTH;
            continue;
        }
        let starts = matches!(bytes[at], b'0'..=b'9' | b'+' | b'(') && !continues_word(bytes, at);
        match starts.then(|| number_at(bytes, at)).flatten() {
            Some((end, mask)) => {
                spans.push(Span { range: at..end, mask });
                at = end;
            }
            // A run of digits is looked at once, from its start.
            None if bytes[at].is_ascii_alphanumeric() => at += word_length(&bytes[at..]),
            None => at += 1,
        }
    }
    spans
}

const UUID_LENGTH: usize = 36;

/// Ids of requests and messages are no telephone numbers (RFC 9562 section 4).
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() >= UUID_LENGTH
        && bytes[..UUID_LENGTH].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn continues_word(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| bytes[at]) else { return false };
    let decimal = before == b'.' && at >= 2 && bytes[at - 2].is_ascii_digit();
    before.is_ascii_alphanumeric() || before == b'_' || decimal
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

fn number_at(bytes: &[u8], at: usize) -> Option<(usize, &'static str)> {
    let international = bytes[at] == b'+';
    let bracketed = bytes[at] == b'(';
    // Longest reading first: `4111 1111 1111 1111 2` is a card followed by a number.
    for end in ends(bytes, at).into_iter().rev() {
        let text = &bytes[at..end];
        let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
        if international {
            if (7..=15).contains(&digits.len()) {
                return Some((end, PHONE));
            }
        } else if !bracketed && is_card(text, &digits) || is_social_security(text) {
            return Some((end, CARD));
        } else if is_national_phone(text, &digits) {
            return Some((end, PHONE));
        }
    }
    None
}

/// Where a number that starts at `at` may end: after each group of digits that no letter follows.
fn ends(bytes: &[u8], at: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut digits = 0;
    let mut gap = 0;
    for (position, byte) in bytes.iter().enumerate().skip(at) {
        if byte.is_ascii_digit() {
            digits += 1;
            gap = 0;
            let next = bytes.get(position + 1);
            if !next.is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_') {
                ends.push(position + 1);
            }
        } else if position == at || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/') && gap < 2 {
            gap += 1;
        } else {
            break;
        }
        if digits > 19 {
            break;
        }
    }
    ends
}

fn is_card(text: &[u8], digits: &[u8]) -> bool {
    let plain = text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'));
    let single = text.windows(2).all(|pair| pair.iter().any(u8::is_ascii_digit));
    plain
        && single
        && (digits.len() == 16 && groups(text, &[4, 4, 4, 4]) || (14..=19).contains(&digits.len()) && luhn(digits))
}

/// Whether the digits stand in these groups, or in one.
fn groups(text: &[u8], sizes: &[usize]) -> bool {
    let found: Vec<usize> = text.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).collect();
    found == sizes || found.len() == 1
}

/// ISO/IEC 7812-1, Annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            if at.is_multiple_of(2) {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != b'0')
}

fn is_social_security(text: &[u8]) -> bool {
    let separated = text.len() == 11 && text[3] == text[6] && matches!(text[3], b'-' | b' ');
    separated && [0..3, 4..6, 7..11].into_iter().all(|group: Range<usize>| text[group].iter().all(u8::is_ascii_digit))
}

/// `(415) 555-0100`, `415-555-0100`, `415.555.0100`, and with a leading zero `030 / 1234567`.
fn is_national_phone(text: &[u8], digits: &[u8]) -> bool {
    let found: Vec<usize> =
        text.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).filter(|length| *length > 0).collect();
    let american = found == [3, 3, 4] && !text.contains(&b'/');
    let trunk = digits.first() == Some(&b'0')
        && (9..=13).contains(&digits.len())
        && (2..=4).contains(&found.len())
        && (3..=6).contains(&found[0])
        && !text.contains(&b'.');
    american || trunk
}
