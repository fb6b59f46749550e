//! Reads a leaf in one pass without building anything: members in canonical order, canonical strings and numbers, nothing else.

mod quotes;
mod shape;

use quotes::{Ends, Escaped, Plain};
pub(crate) use shape::Shapes;

/// The bytes are not an event in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event in canonical form")]
pub struct EventFormError;

/// What a verifier looks at in an event; the texts as they stand in the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventView<'a> {
    at: &'a [u8],
    event_type: &'a [u8],
    id: &'a [u8],
    tenant: &'a [u8],
}

/// JSON integers above this are not exact (RFC 8785, 3.2.2.3).
const LARGEST: u64 = (1 << 53) - 1;

impl<'a> EventView<'a> {
    /// Reads a leaf: all members of version 1 in canonical order (RFC 8785, 3.2.3), each in canonical form.
    ///
    /// # Errors
    /// The bytes are anything else.
    pub fn read(leaf: &'a [u8]) -> Result<Self, EventFormError> {
        // Nearly all leaves hold ASCII without escapes and control characters: their texts end at the next quote.
        let is_plain = !leaf.iter().fold(false, |found, byte| found | (*byte == b'\\') | (byte.cast_signed() < 0x20));
        if is_plain {
            return Self::members(Scan { leaf, at: 0, ends: Plain });
        }
        std::str::from_utf8(leaf).map_err(|_| EventFormError)?;
        Self::members(Scan { leaf, at: 0, ends: Escaped })
    }

    /// When, RFC 3339 in UTC.
    #[must_use]
    pub fn at(&self) -> &'a str {
        text_of(self.at)
    }

    /// The kind of event.
    #[must_use]
    pub fn event_type(&self) -> &'a str {
        text_of(self.event_type)
    }

    /// The event's id.
    #[must_use]
    pub fn id(&self) -> &'a str {
        text_of(self.id)
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &'a str {
        text_of(self.tenant)
    }

    /// Whether it is in this tenant's log.
    #[must_use]
    pub fn is_of(&self, tenant: &str) -> bool {
        self.tenant == tenant.as_bytes()
    }

    #[rustfmt::skip] // one member a line
    #[inline]
    fn members<E: Ends>(mut scan: Scan<'a, E>) -> Result<Self, EventFormError> {
        let mut view = Self::default();
        scan.text(b"{\"action\":")?;
        scan.text(b",\"actor\":")?;
        view.at = scan.shown(b",\"at\":")?;
        scan.optional_text(b",\"control_id\":")?;
        scan.optional_counts(b",\"counts\":")?;
        view.event_type = scan.shown(b",\"event_type\":")?;
        scan.optional_text(b",\"from\":")?;
        view.id = scan.shown(b",\"id\":")?;
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
        view.tenant = scan.shown(b",\"tenant\":")?;
        scan.optional_text(b",\"to\":")?;
        scan.optional_text(b",\"user_agent_family\":")?;
        scan.number(b",\"v\":")?;
        scan.optional_number(b",\"version\":")?;
        if &scan.leaf[scan.at..] == b"}" { Ok(view) } else { Err(EventFormError) }
    }
}

/// The leaf was looked at as a whole, and is cut at quotes only.
fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("a part of a text cut at quotes is a text")
}

/// A place in a leaf.
struct Scan<'a, E> {
    leaf: &'a [u8],
    at: usize,
    ends: E,
}

impl<'a, E: Ends> Scan<'a, E> {
    #[inline(always)]
    fn begins<const N: usize>(&mut self, head: &[u8; N]) -> bool {
        let begins = self.leaf[self.at..].first_chunk::<N>() == Some(head);
        if begins {
            self.at += N;
        }
        begins
    }

    #[inline(always)]
    fn value(&mut self) -> Result<(), EventFormError> {
        if self.leaf.get(self.at) != Some(&b'"') {
            return Err(EventFormError);
        }
        self.at = self.ends.end(self.leaf, self.at + 1).ok_or(EventFormError)? + 1;
        Ok(())
    }

    #[inline(always)]
    fn text<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if self.begins(head) { self.value() } else { Err(EventFormError) }
    }

    #[inline(always)]
    fn shown<const N: usize>(&mut self, head: &[u8; N]) -> Result<&'a [u8], EventFormError> {
        let from = self.at + N + 1;
        self.text(head)?;
        Ok(&self.leaf[from..self.at - 1])
    }

    #[inline(always)]
    fn optional_text<const N: usize>(&mut self, head: &[u8; N]) -> Result<(), EventFormError> {
        if self.begins(head) { self.value() } else { Ok(()) }
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

/// A whole number below 2^53 without leading zeros; its length.
#[inline]
fn number(value: &[u8]) -> Result<usize, EventFormError> {
    let mut number = 0_u64;
    let mut length = 0;
    while let Some(digit) = value.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if length == 16 {
            return Err(EventFormError);
        }
        number = number * 10 + u64::from(digit);
        length += 1;
    }
    let is_padded = length > 1 && value[0] == b'0';
    if length > 0 && !is_padded && number <= LARGEST { Ok(length) } else { Err(EventFormError) }
}

/// An object of words and numbers, the words ascending; its length.
#[inline]
fn counts(value: &[u8]) -> Result<usize, EventFormError> {
    let mut at = 0;
    let mut before: &[u8] = &[];
    loop {
        let opening = if at == 0 { b'{' } else { b',' };
        if value.get(at) != Some(&opening) || value.get(at + 1) != Some(&b'"') {
            return Err(EventFormError);
        }
        // A name with an escape could sort elsewhere than its bytes; ours have none.
        let from = at + 2;
        at = from;
        while value.get(at).is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            at += 1;
        }
        let name = &value[from..at];
        if name <= before || value.get(at..at + 2) != Some(b"\":") {
            return Err(EventFormError);
        }
        before = name;
        at += 2 + number(&value[at + 2..])?;
        if value.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
    }
}
