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

/// JSON integers above this are not exact (RFC 8785, 3.2.2.3).
const LARGEST: u64 = (1 << 53) - 1;

impl<'a> EventView<'a> {
    /// Reads a leaf: all members of version 1 in canonical order (RFC 8785, 3.2.3), each in canonical form.
    ///
    /// # Errors
    /// The bytes are anything else.
    #[rustfmt::skip] // one member a line
    pub fn read(leaf: &'a [u8]) -> Result<Self, EventFormError> {
        let text = std::str::from_utf8(leaf).map_err(|_| EventFormError)?;
        // Nearly all leaves hold neither escapes nor control characters: their texts end at the next quote.
        let is_plain = !leaf.iter().fold(false, |found, byte| found | (*byte == b'\\') | (*byte < 0x20));
        let mut scan = Scan { text, leaf, at: 0, is_plain };
        let mut view = Self::default();
        scan.text(b"{\"action\":")?;
        scan.text(b",\"actor\":")?;
        view.at = scan.text(b",\"at\":")?;
        scan.optional_text(b",\"control_id\":")?;
        scan.optional_counts(b",\"counts\":")?;
        view.event_type = scan.text(b",\"event_type\":")?;
        scan.optional_text(b",\"from\":")?;
        view.id = scan.text(b",\"id\":")?;
        scan.optional_text(b",\"ip_hash\":")?;
        scan.optional_text(b",\"item\":")?;
        scan.optional_text(b",\"job\":")?;
        scan.text(b",\"level\":")?;
        scan.optional_text(b",\"organization_id\":")?;
        scan.text(b",\"outcome\":")?;
        scan.optional_text(b",\"pseudonym\":")?;
        scan.optional_text(b",\"reason\":")?;
        scan.optional_text(b",\"request_id\":")?;
        scan.text(b",\"resource_type\":")?;
        scan.optional_text(b",\"role\":")?;
        scan.optional_text(b",\"sealed\":")?;
        view.tenant = scan.text(b",\"tenant\":")?;
        scan.optional_text(b",\"to\":")?;
        scan.optional_text(b",\"user_agent_family\":")?;
        scan.number(b",\"v\":")?;
        scan.optional_number(b",\"version\":")?;
        if &leaf[scan.at..] == b"}" { Ok(view) } else { Err(EventFormError) }
    }
}

/// A place in a leaf.
struct Scan<'a> {
    text: &'a str,
    leaf: &'a [u8],
    at: usize,
    is_plain: bool,
}

impl<'a> Scan<'a> {
    #[inline]
    fn begins<const N: usize>(&mut self, head: &[u8; N]) -> bool {
        let begins = self.leaf[self.at..].first_chunk::<N>() == Some(head);
        if begins {
            self.at += N;
        }
        begins
    }

    #[inline]
    fn value(&mut self) -> Result<&'a str, EventFormError> {
        let from = self.at + 1;
        self.at += string(&self.leaf[self.at..], self.is_plain)?;
        self.text.get(from..self.at - 1).ok_or(EventFormError)
    }

    #[inline]
    fn text<const N: usize>(&mut self, head: &[u8; N]) -> Result<&'a str, EventFormError> {
        if self.begins(head) { self.value() } else { Err(EventFormError) }
    }

    #[inline]
    fn optional_text<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if self.begins(head) { self.value().map(drop) } else { Ok(()) }
    }

    fn number<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if !self.begins(head) {
            return Err(EventFormError);
        }
        self.at += number(&self.leaf[self.at..])?;
        Ok(())
    }

    fn optional_number<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if self.begins(head) {
            self.at += number(&self.leaf[self.at..])?;
        }
        Ok(())
    }

    fn optional_counts<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if self.begins(head) {
            self.at += counts(&self.leaf[self.at..])?;
        }
        Ok(())
    }
}

/// The first quote, eight bytes at a time: most values are short, and a call for each would cost more than the search.
#[inline]
fn quote_in(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, tail) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let zero_at_quotes = u64::from_le_bytes(*word) ^ (ONES * 0x22);
        let found = zero_at_quotes.wrapping_sub(ONES) & !zero_at_quotes & (ONES << 7);
        if found != 0 {
            return Some(8 * place + usize::from(found.trailing_zeros().to_le_bytes()[0]) / 8);
        }
    }
    tail.iter().position(|byte| *byte == b'"').map(|place| bytes.len() - tail.len() + place)
}

/// A quoted text with canonical escapes only; its length with the quotes.
fn string(value: &[u8], is_plain: bool) -> Result<usize, EventFormError> {
    let Some((b'"', rest)) = value.split_first() else { return Err(EventFormError) };
    if is_plain {
        return quote_in(rest).map(|end| end + 2).ok_or(EventFormError);
    }
    let mut at = 0;
    loop {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        at += rest[at..].iter().position(special).ok_or(EventFormError)?;
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

/// A whole number below 2^53 without leading zeros; its length.
fn number(value: &[u8]) -> Result<usize, EventFormError> {
    let length = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    if length == 0 || length > 16 || (length > 1 && value[0] == b'0') {
        return Err(EventFormError);
    }
    let number = value[..length].iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    if number <= LARGEST { Ok(length) } else { Err(EventFormError) }
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
        // A name with an escape could sort elsewhere than its bytes; ours have none.
        let length = string(&value[at + 1..], true)?;
        let name = &value[at + 2..at + length];
        let is_word = name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_');
        if !is_word || name <= before {
            return Err(EventFormError);
        }
        before = name;
        at += 1 + length;
        if value.get(at) != Some(&b':') {
            return Err(EventFormError);
        }
        at += 1 + number(&value[at + 1..])?;
        if value.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
    }
}
