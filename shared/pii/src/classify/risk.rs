//! Risk scores from 0 to 100 for a record, a column and a data set (R-PII-8); a higher one is worse.

use crate::detect::{Match, PiiType};

/// Share of the way to certain harm that one value of the type goes.
const fn weight(kind: PiiType) -> f64 {
    match kind {
        PiiType::Secret | PiiType::Ssn | PiiType::CreditCard | PiiType::MedicalRecord | PiiType::NationalId => 0.6,
        PiiType::Passport | PiiType::Iban | PiiType::BankAccount | PiiType::DriversLicense => 0.45,
        PiiType::Email | PiiType::Phone | PiiType::DateOfBirth | PiiType::Address => 0.25,
        PiiType::Name | PiiType::CryptoAddress => 0.2,
        PiiType::IpAddress | PiiType::MacAddress => 0.12,
        PiiType::Url => 0.02,
    }
}

/// The risk of one record: each type counts once, by its most certain match, and types together more than each.
#[must_use]
pub fn record_risk(matches: &[Match]) -> f64 {
    let left: f64 = PiiType::ALL
        .into_iter()
        .filter_map(|kind| {
            let most = matches.iter().filter(|found| found.kind == kind).map(|found| found.confidence.as_f64());
            most.reduce(f64::max).map(|confidence| 1.0 - weight(kind) * confidence)
        })
        .product();
    100.0 * (1.0 - left)
}

/// The risk of a column whose values hold the type in this share of its rows.
#[must_use]
pub fn column_risk(kind: PiiType, share: f64) -> f64 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    // One address among a thousand rows is a leak already; the share counts by its root.
    100.0 * weight(kind) * share.sqrt()
}

/// What is known of a data set before its risk is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataSetShape {
    /// Columns that identify a person on their own or together.
    pub identifying_columns: usize,
    /// All columns.
    pub columns: usize,
    /// Share of rows that are alone with their quasi-identifiers.
    pub unique_share: f64,
    /// Rows in the smallest group of equal quasi-identifiers.
    pub k: usize,
}

/// The risk of a data set: the share of identifying columns, of unique rows, and one in k.
#[must_use]
pub fn data_set_risk(shape: &DataSetShape) -> f64 {
    let (identifying, columns) = (shape.identifying_columns.min(shape.columns), shape.columns.max(1));
    let ratio = |part: usize, whole: usize| {
        f64::from(u32::try_from(part).unwrap_or(u32::MAX)) / f64::from(u32::try_from(whole).unwrap_or(u32::MAX))
    };
    let unique = if shape.unique_share.is_finite() { shape.unique_share.clamp(0.0, 1.0) } else { 1.0 };
    let reidentified = if shape.k == 0 { 1.0 } else { ratio(1, shape.k) };
    100.0 * (0.4 * ratio(identifying, columns) + 0.3 * unique + 0.3 * reidentified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Scanner;

    #[test]
    fn more_types_are_more_risk_and_none_is_none() {
        let scanner = Scanner::new();
        let one = record_risk(&scanner.scan_text("a@example.com"));
        let two = record_risk(&scanner.scan_text("a@example.com 123-45-6789"));
        assert!(0.0 < one && one < two && two < 100.0);
        assert!(record_risk(&[]).abs() < f64::EPSILON);
    }

    #[test]
    fn larger_groups_are_less_risk() {
        let at = |k| data_set_risk(&DataSetShape { identifying_columns: 2, columns: 8, unique_share: 0.0, k });
        assert!(at(1) > at(5) && at(5) > at(50));
        let odd = DataSetShape { identifying_columns: 9, columns: 0, unique_share: f64::NAN, k: 0 };
        assert!((0.0..=100.0).contains(&data_set_risk(&odd)));
        assert!(column_risk(PiiType::Ssn, f64::NAN).abs() < f64::EPSILON);
    }
}
