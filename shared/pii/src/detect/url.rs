//! Web and service addresses; those with a user and a password in them count as secrets do.

use super::bytes::start_of;
use super::{Hit, PiiType, Why};

const SCHEMES: [&[u8]; 16] = [
    b"http",
    b"https",
    b"ftp",
    b"sftp",
    b"ssh",
    b"postgres",
    b"postgresql",
    b"mysql",
    b"mongodb",
    b"redis",
    b"rediss",
    b"amqp",
    b"amqps",
    b"ldap",
    b"ws",
    b"wss",
];
const LONGEST: usize = 2048;

/// The address around a colon, and where to go on: behind the host, so that path and query are looked at too.
pub(crate) fn around(text: &[u8], colon: usize) -> Option<(Hit, usize)> {
    if !text[colon..].starts_with(b"://") {
        return None;
    }
    let start = scheme_start(text, colon)?;
    let host = colon + 3;
    let end = trimmed_end(text, host);
    if end < host + 3 {
        return None;
    }
    let authority_end =
        text[host..end].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).map_or(end, |at| host + at);
    let authority = &text[host..authority_end];
    let sign = authority.iter().rposition(|byte| *byte == b'@');
    let secret = sign.is_some_and(|sign| authority[..sign].contains(&b':'));
    let (percent, why) = if secret {
        (95, Why::checked("address with user and password", "the scheme"))
    } else {
        (65, Why::checked("address", "the scheme"))
    };
    Some((Hit::new(PiiType::Url, start, end, percent, why), authority_end))
}

/// The longest known scheme before the colon; letters of an escape before it are left out.
fn scheme_start(text: &[u8], colon: usize) -> Option<usize> {
    let start = start_of(text, colon, 12, |byte| byte.is_ascii_alphabetic());
    let plain = text[start..colon].to_ascii_lowercase();
    let from = |name: &&&[u8]| {
        plain.len() == name.len() || plain.len() == name.len() + 1 && start > 0 && text[start - 1] == b'\\'
    };
    let name = SCHEMES.iter().filter(|name| plain.ends_with(name)).find(from)?;
    Some(colon - name.len())
}

/// `www.` and a domain without a scheme, from its first dot.
pub(crate) fn without_scheme(text: &[u8], dot: usize) -> Option<Hit> {
    let start = dot.checked_sub(3)?;
    let is_web = text[start..dot].eq_ignore_ascii_case(b"www");
    let glued =
        start > 0 && (text[start - 1].is_ascii_alphanumeric() || matches!(text[start - 1], b'.' | b'/' | b'-' | b'@'));
    if !is_web || glued {
        return None;
    }
    let end = trimmed_end(text, dot + 1);
    let named = text[dot + 1..end].contains(&b'.') && text[dot + 1].is_ascii_alphanumeric();
    named.then(|| Hit::new(PiiType::Url, start, end, 60, Why::shape("address that begins with www")))
}

fn trimmed_end(text: &[u8], from: usize) -> usize {
    let rest = &text[from..text.len().min(from + LONGEST)];
    let ends = |byte: &u8| {
        !byte.is_ascii_graphic()
            || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b'|' | b'{' | b'}' | b'^')
    };
    let mut end = from + rest.iter().position(ends).unwrap_or(rest.len());
    while end > from && matches!(text[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'*') {
        end -= 1;
    }
    end
}
