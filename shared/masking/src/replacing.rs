//! What stands where a personal value stood: by the method, or keyed so that rows can still be joined.

use std::borrow::Cow;

use pii::detect::{Hit, PiiType};
use pii::mask::{HashKey, REDACTED, masked};

use crate::json::escape_into;

/// How whole values and what is found within texts are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Asterisks, by type (V10).
    #[default]
    Masking,
    /// A keyed hash: the same value, the same word.
    Hashing,
    /// `[REDACTED]`.
    Redaction,
}

/// The key of a tenant's keyed forms.
#[derive(Clone, Debug)]
pub struct Keys(HashKey);

/// Whole numbers above this lose digits in readers that know doubles only (RFC 8259 section 6).
const LARGEST_EXACT: u64 = (1 << 53) - 1;

impl Keys {
    /// Keyed forms under these bytes; one key per tenant keeps tenants apart.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(HashKey::new(key))
    }

    /// The keyed form of a text: a key of a partition or of a row, joinable and unreadable.
    #[must_use]
    pub fn keyed(&self, value: &str) -> String {
        self.0.hashed(value)
    }

    fn keyed_into(&self, value: &str, out: &mut Vec<u8>) {
        out.extend(b"hash_");
        for byte in self.0.digest(value.as_bytes()) {
            let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
            out.extend([hex(byte >> 4), hex(byte & 15)]);
        }
    }

    /// A whole number becomes another one below 2^53.
    pub(crate) fn keyed_number(&self, number: &str, out: &mut Vec<u8>) {
        let number = u64::from_be_bytes(self.0.digest(number.as_bytes())) & LARGEST_EXACT;
        out.extend(number.to_string().as_bytes());
    }

    /// A quoted text for a whole value; no type means a key.
    pub(crate) fn replace_whole(&self, method: Method, kind: Option<PiiType>, value: &str, out: &mut Vec<u8>) {
        out.push(b'"');
        match kind {
            None => self.keyed_into(value, out),
            Some(kind) => self.replace(method, kind, value, out),
        }
        out.push(b'"');
    }

    /// A quoted text with its hits replaced; the text between them stays.
    pub(crate) fn replace_parts(&self, method: Method, hits: &[Hit], value: &str, out: &mut Vec<u8>) {
        out.push(b'"');
        let mut at = 0;
        for hit in hits.iter().filter(|hit| is_replaced(hit, value)) {
            if hit.start >= at {
                escape_into(&value[at..hit.start], out);
                self.replace(method, hit.kind, &value[hit.start..hit.end], out);
                at = hit.end;
            }
        }
        escape_into(&value[at..], out);
        out.push(b'"');
    }

    fn replace(&self, method: Method, kind: PiiType, value: &str, out: &mut Vec<u8>) {
        match method {
            Method::Hashing => self.keyed_into(value, out),
            Method::Redaction => out.extend(REDACTED.as_bytes()),
            Method::Masking => escape_into(&masked(kind, value), out),
        }
    }
}

/// Web addresses without credentials are nobody's data by themselves.
pub(crate) fn is_replaced(hit: &Hit, value: &str) -> bool {
    hit.kind != PiiType::Url || value[hit.start..hit.end].contains('@')
}

/// A name of a field that holds personal data itself, such as a map by e-mail address, without it.
pub(crate) fn shown_name<'n>(keys: &Keys, hits: &[Hit], name: &'n str) -> Cow<'n, str> {
    if !hits.iter().any(|hit| is_replaced(hit, name)) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(keys.keyed(name))
}
