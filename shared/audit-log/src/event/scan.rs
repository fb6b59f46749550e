//! Reads a leaf in one pass without building anything: members in canonical order, canonical strings and numbers, nothing else.

/// The bytes are not an event in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event in canonical form")]
pub struct EventFormError;

/// What a verifier looks at in an event; the texts as they stand in the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventView<'a> {
    /// When, RFC 3339 in UTC.
    pub at: &'a str,
    /// The kind of event.
    pub event_type: &'a str,
    /// The event's id.
    pub id: &'a str,
    /// The tenant.
    pub tenant: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Text,
    Number,
    Counts,
}

struct Member {
    /// The name with what precedes it.
    head: &'static [u8],
    kind: Kind,
    needed: bool,
}

const fn needed(head: &'static str, kind: Kind) -> Member {
    Member { head: head.as_bytes(), kind, needed: true }
}

const fn optional(head: &'static str, kind: Kind) -> Member {
    Member { head: head.as_bytes(), kind, needed: false }
}

const AT: usize = 2;
const EVENT_TYPE: usize = 5;
const ID: usize = 7;
const TENANT: usize = 19;

/// All members of version 1, in canonical order (RFC 8785, 3.2.3).
const MEMBERS: [Member; 24] = [
    needed("{\"action\":", Kind::Word),
    needed(",\"actor\":", Kind::Word),
    needed(",\"at\":", Kind::Word),
    optional(",\"control_id\":", Kind::Text),
    optional(",\"counts\":", Kind::Counts),
    needed(",\"event_type\":", Kind::Word),
    optional(",\"from\":", Kind::Text),
    needed(",\"id\":", Kind::Word),
    optional(",\"ip_hash\":", Kind::Text),
    optional(",\"item\":", Kind::Text),
    optional(",\"job\":", Kind::Word),
    needed(",\"level\":", Kind::Word),
    needed(",\"outcome\":", Kind::Word),
    optional(",\"pseudonym\":", Kind::Text),
    optional(",\"reason\":", Kind::Text),
    optional(",\"request_id\":", Kind::Text),
    needed(",\"resource_type\":", Kind::Text),
    optional(",\"role\":", Kind::Word),
    optional(",\"sealed\":", Kind::Word),
    needed(",\"tenant\":", Kind::Word),
    optional(",\"to\":", Kind::Text),
    optional(",\"user_agent_family\":", Kind::Text),
    needed(",\"v\":", Kind::Number),
    optional(",\"version\":", Kind::Number),
];

/// JSON integers above this are not exact (RFC 8785, 3.2.2.3).
const LARGEST: u64 = (1 << 53) - 1;

impl<'a> EventView<'a> {
    /// Reads a leaf; accepts only the one form that `LogEvent::leaf` writes.
    ///
    /// # Errors
    /// The bytes are anything else.
    pub fn read(leaf: &'a [u8]) -> Result<Self, EventFormError> {
        let text = std::str::from_utf8(leaf).map_err(|_| EventFormError)?;
        let mut view = Self::default();
        let mut at = 0;
        for (place, member) in MEMBERS.iter().enumerate() {
            let Some(value) = leaf[at..].strip_prefix(member.head) else {
                if member.needed {
                    return Err(EventFormError);
                }
                continue;
            };
            let length = match member.kind {
                Kind::Word => word(value)?,
                Kind::Text => string(value)?,
                Kind::Number => number(value)?.0,
                Kind::Counts => counts(value)?,
            };
            let from = at + member.head.len();
            at = from + length;
            let inner = || &text[from + 1..at - 1];
            match place {
                AT => view.at = inner(),
                EVENT_TYPE => view.event_type = inner(),
                ID => view.id = inner(),
                TENANT => view.tenant = inner(),
                _ => {}
            }
        }
        if &leaf[at..] == b"}" { Ok(view) } else { Err(EventFormError) }
    }
}

/// What a byte may be: in a word, in a text, or neither.
const WORD: u8 = 2;
const TEXT: u8 = 1;
const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut this = 0x20_u8;
    loop {
        let is_word = this.is_ascii_alphanumeric() || matches!(this, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
        table[this as usize] = match this {
            b'"' | b'\\' => 0,
            _ if is_word => WORD,
            _ => TEXT,
        };
        if this == u8::MAX {
            return table;
        }
        this += 1;
    }
}

/// A quoted word of letters, digits and `-_.:/+=`; its length with the quotes.
fn word(value: &[u8]) -> Result<usize, EventFormError> {
    let Some((b'"', rest)) = value.split_first() else { return Err(EventFormError) };
    match rest.iter().position(|byte| CLASS[usize::from(*byte)] != WORD) {
        Some(end) if rest[end] == b'"' && end > 0 => Ok(end + 2),
        Some(_) | None => Err(EventFormError),
    }
}

/// A quoted text with canonical escapes only; its length with the quotes.
fn string(value: &[u8]) -> Result<usize, EventFormError> {
    let Some((b'"', rest)) = value.split_first() else { return Err(EventFormError) };
    let mut at = 0;
    loop {
        at += rest[at..].iter().position(|byte| CLASS[usize::from(*byte)] == 0).ok_or(EventFormError)?;
        match rest[at..] {
            [b'"', ..] => return Ok(at + 2),
            [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
            [b'\\', b'u', b'0', b'0', high, low, ..] if is_control(high, low) => at += 6,
            _ => return Err(EventFormError),
        }
    }
}

/// Whether `\u00hl` is the canonical escape of a control character: lower case, and none that has a short form.
fn is_control(high: u8, low: u8) -> bool {
    match high {
        b'0' => matches!(low, b'0'..=b'7' | b'b' | b'e' | b'f'),
        b'1' => matches!(low, b'0'..=b'9' | b'a'..=b'f'),
        _ => false,
    }
}

/// A whole number below 2^53 without leading zeros: its length and value.
fn number(value: &[u8]) -> Result<(usize, u64), EventFormError> {
    let length = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    if length == 0 || length > 16 || (length > 1 && value[0] == b'0') {
        return Err(EventFormError);
    }
    let number = value[..length].iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    if number <= LARGEST { Ok((length, number)) } else { Err(EventFormError) }
}

/// An object of words and numbers, the words ascending; its length.
fn counts(value: &[u8]) -> Result<usize, EventFormError> {
    let mut at = 0;
    let mut before: &[u8] = &[];
    loop {
        let opening = if at == 0 { b'{' } else { b',' };
        if value.get(at) != Some(&opening) {
            return Err(EventFormError);
        }
        let length = word(&value[at + 1..])?;
        let name = &value[at + 2..at + length];
        if name <= before {
            return Err(EventFormError);
        }
        before = name;
        at += 1 + length;
        if value.get(at) != Some(&b':') {
            return Err(EventFormError);
        }
        at += 1 + number(&value[at + 1..])?.0;
        if value.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
    }
}
