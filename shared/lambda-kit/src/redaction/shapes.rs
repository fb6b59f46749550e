//! Finds values by their shape: payment cards, social security numbers, e-mail addresses, telephone numbers.

use super::Found;

const CARD: &str = "************";
const EMAIL: &str = "[email]";
const PHONE: &str = "[phone]";

/// The shape that starts (or, for an e-mail address, has its at sign) at `at`, if one does.
pub(super) fn find(text: &str, at: usize) -> Option<Found<'_>> {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'@' => email(text, at, 1),
        b'%' if text[at..].starts_with("%40") => email(text, at, 3),
        b'0'..=b'9' | b'+' | b'(' => number(bytes, at),
        _ => None,
    }
}

fn email(text: &str, at: usize, sign: usize) -> Option<Found<'_>> {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let back: usize = text[..at].chars().rev().take_while(|c| is_local(*c)).map(char::len_utf8).sum();
    let forward: usize = text[at + sign..].chars().take_while(|c| is_domain(*c)).map(char::len_utf8).sum();
    // The part before may be masked by name already: it is then shorter in what was written than in the text.
    let written_as_read = !text[at - back..at].contains(|c: char| c.is_ascii_digit() || c == '=' || c == '*');
    let back = if written_as_read { back } else { local_tail(&text[..at]) };
    (back > 0 && forward > 0).then_some(Found { back, length: sign + forward, kept: "", mask: EMAIL })
}

fn local_tail(before: &str) -> usize {
    before.chars().rev().take_while(|c| c.is_alphanumeric() || "._-+".contains(*c)).map(char::len_utf8).sum()
}
