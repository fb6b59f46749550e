//! Classes of data and what they cost if they leak: by field name, by type, by what stands together (R-PII-4, V11).

use serde::{Deserialize, Serialize};

use crate::detect::{Match, PiiType};

mod risk;

pub use risk::{DataSetShape, column_risk, data_set_risk, record_risk};

/// How data is to be treated; the order is that of V11, the highest class wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Everybody may see it.
    Public,
    /// Nothing says more: the default.
    Internal,
    /// It tells of a person.
    Confidential,
    /// It harms a person at once.
    HighlyConfidential,
}

const HIGHEST: [&str; 6] = ["password", "secret", "private_key", "ssn", "credit_card", "medical_record"];
const CONFIDENTIAL: [&str; 14] = [
    "email",
    "phone",
    "social_security",
    "address",
    "zip_code",
    "postal_code",
    "bank_account",
    "routing_number",
    "account_number",
    "api_key",
    "token",
    "certificate",
    "diagnosis",
    "prescription",
];

impl Class {
    /// The class a field's name gives: part of the name, whatever its case.
    #[must_use]
    pub fn of_field(name: &str) -> Self {
        let name = name.to_lowercase().replace(['-', ' '], "_");
        let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if holds(&HIGHEST) {
            Self::HighlyConfidential
        } else if holds(&CONFIDENTIAL) {
            Self::Confidential
        } else {
            Self::Internal
        }
    }

    /// The class of a value of this type.
    #[must_use]
    pub const fn of_type(kind: PiiType) -> Self {
        match kind {
            PiiType::Ssn
            | PiiType::CreditCard
            | PiiType::MedicalRecord
            | PiiType::Secret
            | PiiType::NationalId
            | PiiType::Passport => Self::HighlyConfidential,
            PiiType::Email
            | PiiType::Phone
            | PiiType::Iban
            | PiiType::BankAccount
            | PiiType::DriversLicense
            | PiiType::IpAddress
            | PiiType::MacAddress
            | PiiType::DateOfBirth
            | PiiType::Name
            | PiiType::Address
            | PiiType::CryptoAddress => Self::Confidential,
            PiiType::Url => Self::Internal,
        }
    }

    /// The class of a record: its highest, and the highest of all where a name, a birth and an address stand together.
    #[must_use]
    pub fn of_record(matches: &[Match]) -> Self {
        let has = |kind: PiiType| matches.iter().any(|found| found.kind == kind);
        let identified =
            has(PiiType::Name) && has(PiiType::DateOfBirth) && (has(PiiType::Address) || has(PiiType::Email));
        if identified {
            return Self::HighlyConfidential;
        }
        matches.iter().map(|found| found.classification).max().unwrap_or(Self::Internal)
    }

    /// The value as this class may be shown (V11); empty values stay as they are.
    #[must_use]
    pub fn shown(self, value: &str) -> String {
        let letters: Vec<char> = value.chars().collect();
        match self {
            Self::Public | Self::Internal => value.to_owned(),
            Self::Confidential | Self::HighlyConfidential if letters.is_empty() => String::new(),
            Self::HighlyConfidential => "***REDACTED***".to_owned(),
            Self::Confidential if letters.len() > 8 => {
                letters[..4].iter().chain(&['.', '.', '.']).chain(&letters[letters.len() - 4..]).collect()
            }
            Self::Confidential => "***".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_gives_the_class_and_the_highest_wins() {
        assert_eq!(Class::of_field("user_SSN"), Class::HighlyConfidential);
        assert_eq!(Class::of_field("email_password"), Class::HighlyConfidential);
        assert_eq!(Class::of_field("Postal-Code"), Class::Confidential);
        assert_eq!(Class::of_field("colour"), Class::Internal);
        assert_eq!(serde_json::to_string(&Class::HighlyConfidential).unwrap(), "\"highly_confidential\"");
    }

    #[test]
    fn values_are_shown_by_class() {
        assert_eq!(Class::HighlyConfidential.shown("123-45-6789"), "***REDACTED***");
        assert_eq!(Class::Confidential.shown("12345678"), "***");
        assert_eq!(Class::Confidential.shown("123456789"), "1234...6789");
        assert_eq!(Class::Confidential.shown(""), "");
        assert_eq!(Class::Internal.shown("blue"), "blue");
    }
}
