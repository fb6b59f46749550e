//! What a job remembers of telling one processor (GDPR Art. 19): whether it was told, what it answered, and by when it must.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::request::wire_enum;

wire_enum! {
    /// Where a processor stands.
    ProcessorStatus {
        /// It is still to be told.
        Waiting = "waiting",
        /// It took the notice; its answer is waited for.
        Accepted = "accepted",
        /// It says that the data is gone.
        Completed = "completed",
        /// It says that it keeps the data.
        Refused = "refused",
        /// It could not be told so far; officers are alerted.
        Unreachable = "unreachable",
        /// It was told and has not answered in time; officers are alerted.
        Overdue = "overdue",
    }
}

impl ProcessorStatus {
    /// Whether nothing more is expected of the processor.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Completed | Self::Refused)
    }
}

/// What became of telling one processor. No identity of the person, no words of the processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessorCheckpoint {
    /// Its key in the data map.
    pub processor: String,
    /// Where it stands.
    pub status: ProcessorStatus,
    /// Tries that failed.
    pub rounds: u32,
    /// When it took the notice.
    pub told_at: Option<Timestamp>,
    /// By when it must have answered.
    pub answer_by: Timestamp,
    /// When it says that it will be done.
    pub expected_at: Option<Timestamp>,
    /// When it answered.
    pub answered_at: Option<Timestamp>,
    /// Why it refused or could not be told: a code, never a sentence.
    pub reason: Option<String>,
    /// The key its answers are signed with (PEM), where the data map names one.
    pub public_key: Option<String>,
}

/// The longest reason that is kept.
const LONGEST_REASON: usize = 64;

/// A reason of a processor as it may be kept: a code of letters, digits and `_-.`; anything else could be about a person.
#[must_use]
pub fn reason_code(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let fits = !text.is_empty() && text.len() <= LONGEST_REASON && text.bytes().all(plain);
    if fits { text.to_owned() } else { "other".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_not_kept_as_reasons() {
        for (text, kept) in [
            ("legal_obligation", "legal_obligation"),
            ("art-17.3.b", "art-17.3.b"),
            ("ada@example.com keeps an account", "other"),
            ("ada@example.com", "other"),
            ("", "other"),
        ] {
            assert_eq!(reason_code(text), kept, "{text}");
        }
        assert_eq!(reason_code(&"a".repeat(65)), "other");
    }
}
