//! Texts to codes in the order of their first appearance, each text stored once; what a text means is not known here.

use std::collections::HashMap;

use super::error::AnonymityError;

const FEWEST_SLOTS: usize = 1 << 8;
/// Slots that are looked at one after another; texts chosen to share one go into a table with a secret hash.
const FARTHEST: usize = if cfg!(test) { 3 } else { 64 };

/// The texts of one column.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// The texts, one behind another, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Open addressing, at most three quarters full, as many as a power of two.
    slots: Vec<Slot>,
    crowded: HashMap<Box<[u8]>, u32>,
    null: Option<u32>,
}

/// What tells most texts apart, beside the code: all of a text of up to eight bytes, and more than half of one of sixteen.
#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u64,
    /// The length of a short text, and a part of the hash of others.
    tag: u32,
    /// The code and one more; zero is an empty slot.
    code: u32,
}

const EMPTY: Slot = Slot { first: 0, tag: 0, code: 0 };
const IS_LONG: u32 = 1 << 31;

/// Slots beyond which each look waits for the memory.
const NEAR_SLOTS: usize = 1 << 12;
/// Texts that are looked for at once, so that the waits pass together.
const AT_ONCE: usize = 64;

/// Where a text may be, and what stands there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    slot: Slot,
    last: u64,
    hash: u64,
}

impl Key {
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        let first = text.first_chunk::<8>().map_or_else(|| short_word(text), |first| u64::from_le_bytes(*first));
        let last = text.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
        let mut mixed = (first ^ last.rotate_left(23) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        if text.len() > 16 {
            for word in text[8..].as_chunks::<8>().0 {
                mixed = (mixed ^ (mixed >> 32) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
        }
        let hash = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let tag = match u32::try_from(text.len()) {
            Ok(length @ 0..=8) => length,
            Ok(_) | Err(_) => (hash & 0xFFFF_FFFF) as u32 | IS_LONG,
        };
        Self { slot: Slot { first, tag, code: 0 }, last, hash }
    }

    /// Whether the key is the whole text.
    #[inline]
    pub(super) fn is_short(self) -> bool {
        self.slot.tag & IS_LONG == 0
    }

    /// The first of so many slots, a power of two.
    #[inline]
    fn place(self, slots: usize) -> usize {
        usize::try_from(self.hash >> 32).map_or(0, |place| place & (slots - 1))
    }
}

/// Fewer than eight bytes as a number; the others are zero.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
            first | last << (8 * (text.len() - 4))
        }
        (_, _) => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl Dictionary {
    pub(super) fn new() -> Self {
        let slots = vec![EMPTY; FEWEST_SLOTS];
        Self { bytes: Vec::new(), ends: Vec::new(), slots, crowded: HashMap::new(), null: None }
    }

    /// How many texts there are, with null.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a text, in the order of the codes.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|code| self.text(code))
    }

    /// The code of null, if there was one; its text is empty.
    pub(super) fn null(&self) -> Option<u32> {
        self.null
    }

