//! E-mail addresses: local part and domain around an at sign (RFC 5321 in its usual part, RFC 6531 letters).

use super::{Hit, PiiType, Why};

const LONGEST_LOCAL: usize = 64;

/// The address around the at sign, if it is one; nothing before `floor` belongs to it.
pub(crate) fn around(text: &[u8], at: usize, floor: usize) -> Option<Hit> {
    let start = local_start(text, at, floor.max(at.saturating_sub(LONGEST_LOCAL)))?;
    let end = domain_end(text, at + 1)?;
    // A masked address shows its last letter right behind an asterisk.
    if start > 0 && text[start - 1] == b'*' {
        return None;
    }
    let why = Why::checked("local part and domain", "the form of the domain");
    Some(Hit::new(PiiType::Email, start, end, 95, why))
}

fn local_start(text: &[u8], at: usize, floor: usize) -> Option<usize> {
    let mut start = at;
    while start > floor {
        let byte = text[start - 1];
        if is_local(byte) {
            start -= 1;
        } else if byte >= 0x80 {
            let Some(lead) = letter_before(text, start, floor) else { break };
            start = lead;
        } else {
            break;
        }
    }
    if start > 0 && start < at && text[start - 1] == b'\\' && matches!(text[start], b'n' | b'r' | b't') {
        start += 1;
    }
    while start < at && matches!(text[start], b'.' | b'\'' | b'-' | b'%' | b'+') {
        start += 1;
    }
    (start < at && text[at - 1] != b'.').then_some(start)
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

/// The lead byte of the two-byte letter (Latin, Greek, Cyrillic) that ends before `end`.
fn letter_before(text: &[u8], end: usize, floor: usize) -> Option<usize> {
    let lead = end.checked_sub(2).filter(|lead| *lead >= floor)?;
    is_letter_pair(text[lead], text[lead + 1]).then_some(lead)
}

const fn is_letter_pair(lead: u8, next: u8) -> bool {
    matches!(lead, 0xC3..=0xD4) && matches!(next, 0x80..=0xBF)
}

/// Where the domain ends: labels of letters and digits, the last one letters only.
fn domain_end(text: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    let (mut label, mut dots) = (start, 0);
    let mut best = None;
    loop {
        let byte = text.get(end).copied().unwrap_or(0);
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            end += 1;
            continue;
        }
        if end + 1 < text.len() && is_letter_pair(byte, text[end + 1]) {
            end += 2;
            continue;
        }
        let length = end - label;
        if length == 0 || length > 63 || text[label] == b'-' {
            return best;
        }
        if dots > 0 && length >= 2 && letters_or_puny(text, label, end) {
            best = Some(end);
        }
        if byte != b'.' {
            return best;
        }
        dots += 1;
        end += 1;
        label = end;
    }
}

fn letters_or_puny(text: &[u8], label: usize, end: usize) -> bool {
    let name = &text[label..end];
    name.starts_with(b"xn--") || name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
}
