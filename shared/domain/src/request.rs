//! What was asked: type, law, scope, format, and who the subject says to be.

use serde::{Deserialize, Serialize};

use crate::sensitive::Sensitive;

macro_rules! wire_enum {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $wire)] $variant),+ }

        impl $name {
            /// Every member, in the order of the published list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// Reads the name on the wire; `None` for anything else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use wire_enum;

wire_enum! {
    /// The right that is exercised (R-DSR-1).
    RequestType {
        /// GDPR Art. 15.
        Access = "access",
        /// GDPR Art. 20.
        Portability = "portability",
        /// GDPR Art. 17.
        Erasure = "erasure",
        /// GDPR Art. 16.
        Rectification = "rectification",
        /// GDPR Art. 18.
        Restriction = "restriction",
        /// GDPR Art. 21.
        Objection = "objection",
        /// GDPR Art. 22.
        AutomatedDecisionReview = "automated_decision_review",
        /// CCPA, sale and sharing (11 CCR 7026).
        OptOut = "opt_out",
        /// CCPA, limiting the use of sensitive data (11 CCR 7027).
        LimitUse = "limit_use",
        /// No right of a person: a mapped collection is scanned, anonymised or counted for the operator (R-PII-5, R-PII-7).
        Anonymization = "anonymization",
    }
}

impl RequestType {
    /// The types this version fulfils; the others are refused by name.
    pub const SUPPORTED: &'static [Self] =
        &[Self::Access, Self::Portability, Self::Erasure, Self::Rectification, Self::Restriction, Self::Objection];

    /// Whether the person's data is changed by it: planned, approved and carried out by the steps of an erasure.
    #[must_use]
    pub const fn changes_data(self) -> bool {
        matches!(self, Self::Erasure | Self::Rectification)
    }

    /// Whether the person's data is restricted by it: at once, or until an objection is decided (GDPR Art. 18(1)(d)).
    #[must_use]
    pub const fn restricts(self) -> bool {
        matches!(self, Self::Restriction | Self::Objection)
    }
}

wire_enum! {
    /// A use of data that a person can object to without giving grounds (GDPR Art. 21(2)).
    Purpose {
        /// Advertising that is addressed to the person, and profiling for it.
        DirectMarketing = "direct_marketing",
    }
}

wire_enum! {
    /// The law whose deadline applies.
    Regime {
        /// Regulation (EU) 2016/679.
        Gdpr = "gdpr",
        /// UK GDPR.
        UkGdpr = "uk_gdpr",
        /// California Consumer Privacy Act.
        Ccpa = "ccpa",
        /// 45 CFR 164.524.
        Hipaa = "hipaa",
        /// Lei Geral de Proteção de Dados.
        Lgpd = "lgpd",
    }
}

wire_enum! {
    /// The files an archive holds (R-EXP-2).
    ExportFormat {
        /// NDJSON only.
        Json = "json",
        /// CSV only.
        Csv = "csv",
        /// NDJSON and CSV.
        Both = "both",
    }
}

wire_enum! {
    /// What a value identifies a person, or an organisation, by.
    IdentityKind {
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        PhoneNumber = "phone_number",
        /// The id of a user in the product.
        UserId = "user_id",
        /// An id given by another system.
        ExternalId = "external_id",
        /// The id of an organisation.
        OrganizationId = "organization_id",
    }
}

/// One identity as given by a requester or met on record. Two are equal if kind and normalised value are.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What kind of value it is.
    pub kind: IdentityKind,
    /// The value, normalised.
    pub value: Sensitive<String>,
    /// The value as it was given, trimmed: sources may hold it in this form.
    pub given: Sensitive<String>,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.value == other.value
    }
}

impl Eq for Identity {}

/// Why a value is not an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing is left after trimming.
    #[error("is empty")]
    Empty,
    /// More than 255 characters.
    #[error("is longer than 255 characters")]
    TooLong,
    /// Not a local part, an @ and a domain.
    #[error("is not an e-mail address")]
    NotAnEmail,
    /// Fewer than 6 or more than 15 digits (ITU-T E.164).
    #[error("is not a telephone number")]
    NotAPhoneNumber,
    /// A control character.
    #[error("holds a control character")]
    ControlCharacter,
}

impl Identity {
    /// Checks and normalises a value: e-mail addresses in lower case, numbers as `+` and digits.
    ///
    /// # Errors
    /// Says what is wrong with the value, never the value.
    pub fn new(kind: IdentityKind, value: &str) -> Result<Self, IdentityError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(IdentityError::Empty);
        }
        if value.chars().count() > 255 {
            return Err(IdentityError::TooLong);
        }
        if value.chars().any(char::is_control) {
            return Err(IdentityError::ControlCharacter);
        }
        let given = Sensitive::new(value.to_owned());
        let value = match kind {
            IdentityKind::Email => normal_email(value)?,
            IdentityKind::PhoneNumber => normal_phone(value)?,
            IdentityKind::UserId | IdentityKind::ExternalId | IdentityKind::OrganizationId => value.to_owned(),
        };
        Ok(Self { kind, value: Sensitive::new(value), given })
    }
}

fn normal_email(value: &str) -> Result<String, IdentityError> {
    let (local, domain) = value.rsplit_once('@').ok_or(IdentityError::NotAnEmail)?;
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "@,;:<>()[]\"\\".contains(c));
    let labels = domain.split('.').all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-'));
    if local.chars().count() > 64 || !plain(local) || !plain(domain) || !labels || !domain.contains('.') {
        return Err(IdentityError::NotAnEmail);
    }
    Ok(value.to_lowercase())
}

fn normal_phone(value: &str) -> Result<String, IdentityError> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let others = value.chars().all(|c| c.is_ascii_digit() || "+-. ()/".contains(c));
    if !others || !(6..=15).contains(&digits.len()) {
        return Err(IdentityError::NotAPhoneNumber);
    }
    Ok(format!("+{digits}"))
}

/// A keyed hash that stands for an identity wherever the identity itself must not appear.
///
/// `HMAC-SHA-256(tenant pseudonym key, kind, normalised value)`, 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alias(String);

impl Alias {
    /// Wraps the text of a keyed hash.
    #[must_use]
    pub fn from_keyed_hash(hash: String) -> Self {
        Self(hash)
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: IdentityKind, given: &str, expected: Result<&str, IdentityError>) {
        let got = Identity::new(kind, given).map(|identity| identity.value.into_exposed());
        assert_eq!(got, expected.map(str::to_owned), "{given}");
    }

    #[test]
    fn emails_are_normalised_or_refused() {
        check(IdentityKind::Email, " Ada@Example.COM ", Ok("ada@example.com"));
        for bad in ["ada", "@example.com", "ada@", "a b@example.com", "ada@example", "ada@exa..mple.com", "a@b@c.de,"] {
            check(IdentityKind::Email, bad, Err(IdentityError::NotAnEmail));
        }
        check(IdentityKind::Email, "ada\u{0}@example.com", Err(IdentityError::ControlCharacter));
        check(IdentityKind::Email, "  ", Err(IdentityError::Empty));
    }

    #[test]
    fn phones_are_digits() {
        check(IdentityKind::PhoneNumber, "+1 (415) 555-9317", Ok("+14155559317"));
        check(IdentityKind::PhoneNumber, "call me", Err(IdentityError::NotAPhoneNumber));
        check(IdentityKind::PhoneNumber, "12345", Err(IdentityError::NotAPhoneNumber));
    }

    #[test]
    fn wire_names_read_back() {
        for kind in RequestType::ALL {
            assert_eq!(RequestType::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(RequestType::parse("Access"), None);
    }
}
