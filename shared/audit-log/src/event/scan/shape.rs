//! Forms of leaves that were read before. Events of one kind differ in their values alone: a leaf that has the same bytes as one of its
//! length that was read, wherever that has no value, and values of the same kind in their places, is an event in canonical form too.
//! That is found out many bytes at a time.

use std::ops::Range;

use super::{EventFormError, EventView};

/// Forms that are remembered, by the length of their leaves.
const SLOTS: usize = 64;
/// Longer leaves are read anew each time.
const LONGEST: usize = 1_024;
/// Leaves of another form after which a form is forgotten.
const PATIENCE: u8 = 8;
/// Numbers of so many digits are below 2^53.
const MOST_DIGITS: usize = 15;

/// The forms met so far.
#[derive(Debug, Clone)]
pub(crate) struct Shapes {
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    shape: Option<Shape>,
    misses: u8,
}

/// The form of one leaf.
#[derive(Debug, Clone)]
struct Shape {
    /// Its bytes, 0 where values stand.
    fixed: Vec<u8>,
    /// 0 where values stand, all bits elsewhere.
    mask: Vec<u8>,
    numbers: Vec<Range<usize>>,
    at: Range<usize>,
    event_type: Range<usize>,
    id: Range<usize>,
    tenant: Range<usize>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { slots: vec![Slot::default(); SLOTS] }
    }
}

impl Shapes {
    /// Reads a leaf as [`EventView::read`] does.
    ///
    /// # Errors
    /// The bytes are no event in canonical form.
    pub(crate) fn read<'a>(&mut self, leaf: &'a [u8]) -> Result<EventView<'a>, EventFormError> {
        if leaf.len() > LONGEST {
            return EventView::read(leaf);
        }
        let slot = &mut self.slots[leaf.len() % SLOTS];
        if let Some(view) = slot.shape.as_ref().and_then(|shape| shape.view_of(leaf)) {
            slot.misses = 0;
            return Ok(view);
        }
        let view = EventView::read(leaf)?;
        slot.misses += 1;
        if slot.shape.is_none() || slot.misses == PATIENCE {
            *slot = Slot { shape: Shape::of(leaf, &view), misses: 0 };
        }
        Ok(view)
    }
}

impl Shape {
    /// The form of a leaf that was read; `None` if it has none that is remembered.
    fn of(leaf: &[u8], view: &EventView<'_>) -> Option<Self> {
        if leaf.iter().any(is_no_letter_of_plain_texts) {
            return None;
        }
        let (mut mask, mut numbers, mut at) = (vec![0xff; leaf.len()], Vec::new(), 0);
        while let Some(byte) = leaf.get(at) {
            match byte {
                b'"' => {
                    let length = leaf[at + 1..].iter().position(|byte| *byte == b'"')?;
                    if leaf[..at].ends_with(b":") {
                        mask[at + 1..=at + length].fill(0);
                    }
                    at += length + 2;
                }
                b'0'..=b'9' => {
                    let length = leaf[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    mask[at..at + length].fill(0);
                    numbers.push(at..at + length);
                    at += length;
                }
                _ => at += 1,
            }
        }
        if numbers.iter().any(|number| number.len() > MOST_DIGITS) {
            return None;
        }
        let place = |part: &[u8]| {
            let from = part.as_ptr().addr() - leaf.as_ptr().addr();
            from..from + part.len()
        };
        let fixed = leaf.iter().zip(&mask).map(|(byte, mask)| byte & mask).collect();
        let (event_type, id, tenant) = (place(view.event_type), place(view.id), place(view.tenant));
        Some(Self { fixed, mask, numbers, at: place(view.at), event_type, id, tenant })
    }

    #[inline]
    fn view_of<'a>(&self, leaf: &'a [u8]) -> Option<EventView<'a>> {
        let part = |range: &Range<usize>| &leaf[range.clone()];
        (leaf.len() == self.fixed.len() && self.fits(leaf)).then(|| EventView {
            at: part(&self.at),
            event_type: part(&self.event_type),
            id: part(&self.id),
            tenant: part(&self.tenant),
        })
    }

    /// Whether a leaf of this length differs in values alone, and its values have canonical form.
    #[inline]
    fn fits(&self, leaf: &[u8]) -> bool {
        let bytes = leaf.iter().zip(&self.fixed).zip(&self.mask);
        // Without an early way out the loop works on many bytes at once.
        let fault = bytes.fold(0, |fault, ((byte, fixed), mask)| {
            let no_value = if is_no_letter_of_plain_texts(byte) | (*byte == b'"') { 0xff } else { 0 };
            fault | ((byte ^ fixed) & mask) | (no_value & !mask)
        });
        fault == 0 && self.numbers.iter().all(|number| is_number(&leaf[number.clone()]))
    }
}

