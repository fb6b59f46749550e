//! Where a lookup in a table goes on: which lanes are begun and how far. Holds keys of the customer.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use workflow::ports::{Cursor, PortError, PortErrorKind};

/// Version of the cursor that this code writes.
const VERSION: u32 = 1;

/// The state of a lookup. A lane is one value, one batch of keys or one segment, by the kind of access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    v: u32,
    /// How many lanes there are; a cursor of another lookup is refused by it.
    pub(super) lanes: usize,
    /// The first lane not begun.
    pub(super) next: usize,
    /// Lanes begun and not ended.
    pub(super) open: Vec<Open>,
}

/// A lane that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) lane: usize,
    pub(super) at: At,
}

/// How far a lane is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    /// Nothing is read.
    Start,
    /// Read up to this key.
    After(BTreeMap<String, WireKey>),
    /// These positions of the batch are still to be read.
    Left(Vec<usize>),
}

/// One attribute of a key, in text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WireKey {
    S(String),
    N(String),
    B(String),
}

impl State {
    pub(super) const fn start(lanes: usize) -> Self {
        Self { v: VERSION, lanes, next: 0, open: Vec::new() }
    }

    /// Reads a cursor back; `Corrupt` if it is not of a lookup with so many lanes.
    pub(super) fn read(cursor: &Cursor, lanes: usize) -> Result<Self, PortError> {
        let refused = |cause: &str| PortError::caused(PortErrorKind::Corrupt, "read cursor", cause);
        let state: Self = serde_json::from_str(&cursor.0).map_err(|_| refused("not a cursor of a table"))?;
        let is_known = state.v == VERSION && state.lanes == lanes && state.next <= lanes;
        if !is_known || state.open.iter().any(|open| open.lane >= lanes) {
            return Err(refused("a cursor of another lookup"));
        }
        Ok(state)
    }

    /// The cursor, or `None` at the end.
    pub(super) fn cursor(&self) -> Result<Option<Cursor>, PortError> {
        if self.open.is_empty() && self.next >= self.lanes {
            return Ok(None);
        }
        let text = serde_json::to_string(self);
        text.map(|text| Some(Cursor(text)))
            .map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "write cursor", cause))
    }

    /// Takes up to `width` lanes to work on: those begun first.
    pub(super) fn take(&mut self, width: usize) -> Vec<Open> {
        let mut taken: Vec<Open> = self.open.drain(..self.open.len().min(width)).collect();
        while taken.len() < width && self.next < self.lanes {
            taken.push(Open { lane: self.next, at: At::Start });
            self.next += 1;
        }
        taken
    }
}

/// A key that `DynamoDB` stopped at, for the cursor.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
pub(super) fn wire(key: HashMap<String, AttributeValue>) -> Option<BTreeMap<String, WireKey>> {
    let one = |value: AttributeValue| match value {
        AttributeValue::S(text) => Some(WireKey::S(text)),
        AttributeValue::N(digits) => Some(WireKey::N(digits)),
        AttributeValue::B(blob) => Some(WireKey::B(STANDARD.encode(blob))),
        _ => None,
    };
    key.into_iter().map(|(name, value)| Some((name, one(value)?))).collect()
}

/// The key to go on after.
pub(super) fn unwire(key: BTreeMap<String, WireKey>) -> Result<HashMap<String, AttributeValue>, PortError> {
    let one = |value| {
        Ok(match value {
            WireKey::S(text) => AttributeValue::S(text),
            WireKey::N(digits) => AttributeValue::N(digits),
            WireKey::B(text) => AttributeValue::B(Blob::new(STANDARD.decode(text)?)),
        })
    };
    let key: Result<_, base64::DecodeError> = key.into_iter().map(|(name, value)| Ok((name, one(value)?))).collect();
    key.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "read cursor", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let key = HashMap::from([
            ("a".to_owned(), AttributeValue::S("é\"".to_owned())),
            ("b".to_owned(), AttributeValue::N("12345678901234567890123456789012345678".to_owned())),
            ("c".to_owned(), AttributeValue::B(Blob::new([0, 255]))),
        ]);
        let mut state = State::start(5);
        let mut taken = state.take(3);
        assert_eq!((taken.len(), state.next), (3, 3));
        taken[0].at = At::After(wire(key.clone()).unwrap());
        taken[1].at = At::Left(vec![4, 7]);
        state.open = taken;
        let back = State::read(&state.cursor().unwrap().unwrap(), 5).unwrap();
        assert_eq!(back, state);
        let At::After(at) = back.open[0].at.clone() else { panic!("the first lane has a key") };
        assert_eq!(unwire(at).unwrap(), key);
    }

    #[test]
    fn a_cursor_of_another_lookup_is_refused() {
        let mut state = State::start(5);
        let _taken = state.take(1);
        let cursor = state.cursor().unwrap().unwrap();
        assert_eq!(State::read(&cursor, 4).unwrap_err().kind, PortErrorKind::Corrupt);
        let broken = Cursor("{\"v\":1,\"secret\":\"x\"}".to_owned());
        assert_eq!(State::read(&broken, 4).unwrap_err().kind, PortErrorKind::Corrupt);
    }

    #[test]
    fn a_state_with_nothing_left_has_no_cursor() {
        let mut state = State::start(2);
        assert_eq!(state.take(8).len(), 2);
        assert_eq!(state.cursor().unwrap(), None);
        assert_eq!(State::start(0).cursor().unwrap(), None);
    }
}
