//! Where reading in S3 goes on. Holds keys of the customer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use workflow::ports::{Cursor, PortError, PortErrorKind};

use super::packing::Packing;

/// Version of the cursors that this code writes.
pub(super) const VERSION: u32 = 1;

/// Where a lookup in objects is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ObjectsAt {
    pub(super) v: u32,
    /// The prefix that is listed, by position.
    pub(super) prefix: usize,
    /// The last object that is done.
    pub(super) after: Option<String>,
    /// Objects done, for error texts.
    pub(super) done: u64,
    /// The object that is begun.
    pub(super) inside: Option<Inside>,
}

/// A place inside an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inside {
    pub(super) key: String,
    pub(super) etag: String,
    /// Bytes read, or records read of a packed object: it is read again from its beginning.
    pub(super) at: u64,
    pub(super) line: u64,
    pub(super) header: Option<Vec<String>>,
}

impl Inside {
    /// How the object is packed.
    pub(super) fn packing(&self) -> Packing {
        Packing::of(&self.key)
    }
}

/// Where a lookup of media is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MediaAt {
    pub(super) v: u32,
    /// The value whose prefix is listed, by position.
    pub(super) value: usize,
    /// The last key given.
    pub(super) after: Option<String>,
}

/// Reads a cursor back; the error repeats nothing of it.
pub(super) fn read<T: DeserializeOwned>(cursor: &Cursor) -> Result<T, PortError> {
    serde_json::from_str(&cursor.0)
        .map_err(|_| PortError::caused(PortErrorKind::Corrupt, "read cursor", "not a cursor of this source"))
}

/// Writes a cursor.
pub(super) fn write<T: Serialize>(at: &T) -> Result<Cursor, PortError> {
    let text = serde_json::to_string(at);
    text.map(Cursor).map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "write cursor", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_were() {
        let inside = Inside {
            key: "é/\"".to_owned(),
            etag: "\"e\"".to_owned(),
            at: u64::MAX,
            line: 7,
            header: Some(vec!["a".to_owned()]),
        };
        let at = ObjectsAt { v: VERSION, prefix: 2, after: Some("k".to_owned()), done: 9, inside: Some(inside) };
        assert_eq!(read::<ObjectsAt>(&write(&at).unwrap()).unwrap(), at);
        let error = read::<MediaAt>(&Cursor("{\"secret\"".to_owned())).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"));
    }
}
