//! The types of personal data and their names on the wire (R-PII-1, V9).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a match is; the wire name is the lower-case word, and none is ever renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PiiType {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A payment card number.
    CreditCard,
    /// An international bank account number (ISO 13616).
    Iban,
    /// A national account or routing number.
    BankAccount,
    /// A social security number of the United States.
    Ssn,
    /// A passport number or machine-readable zone.
    Passport,
    /// The number of a driving licence.
    DriversLicense,
    /// The number of a medical record.
    MedicalRecord,
    /// A national identity, tax or insurance number; the match names its country.
    NationalId,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A hardware address.
    MacAddress,
    /// A web or service address, with or without credentials in it.
    Url,
    /// A password, key or token.
    Secret,
    /// A date of birth.
    DateOfBirth,
    /// The name of a person.
    Name,
    /// A postal address or a part of one.
    Address,
    /// An address of a crypto currency.
    CryptoAddress,
}

/// The name is none of a type of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such type of personal data")]
pub struct UnknownPiiType;

impl PiiType {
    /// Every type, in the order of the wire documentation.
    pub const ALL: [Self; 18] = [
        Self::Email,
        Self::Phone,
        Self::CreditCard,
        Self::Iban,
        Self::BankAccount,
        Self::Ssn,
        Self::Passport,
        Self::DriversLicense,
        Self::MedicalRecord,
        Self::NationalId,
        Self::IpAddress,
        Self::MacAddress,
        Self::Url,
        Self::Secret,
        Self::DateOfBirth,
        Self::Name,
        Self::Address,
        Self::CryptoAddress,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::CreditCard => "credit_card",
            Self::Iban => "iban",
            Self::BankAccount => "bank_account",
            Self::Ssn => "ssn",
            Self::Passport => "passport",
            Self::DriversLicense => "drivers_license",
            Self::MedicalRecord => "medical_record",
            Self::NationalId => "national_id",
            Self::IpAddress => "ip_address",
            Self::MacAddress => "mac_address",
            Self::Url => "url",
            Self::Secret => "secret",
            Self::DateOfBirth => "date_of_birth",
            Self::Name => "name",
            Self::Address => "address",
            Self::CryptoAddress => "crypto_address",
        }
    }
}

impl fmt::Display for PiiType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for PiiType {
    type Err = UnknownPiiType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownPiiType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_from_its_wire_name() {
        for kind in PiiType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert_eq!("e-mail".parse::<PiiType>(), Err(UnknownPiiType));
    }
}
