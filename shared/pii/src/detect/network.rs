//! Network addresses: IPv4, IPv6 (RFC 4291) and hardware addresses.

use std::net::Ipv6Addr;

use super::bytes::{HEX, class, end_of, start_of, word_at, word_before};
use super::number::Run;
use super::{Hit, PiiType, Why};

const LONGEST_IPV6: usize = 45;

const fn is_colon_hex(byte: u8) -> bool {
    class(byte) & HEX != 0 || byte == b':'
}

/// An IPv6 or hardware address around its first colon.
pub(crate) fn around_colon(text: &[u8], colon: usize) -> Option<Hit> {
    let start = start_of(text, colon, 4, |byte| class(byte) & HEX != 0);
    if word_before(text, start) || start > 0 && matches!(text[start - 1], b':' | b'-') {
        return None;
    }
    let start = if start < colon { start } else { colon };
    let mut end = end_of(text, colon, |byte| is_colon_hex(byte) || byte == b'.').min(start + LONGEST_IPV6);
    while end > start && matches!(text[end - 1], b'.')
        || text[start..end].ends_with(b":") && !text[start..end].ends_with(b"::")
    {
        end -= 1;
    }
    if word_at(text, end) {
        return None;
    }
    let found = &text[start..end];
    if is_mac(found, b':') {
        return Some(Hit::new(PiiType::MacAddress, start, end, 90, Why::shape("six pairs of hexadecimal digits")));
    }
    let colons = found.iter().filter(|byte| **byte == b':').count();
    let has_digit = found.iter().any(u8::is_ascii_digit);
    if colons < 2 || found.len() < 6 || !has_digit {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(found).ok()?.parse().ok()?;
    let percent = if address.is_loopback() || address.is_unspecified() { 30 } else { 90 };
    Some(Hit::new(PiiType::IpAddress, start, end, percent, Why::checked("IPv6 address", "the form of RFC 4291")))
}

/// Where a run of hexadecimal groups and colons ends, so that each is looked at once.
pub(crate) fn end_of_colons(text: &[u8], colon: usize) -> usize {
    let start = start_of(text, colon, 4, |byte| class(byte) & HEX != 0);
    let end = end_of(text, colon, is_colon_hex).min(colon + LONGEST_IPV6);
    let colons = text[start..end].iter().filter(|byte| **byte == b':').count();
    // Two colons and hexadecimal groups alone: a time or an id; its digits may still be part of something else.
    if colons >= 5 { end } else { colon + 1 }
}

fn is_mac(text: &[u8], separator: u8) -> bool {
    let paired = |(at, byte): (usize, &u8)| if at % 3 == 2 { *byte == separator } else { class(*byte) & HEX != 0 };
    let trivial = |byte: &u8| matches!(byte, b'0' | b':' | b'-');
    text.len() == 17 && text.iter().enumerate().all(paired) && !text.iter().all(trivial)
}

/// `00-1a-2b-3c-4d-5e`, from any of its pairs that holds a digit.
pub(crate) fn hyphenated_mac(text: &[u8], start: usize, end: usize) -> Option<Hit> {
    if end - start != 2 || class(text[start]) & class(text[start + 1]) & HEX == 0 {
        return None;
    }
    (0..6).filter_map(|pair| start.checked_sub(3 * pair)).find_map(|from| {
        let found = text.get(from..from + 17)?;
        let alone = !word_before(text, from) && !word_at(text, from + 17) && (from == 0 || text[from - 1] != b'-');
        let why = Why::shape("six pairs of hexadecimal digits");
        (alone && is_mac(found, b'-')).then(|| Hit::new(PiiType::MacAddress, from, from + 17, 85, why))
    })
}

/// An IPv4 address from the first four groups of a run.
pub(crate) fn ipv4(text: &[u8], run: &Run) -> Option<Hit> {
    let groups = run.groups();
    let four = groups.get(..4)?;
    let dotted = (1..4).all(|at| run.separator(text, at) == b".");
    let goes_on = groups.len() > 4 && run.separator(text, 4) == b".";
    if !dotted || goes_on || run.is_signed() {
        return None;
    }
    let octet = |group: &(usize, usize)| {
        let digits = &text[group.0..group.1];
        let value =
            digits.iter().fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        digits.len() <= 3 && value < 256 && (digits.len() == 1 || digits[0] != b'0')
    };
    if !four.iter().all(octet) {
        return None;
    }
    let (start, end) = (four[0].0, four[3].1);
    let local = text[start..end].starts_with(b"127.")
        || text[start..end].starts_with(b"0.")
        || text[start..end].starts_with(b"255.");
    let percent = if local { 40 } else { 80 };
    Some(Hit::new(PiiType::IpAddress, start, end, percent, Why::checked("four octets", "the range of each octet")))
}
