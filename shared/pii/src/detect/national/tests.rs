//! Published sample numbers of each country, and neighbours that must fail.

use crate::detect::{PiiType, Scanner};

fn country_of(text: &str) -> Option<&'static str> {
    let matches = Scanner::new().scan_text(text);
    matches.iter().find(|found| found.kind == PiiType::NationalId).and_then(|found| found.country)
}

#[test]
fn numbers_of_each_country_are_found() {
    let samples = [
        ("NHS number 943 476 5919", "GB"),
        ("my SIN is 046 454 286", "CA"),
        ("BSN: 111222333", "NL"),
        ("PESEL 44051401359", "PL"),
        ("CPF 529.982.247-25", "BR"),
        ("Aadhaar 2345 6789 0124", "IN"),
        ("DNI 12345678Z", "ES"),
        ("NIE X1234567L", "ES"),
        ("codice fiscale RSSMRA85T10A562S", "IT"),
        ("sécurité sociale 2 55 08 14 168 025 38", "FR"),
        ("AHV 756.9217.0769.85", "CH"),
        ("Steuer-ID 86095742719", "DE"),
        ("My Number 123456789018", "JP"),
        ("national insurance QQ123456C or AB123456C", "GB"),
    ];
    for (text, country) in samples {
        assert_eq!(country_of(text), Some(country), "{text}");
    }
}

#[test]
fn a_wrong_check_digit_is_none() {
    for text in ["PESEL 44051401358", "CPF 529.982.247-26", "DNI 12345678A", "AHV 756.9217.0769.84", "RSSMRA85T10A562T"]
    {
        assert_eq!(country_of(text), None, "{text}");
    }
}

#[test]
fn ranges_never_issued_are_no_social_security_numbers() {
    let found = |text: &str| Scanner::new().scan_text(text).iter().any(|found| found.kind == PiiType::Ssn);
    assert!(found("ssn 123-45-6789"));
    for text in ["ssn 000-12-3456", "ssn 666-12-3456", "ssn 912-12-3456", "ssn 123-00-4567", "ssn 123-45-0000"] {
        assert!(!found(text), "{text}");
    }
}
