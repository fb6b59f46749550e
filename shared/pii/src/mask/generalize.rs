//! Generalisation of single values (V10): years, regions, networks.

use std::net::IpAddr;

use crate::detect::PiiType;

/// The value made coarser, or nothing where its type has no coarser form.
#[must_use]
pub fn generalized(kind: PiiType, value: &str) -> Option<String> {
    match kind {
        PiiType::DateOfBirth => Some(year(value).unwrap_or_else(|| "[DATE]".to_owned())),
        PiiType::Address => value.rsplit(',').map(str::trim).find(|part| !part.is_empty()).map(ToOwned::to_owned),
        PiiType::IpAddress => network(value),
        PiiType::Email
        | PiiType::Phone
        | PiiType::CreditCard
        | PiiType::Iban
        | PiiType::BankAccount
        | PiiType::Ssn
        | PiiType::Passport
        | PiiType::DriversLicense
        | PiiType::MedicalRecord
        | PiiType::NationalId
        | PiiType::MacAddress
        | PiiType::Url
        | PiiType::Secret
        | PiiType::Name
        | PiiType::CryptoAddress => None,
    }
}

/// The one group of four digits that is a year of our time.
fn year(value: &str) -> Option<String> {
    let groups = value.split(|letter: char| !letter.is_ascii_digit());
    groups
        .filter(|group| group.len() == 4)
        .find(|group| group.starts_with("19") || group.starts_with("20"))
        .map(ToOwned::to_owned)
}

fn network(value: &str) -> Option<String> {
    match value.trim().parse().ok()? {
        IpAddr::V4(address) => {
            let [a, b, _, _] = address.octets();
            Some(format!("{a}.{b}.0.0"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_coarser() {
        let check = |kind, value, expected: &str| assert_eq!(generalized(kind, value).as_deref(), Some(expected));
        check(PiiType::DateOfBirth, "1990-02-03", "1990");
        check(PiiType::DateOfBirth, "3 February 1990", "1990");
        check(PiiType::DateOfBirth, "soon", "[DATE]");
        check(PiiType::Address, "1 High Street, York, Yorkshire", "Yorkshire");
        check(PiiType::IpAddress, "192.168.1.7", "192.168.0.0");
        check(PiiType::IpAddress, "2001:db8:1:2::7", "2001:db8:1::/48");
        assert_eq!(generalized(PiiType::Email, "a@example.com"), None);
        assert_eq!(generalized(PiiType::IpAddress, "nowhere"), None);
    }
}