    fn text(&self, code: usize) -> &[u8] {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[code]]
    }

    /// Whether there are so many texts that short ones are better looked for together.
    #[inline]
    pub(super) fn is_far(&self) -> bool {
        self.slots.len() > NEAR_SLOTS
    }

    /// Takes the keys of short texts and appends their codes, in their order.
    pub(super) fn codes_of_short(&mut self, keys: &mut Vec<Key>, codes: &mut Vec<u32>) -> Result<(), AnonymityError> {
        let mut found = [EMPTY; AT_ONCE];
        for keys in keys.chunks(AT_ONCE) {
            // None of these reads needs another one.
            for (slot, key) in found.iter_mut().zip(keys) {
                *slot = self.slots[key.place(self.slots.len())];
            }
            for (slot, key) in found.iter().zip(keys) {
                let is_here = slot.code > 0 && slot.first == key.slot.first && slot.tag == key.slot.tag;
                let text = key.slot.first.to_le_bytes();
                codes.push(if is_here { slot.code - 1 } else { self.code_of(&text[..key.slot.tag as usize], *key)? });
            }
        }
        keys.clear();
        Ok(())
    }

    /// The code of a text with its key, which is added if it is new.
    #[inline]
    pub(super) fn code_of(&mut self, text: &[u8], key: Key) -> Result<u32, AnonymityError> {
        let mut place = key.place(self.slots.len());
        for _ in 0..FARTHEST {
            let slot = self.slots[place];
            if slot.code == 0 {
                return self.add(text, place, key.slot);
            }
            let code = slot.code - 1;
            if slot.first == key.slot.first && slot.tag == key.slot.tag && self.rest_is_equal(code, text, key.last) {
                return Ok(code);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.code_of_crowded(text)
    }

    /// Whether the stored text is this one, given that the slots are equal.
    #[inline]
    fn rest_is_equal(&self, code: u32, text: &[u8], last: u64) -> bool {
        if text.len() <= 8 {
            return true;
        }
        let stored = self.text(code as usize);
        if text.len() <= 16 {
            return stored.len() == text.len()
                && stored.last_chunk().is_some_and(|end| u64::from_le_bytes(*end) == last);
        }
        stored == text
    }

    pub(super) fn code_of_null(&mut self) -> Result<u32, AnonymityError> {
        match self.null {
            Some(code) => Ok(code),
            None => {
                let code = self.store(b"")?;
                self.null = Some(code);
                Ok(code)
            }
        }
    }

    #[cold]
    fn code_of_crowded(&mut self, text: &[u8]) -> Result<u32, AnonymityError> {
        if let Some(code) = self.crowded.get(text) {
            return Ok(*code);
        }
        let code = self.store(text)?;
        self.crowded.insert(text.into(), code);
        Ok(code)
    }

    #[cold]
    fn add(&mut self, text: &[u8], place: usize, slot: Slot) -> Result<u32, AnonymityError> {
        let code = self.store(text)?;
        self.slots[place] = Slot { code: code + 1, ..slot };
        if self.len() * 4 > self.slots.len() * 3 {
            self.grow();
        }
        Ok(code)
    }

    fn store(&mut self, text: &[u8]) -> Result<u32, AnonymityError> {
        let code = u32::try_from(self.ends.len()).ok().filter(|code| *code < u32::MAX);
        let code = code.ok_or(AnonymityError::TooLarge)?;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        Ok(code)
    }

    /// Twice the slots; what was crowded may find one now.
    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        let mut slots = vec![EMPTY; count];
        let mut crowded = HashMap::new();
        for code in (0_u32..).take(self.len()).filter(|code| Some(*code) != self.null) {
            let text = self.text(code as usize);
            let key = Key::of(text);
            let first = key.place(count);
            let free = (first..first + FARTHEST).map(|at| at & (count - 1)).find(|place| slots[*place].code == 0);
            match free {
                Some(place) => slots[place] = Slot { code: code + 1, ..key.slot },
                None => {
                    crowded.insert(text.into(), code);
                }
            }
        }
        (self.slots, self.crowded) = (slots, crowded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(dictionary: &mut Dictionary, text: &[u8]) -> u32 {
        dictionary.code_of(text, Key::of(text)).unwrap()
    }

    #[test]
    fn each_text_keeps_its_code_through_every_growth() {
        let mut dictionary = Dictionary::new();
        let text = |number: u32| match number % 4 {
            0 => format!("{number}"),
            1 => format!("{number:>9}"),
            2 => format!("{number:>16}"),
            _ => format!("a long beginning, the same for all of them {number} and a long end that is so too"),
        };
        let null = dictionary.code_of_null().unwrap();
        for round in 0..2 {
            for number in 0..20_000 {
                assert_eq!(code(&mut dictionary, text(number).as_bytes()), number + 1, "round {round}");
            }
        }
        // Where many meet in few slots, the other table has the rest.
        assert!(!dictionary.crowded.is_empty());
        assert_eq!(dictionary.code_of_null().unwrap(), null);
        assert_eq!(code(&mut dictionary, b""), 20_001);
        assert_eq!(dictionary.texts().nth(2), Some(text(1).as_bytes()));
    }

    #[test]
    fn zeros_at_the_end_are_part_of_a_text() {
        let mut dictionary = Dictionary::new();
        let texts: [&[u8]; 5] = [b"", b"\0", b"\0\0", b"a", b"a\0"];
        for (expected, text) in (0_u32..).zip(texts) {
            assert_eq!(code(&mut dictionary, text), expected);
        }
        for (expected, text) in (0_u32..).zip(texts) {
            assert_eq!(code(&mut dictionary, text), expected);
        }
    }

    #[test]
    fn short_texts_have_the_same_codes_if_they_are_looked_for_together() {
        let texts: Vec<String> = (0..30_000).map(|number| format!("{}", number * 7 % 9_973)).collect();
        let (mut one_by_one, mut together) = (Dictionary::new(), Dictionary::new());
        let expected: Vec<u32> = texts.iter().map(|text| code(&mut one_by_one, text.as_bytes())).collect();
        let mut codes = Vec::new();
        for texts in texts.chunks(150) {
            let mut keys: Vec<Key> = texts.iter().map(|text| Key::of(text.as_bytes())).collect();
            together.codes_of_short(&mut keys, &mut codes).unwrap();
        }
        assert!(together.is_far() && codes == expected);
    }
}
