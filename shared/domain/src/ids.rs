//! Names that stand for things: tenants, jobs, events. Made from a time and random bytes given by the caller.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A tenant slug has 1 to 100 characters.
    #[error("is not 1 to 100 characters long")]
    Length,
    /// A tenant slug holds lower-case letters, digits and hyphens.
    #[error("holds something other than a-z, 0-9 and '-'")]
    Characters,
    /// An id is its prefix and 32 lower-case hexadecimal digits.
    #[error("is not a prefix followed by 32 hexadecimal digits")]
    Form,
}

/// The slug of a tenant: lower-case letters, digits and hyphens, at most 100.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > 100 {
            return Err(IdError::Length);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !text.bytes().all(allowed) {
            return Err(IdError::Characters);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for TenantId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! prefixed_id {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Makes an id that sorts by time (UUID version 7, RFC 9562 section 5.7).
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(format!("{}{}", $prefix, uuid_v7(now, random)))
            }

            /// The id as text, prefix included.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix($prefix).ok_or(IdError::Form)?;
                let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                if digits.len() != 32 || !digits.bytes().all(hexadecimal) {
                    return Err(IdError::Form);
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

prefixed_id!(JobId, "job_", "The id of a job, `job_` and 32 hexadecimal digits.");
prefixed_id!(HoldId, "hold_", "The id of a legal hold, `hold_` and 32 hexadecimal digits.");
prefixed_id!(EventId, "evt_", "The id of an audit event, `evt_` and 32 hexadecimal digits.");
prefixed_id!(EvidenceId, "evd_", "The id of a piece of evidence, `evd_` and 32 hexadecimal digits.");

fn uuid_v7(now: Timestamp, random: [u8; 10]) -> uuid::fmt::Simple {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().simple()
}

/// Random text of one operation, stored with what it wrote, so that a caller who lost the answer recognises its own write.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpNonce(String);

impl OpNonce {
    /// Makes a nonce from 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(random).simple().to_string())
    }

    /// The nonce as 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_read_back() {
        let early = JobId::new(Timestamp::from_millisecond(1_000).unwrap(), [255; 10]);
        let late = JobId::new(Timestamp::from_millisecond(2_000).unwrap(), [0; 10]);
        assert!(early < late);
        assert_eq!(early.as_str().parse::<JobId>(), Ok(early));
    }

    #[test]
    fn a_foreign_prefix_is_refused() {
        assert_eq!("evt_00000000000000000000000000000000".parse::<JobId>(), Err(IdError::Form));
    }

    #[test]
    fn a_slug_with_a_separator_is_refused() {
        assert_eq!("a#b".parse::<TenantId>(), Err(IdError::Characters));
    }
}
