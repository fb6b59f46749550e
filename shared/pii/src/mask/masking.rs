//! Masking per type (V10): what stays visible is the least that lets its owner know it again.

use crate::detect::PiiType;

const STAR: char = '*';

/// The value with asterisks for all but what its type lets stay; never shows more of a value that is masked already.
#[must_use]
pub fn masked(kind: PiiType, value: &str) -> String {
    match kind {
        PiiType::Email => email(value),
        PiiType::Phone | PiiType::CreditCard => last_digits(value, 4),
        PiiType::Ssn => social_security(value),
        PiiType::Iban
        | PiiType::BankAccount
        | PiiType::Passport
        | PiiType::DriversLicense
        | PiiType::MedicalRecord
        | PiiType::NationalId
        | PiiType::IpAddress
        | PiiType::MacAddress
        | PiiType::Url
        | PiiType::DateOfBirth
        | PiiType::Name
        | PiiType::Address
        | PiiType::CryptoAddress => ends(value),
        PiiType::Secret => stars(value.chars().count().min(8)),
    }
}

fn stars(count: usize) -> String {
    STAR.to_string().repeat(count)
}

/// `email@example.com` becomes `e***l@example.com`.
fn email(value: &str) -> String {
    let Some((local, domain)) = value.rsplit_once('@') else { return ends(value) };
    let letters: Vec<char> = local.chars().collect();
    let local = match letters[..] {
        [first, .., last] if letters.len() > 2 => format!("{first}{}{last}", stars(letters.len() - 2)),
        _ => stars(letters.len()),
    };
    format!("{local}@{domain}")
}

/// `555-123-4567` becomes `***-***-4567`: separators stay, and the last digits where there are more than them.
fn last_digits(value: &str, shown: usize) -> String {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let hidden = if digits > shown { digits - shown } else { digits };
    let mut seen = 0;
    value
        .chars()
        .map(|letter| {
            if letter.is_ascii_digit() {
                seen += 1;
                return if seen <= hidden { STAR } else { letter };
            }
            if letter.is_alphanumeric() { STAR } else { letter }
        })
        .collect()
}

/// `123-45-6789` becomes `***-**-6789`, also where it came without hyphens.
fn social_security(value: &str) -> String {
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    match digits[..] {
        [.., a, b, c, d] if digits.len() == 9 => format!("***-**-{a}{b}{c}{d}"),
        _ => stars(value.chars().count()),
    }
}

/// More than six characters: the first two and the last two stay.
fn ends(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    if letters.len() <= 6 {
        return stars(letters.len());
    }
    let hidden = stars(letters.len() - 4);
    letters[..2].iter().copied().chain(hidden.chars()).chain(letters[letters.len() - 2..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(kind: PiiType, value: &str, expected: &str) {
        assert_eq!(masked(kind, value), expected);
    }

    #[test]
    fn forms_are_those_of_the_values() {
        check(PiiType::Email, "email@example.com", "e***l@example.com");
        check(PiiType::Email, "ab@example.com", "**@example.com");
        check(PiiType::Email, "abc@example.com", "a*c@example.com");
        check(PiiType::Phone, "555-123-4567", "***-***-4567");
        check(PiiType::Phone, "+1 (555) 123-4567", "+* (***) ***-4567");
        check(PiiType::CreditCard, "1234-5678-9012-3456", "****-****-****-3456");
        check(PiiType::CreditCard, "4111111111111111", "************1111");
        check(PiiType::Ssn, "123-45-6789", "***-**-6789");
        check(PiiType::Ssn, "123456789", "***-**-6789");
        check(PiiType::Passport, "X12345678", "X1*****78");
        check(PiiType::Name, "Müller", "******");
        check(PiiType::Name, "", "");
    }

    proptest! {
        #[test]
        fn masking_again_shows_no_more(value in any::<String>(), at in 0..PiiType::ALL.len()) {
            let kind = PiiType::ALL[at];
            let visible = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).count();
            let once = masked(kind, &value);
            let twice = masked(kind, &once);
            prop_assert!(visible(&once) <= visible(&value));
            prop_assert!(visible(&twice) <= visible(&once));
        }
    }
}
