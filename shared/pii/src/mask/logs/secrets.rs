//! Finds a secret's name followed by a value, and tokens that need no name.

use std::ops::Range;

use super::Span;

const NAMES: [&str; 8] = ["password", "passwd", "token", "api_key", "api-key", "apikey", "secret", "private_key"];
const MASK: &str = "********";

/// Every value of a secret, without its name and its quotes.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let found = if text.is_char_boundary(at) { find(text, at) } else { None };
        match found {
            Some(range) => {
                at = range.end;
                spans.push(Span { range, mask: MASK });
            }
            None => at += 1,
        }
    }
    spans
}

fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let range = named(&text[at..]).or_else(|| bearer(text, at)).or_else(|| web_token(text, at))?;
    Some(range.start + at..range.end + at)
}

/// Whether the text holds the name of a secret at all.
pub(super) fn names_any(text: &str) -> bool {
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|at| {
        name_length(&bytes[at..]).is_some() || starts_with(&bytes[at..], "bearer") || starts_with(&bytes[at..], "eyj")
    })
}

fn starts_with(bytes: &[u8], name: &str) -> bool {
    bytes.len() >= name.len() && bytes[..name.len()].eq_ignore_ascii_case(name.as_bytes())
}

fn name_length(bytes: &[u8]) -> Option<usize> {
    NAMES.iter().find(|name| starts_with(bytes, name)).map(|name| name.len())
}

/// `password=…`, `"token": "…"`, `\"secret\":\"…\"`, `api_key => …`, also with more letters after the name.
fn named(rest: &str) -> Option<Range<usize>> {
    let bytes = rest.as_bytes();
    let mut at = name_length(bytes)?;
    while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        at += 1;
    }
    at = skip(bytes, at, |b| is_quote(b) || b == b']' || b == b')');
    at = skip(bytes, at, is_blank);
    let separator = at;
    at = skip(bytes, at, |b| matches!(b, b':' | b'='));
    if at == separator {
        return None;
    }
    at = skip(bytes, at, |b| is_blank(b) || b == b'>');
    let start = at;
    let end = start + value_length(&rest[start..]);
    let empty = rest[start..end].chars().all(|c| c == '"' || c == '\'' || c == '\\');
    if empty {
        return None;
    }
    let opening = skip(bytes, start, is_quote);
    let closing = end - bytes[opening..end].iter().rev().take_while(|b| is_quote(**b)).count();
    Some(opening..closing)
}

fn skip(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|byte| wanted(**byte)).count()
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The length of the value that starts here: a quoted text, a bracketed list or a run up to a blank or a separator.
fn value_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let quotes = skip(bytes, 0, is_quote);
    match bytes.get(quotes.saturating_sub(1)) {
        Some(quote @ (b'"' | b'\'')) if quotes > 0 => quoted_length(bytes, quotes, *quote),
        Some(b'[' | b'{') => bracketed_length(bytes),
        Some(_) | None => run_length(bytes),
    }
}

fn quoted_length(bytes: &[u8], opening: usize, quote: u8) -> usize {
    // `\"` opens a text that `\"` closes; `"` opens one in which `\"` is part of the text.
    let depth = opening - 1;
    let mut slashes = 0;
    for (at, byte) in bytes.iter().enumerate().skip(opening) {
        if *byte == b'\\' {
            slashes += 1;
            continue;
        }
        if *byte == quote && slashes <= depth {
            return at + 1;
        }
        slashes = 0;
    }
    bytes.len()
}

fn bracketed_length(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

fn run_length(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b',' | b';' | b'&' | b'}' | b']' | b')' | b'"')
        })
        .count()
}

/// `Bearer …`.
fn bearer(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    if !starts_with(bytes, "bearer") || !begins_word(text, at) {
        return None;
    }
    let start = skip(bytes, 6, is_blank);
    let length = bytes[start..].iter().take_while(|b| is_token_byte(**b)).count();
    (start > 6 && length >= 16).then_some(start..start + length)
}

/// A JSON web token: three parts of which the first is an object.
fn web_token(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = &text.as_bytes()[at..];
    if !bytes.starts_with(b"eyJ") || !begins_word(text, at) {
        return None;
    }
    let length = bytes.iter().take_while(|b| is_token_byte(**b)).count();
    let dots = bytes[..length].iter().filter(|b| **b == b'.').count();
    (dots >= 2).then_some(0..length)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

fn begins_word(text: &str, at: usize) -> bool {
    at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric()
}
