//! Passwords, keys and tokens: by well-known prefixes, by their form, and by the name before them.

use super::bytes::{end_of, is_word, start_of};
use super::{Hit, PiiType, Why};

/// Prefix, fewest bytes behind it, and whose it is.
const PREFIXES: [(&[u8], usize, &str); 40] = [
    (b"AKIA", 16, "an AWS access key"),
    (b"ASIA", 16, "an AWS access key"),
    (b"AIza", 35, "a Google key"),
    (b"ya29.", 20, "a Google token"),
    (b"GOCSPX-", 20, "a Google client secret"),
    (b"ghp_", 36, "a GitHub token"),
    (b"gho_", 36, "a GitHub token"),
    (b"ghu_", 36, "a GitHub token"),
    (b"ghs_", 36, "a GitHub token"),
    (b"ghr_", 36, "a GitHub token"),
    (b"github_pat_", 22, "a GitHub token"),
    (b"glpat-", 20, "a GitLab token"),
    (b"xoxb-", 20, "a Slack token"),
    (b"xoxp-", 20, "a Slack token"),
    (b"xoxa-", 20, "a Slack token"),
    (b"xoxr-", 20, "a Slack token"),
    (b"xoxs-", 20, "a Slack token"),
    (b"xapp-", 20, "a Slack token"),
    (b"sk_live_", 16, "a Stripe key"),
    (b"sk_test_", 16, "a Stripe key"),
    (b"rk_live_", 16, "a Stripe key"),
    (b"pk_live_", 16, "a Stripe key"),
    (b"whsec_", 20, "a webhook secret"),
    (b"sk-ant-", 20, "a model provider's key"),
    (b"sk-proj-", 20, "a model provider's key"),
    (b"sk-", 32, "a model provider's key"),
    (b"hf_", 30, "a model hub's token"),
    (b"SG.", 40, "a SendGrid key"),
    (b"key-", 32, "a Mailgun key"),
    (b"npm_", 36, "an npm token"),
    (b"pypi-", 50, "a PyPI token"),
    (b"dop_v1_", 60, "a DigitalOcean token"),
    (b"shpat_", 32, "a Shopify token"),
    (b"shpss_", 32, "a Shopify secret"),
    (b"sq0csp-", 40, "a Square secret"),
    (b"EAAA", 60, "a Square token"),
    (b"hvs.", 24, "a Vault token"),
    (b"dckr_pat_", 20, "a Docker token"),
    (b"lin_api_", 30, "a Linear key"),
    (b"AGE-SECRET-KEY-", 50, "an age key"),
];
const LONGEST_HEAD: usize = 16;
const LONGEST_TOKEN: usize = 4096;

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=')
}

/// A token that the word at `word` is part of, told by its prefix or its form.
pub(crate) fn by_prefix(text: &[u8], word: usize) -> Option<Hit> {
    let joined = word > 0 && matches!(text[word - 1], b'-' | b'.');
    let start = if joined {
        start_of(text, word, LONGEST_HEAD, |byte| is_word(byte) || matches!(byte, b'-' | b'.'))
    } else {
        word
    };
    match text[start] {
        b'e' if text[start..].starts_with(b"eyJ") => web_token(text, start),
        b'M' => key_block(text, start).or_else(|| prefixed(text, start)),
        b'A' | b'G' | b'S' | b'E' | b'd' | b'g' | b'h' | b'k' | b'l' | b'n' | b'p' | b'r' | b's' | b'w' | b'x'
        | b'y' => prefixed(text, start),
        _ => None,
    }
}