/// Escapes, control characters, and what is no ASCII.
#[inline]
const fn is_no_letter_of_plain_texts(byte: &u8) -> bool {
    (*byte == b'\\') | (byte.cast_signed() < 0x20)
}

#[inline]
fn is_number(digits: &[u8]) -> bool {
    let is_padded = digits.len() > 1 && digits[0] == b'0';
    !is_padded && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::{EventView, Shapes};
    use crate::event::LogEvent;

    fn leaf(version: u64) -> Vec<u8> {
        let text = |text: &str| Some(text.to_owned());
        let event = LogEvent {
            v: 1,
            id: "evt_0199a000000070008000000000000000".to_owned(),
            tenant: "acme".to_owned(),
            at: "2026-11-21T07:00:00.123Z".to_owned(),
            event_type: "request_change".to_owned(),
            action: "update".to_owned(),
            level: "info".to_owned(),
            outcome: "success".to_owned(),
            actor: "worker".to_owned(),
            resource_type: "step".to_owned(),
            reason: text("slice ended: 3 of 4"),
            version: Some(version),
            counts: [("bytes".to_owned(), 0), ("rows".to_owned(), 120)].into(),
            ..LogEvent::default()
        };
        event.leaf().unwrap()
    }

    #[test]
    fn whatever_byte_is_changed_a_known_form_is_judged_as_an_unknown_one() {
        for version in [7, 70, 123_456_789_012_345, 1_234_567_890_123_456] {
            let known = leaf(version);
            let mut shapes = Shapes::default();
            assert_eq!(shapes.read(&known), EventView::read(&known));
            for place in 0..known.len() {
                for byte in 0..=255 {
                    let mut changed = known.clone();
                    changed[place] = byte;
                    // A form must not be forgotten on the way.
                    assert_eq!(shapes.clone().read(&changed), EventView::read(&changed), "{place} {byte}");
                }
            }
        }
    }

    #[test]
    fn two_bytes_that_move_structure_into_a_value_are_noticed() {
        let known = leaf(7);
        let mut shapes = Shapes::default();
        shapes.read(&known).unwrap();
        let texts: Vec<usize> = (0..known.len()).filter(|place| known[*place].is_ascii_lowercase()).collect();
        for one in &texts {
            for other in &texts {
                let mut changed = known.clone();
                (changed[*one], changed[*other]) = (b'"', b',');
                assert_eq!(shapes.clone().read(&changed).is_ok(), EventView::read(&changed).is_ok(), "{one} {other}");
            }
        }
    }

    #[test]
    fn a_form_that_is_met_no_more_makes_room() {
        let (one, other) = (leaf(7), leaf(8));
        let other: Vec<u8> = String::from_utf8(other).unwrap().replace("\"rows\"", "\"cows\"").into_bytes();
        let mut shapes = Shapes::default();
        for leaf in std::iter::once(&one).chain(std::iter::repeat_n(&other, 9)) {
            assert_eq!(shapes.read(leaf), EventView::read(leaf));
        }
        let slot = &shapes.slots[other.len() % super::SLOTS];
        assert!(slot.shape.as_ref().unwrap().view_of(&other).is_some());
        assert!(slot.shape.as_ref().unwrap().view_of(&one).is_none());
    }
}