fn prefixed(text: &[u8], start: usize) -> Option<Hit> {
    let rest = &text[start..];
    let (prefix, least, name) =
        PREFIXES.iter().find(|(prefix, _, _)| prefix[0] == rest[0] && rest.starts_with(prefix))?;
    let body = start + prefix.len();
    let mut end = end_of(text, body, |byte| is_word(byte) || matches!(byte, b'-' | b'.')).min(start + LONGEST_TOKEN);
    while end > body && matches!(text[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let varied = text[body..end].iter().any(u8::is_ascii_digit) || prefix.len() > 4;
    (end - body >= *least && varied)
        .then(|| Hit::new(PiiType::Secret, start, end, 92, Why::checked(name, "the prefix and length")))
}

/// A JSON web token (RFC 7519): three parts, the first two of which are objects.
fn web_token(text: &[u8], start: usize) -> Option<Hit> {
    let end = end_of(text, start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .min(start + LONGEST_TOKEN);
    let mut parts = text[start..end].split(|byte| *byte == b'.');
    let long = |part: Option<&[u8]>| part.is_some_and(|part| part.len() >= 8);
    let three = long(parts.next()) && long(parts.next()) && parts.next().is_some();
    three.then(|| Hit::new(PiiType::Secret, start, end, 95, Why::checked("a JSON web token", "its three parts")))
}

/// The body of a private key in PEM, up to its last line (RFC 7468).
fn key_block(text: &[u8], start: usize) -> Option<Hit> {
    let head = start_of(text, start, 4, |byte| byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'n' | b'r'));
    if !text[..head].ends_with(b"PRIVATE KEY-----") {
        return None;
    }
    let body = |byte: u8| is_token(byte) && byte != b'-' || byte.is_ascii_whitespace() || byte == b'\\';
    let mut end = end_of(text, start, body);
    while end > start && !text[end - 1].is_ascii_alphanumeric() && text[end - 1] != b'=' {
        end -= 1;
    }
    Some(Hit::new(PiiType::Secret, start, end, 97, Why::shape("the body of a private key")))
}

/// Names that a secret follows; each is looked for at the end of what stands before `:` or `=`.
const NAMES: [&[u8]; 18] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"pwd",
    b"secret",
    b"token",
    b"api_key",
    b"api-key",
    b"apikey",
    b"api key",
    b"access_key",
    b"private_key",
    b"secret_key",
    b"passwort",
    b"kennwort",
    b"wachtwoord",
    b"senha",
    b"mot de passe",
];

/// The value behind a secret's name and the `:` or `=` at `mark`.
pub(crate) fn after_name(text: &[u8], mark: usize) -> Option<Hit> {
    let name_end = start_of(text, mark, 4, |byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\'));
    if !matches!(text.get(name_end.checked_sub(1)?)? | 0x20, b'd' | b'e' | b't' | b'n' | b'y' | b'a') {
        return None;
    }
    let before = text[name_end.saturating_sub(12)..name_end].to_ascii_lowercase();
    if !NAMES.iter().any(|name| before.ends_with(name)) {
        return None;
    }
    let start = end_of(text, mark + 1, |byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b'>' | b'='));
    let end = value_end(text, mark, start);
    let value = &text[start..end];
    if value.len() < 4 || is_placeholder(value) || start - mark > 6 {
        return None;
    }
    Some(Hit::new(PiiType::Secret, start, end, 85, Why::shape("a value behind the name of a secret")))
}

/// Up to the closing quote if one opened before it, else to a blank or a separator; ends on a whole character.
fn value_end(text: &[u8], mark: usize, start: usize) -> usize {
    let opened = text[mark + 1..start].iter().rev().find(|byte| matches!(byte, b'"' | b'\''));
    let stops = |byte: u8| match opened {
        Some(quote) => byte == *quote || byte == b'\n',
        None => byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'&' | b'"' | b'\'' | b'}' | b')' | b']'),
    };
    let mut end = end_of(text, start, |byte| !stops(byte)).min(start + LONGEST_TOKEN);
    while end > start && text.get(end).is_some_and(|byte| matches!(byte, 0x80..=0xBF)) {
        end -= 1;
    }
    while end > start && matches!(text[end - 1], b'\\' | b'.' | b'!' | b'?') {
        end -= 1;
    }
    end
}

fn is_placeholder(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] =
        [b"null", b"none", b"true", b"false", b"undefined", b"required", b"expired", b"invalid", b"missing"];
    let lower = value.to_ascii_lowercase();
    WORDS.contains(&&lower[..])
        || value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'.'))
        || value.starts_with(b"***")
        || value.starts_with(b"[REDACTED")
        || value.starts_with(b"hash_")
}
