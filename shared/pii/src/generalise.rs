//! Single values made coarser: dates, numbers, addresses of networks and of the post; hierarchies are in `anonymity`.
//! A coarser value alone promises nothing about a data set; k-anonymity does.

use std::net::IpAddr;

use jiff::civil::Date;

/// Why a value can't be made coarser; publish a placeholder then, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GeneraliseError {
    /// No date as `YYYY-MM-DD`.
    #[error("the value is no date in the form YYYY-MM-DD")]
    NotADate,
    /// Text, NaN or infinity.
    #[error("the value is not a finite number")]
    NotANumber,
    /// No IPv4 or IPv6 address.
    #[error("the value is no IP address")]
    NotAnAddress,
    /// A width or prefix that can't be meant.
    #[error("the width or prefix is out of range")]
    OutOfRange,
}

/// How much of a date stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// `2024-03`.
    Month,
    /// `2024-Q1`.
    Quarter,
    /// `2024`.
    Year,
    /// `2020s`.
    Decade,
}

/// The part of a date that stays; a date with a time loses the time.
///
/// # Errors
/// What is no date.
pub fn date(value: &str, part: DatePart) -> Result<String, GeneraliseError> {
    let day = value.get(..10).ok_or(GeneraliseError::NotADate)?;
    let is_alone = value[10..].is_empty() || value[10..].starts_with(['T', ' ']);
    let date: Date = day.parse().map_err(|_| GeneraliseError::NotADate)?;
    if !is_alone {
        return Err(GeneraliseError::NotADate);
    }
    let (year, month) = (date.year(), date.month());
    Ok(match part {
        DatePart::Month => format!("{year:04}-{month:02}"),
        DatePart::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        DatePart::Year => format!("{year:04}"),
        DatePart::Decade => format!("{:04}s", year - year.rem_euclid(10)),
    })
}

/// The band of a whole number: `30..39` for 34 and a width of 10.
///
/// # Errors
/// A width of 0, or a band beyond 64 bits.
pub fn band(value: i64, width: u32) -> Result<String, GeneraliseError> {
    if width == 0 {
        return Err(GeneraliseError::OutOfRange);
    }
    let width = i64::from(width);
    let low = value.checked_sub(value.rem_euclid(width)).ok_or(GeneraliseError::OutOfRange)?;
    let high = low.checked_add(width - 1).ok_or(GeneraliseError::OutOfRange)?;
    Ok(if width == 1 { low.to_string() } else { format!("{low}..{high}") })
}

/// The band of an age, and `90+` for the very old (45 CFR 164.514(b)(2)(i)(C)).
///
/// # Errors
/// A width of 0.
pub fn age(years: u16, width: u32) -> Result<String, GeneraliseError> {
    if years >= 90 {
        return if width == 0 { Err(GeneraliseError::OutOfRange) } else { Ok("90+".to_owned()) };
    }
    band(i64::from(years), width)
}

/// A number rounded to a multiple of `step`.
///
/// # Errors
/// NaN, infinity, or a step that is not above 0.
pub fn rounded(value: f64, step: f64) -> Result<f64, GeneraliseError> {
    if !(step.is_finite() && step > 0.0) {
        return Err(GeneraliseError::OutOfRange);
    }
    let rounded = (value / step).round() * step;
    if rounded.is_finite() { Ok(rounded) } else { Err(GeneraliseError::NotANumber) }
}

/// An IP address with its last bits cleared, such as 16 for IPv4 and 48 for IPv6.
///
/// An IPv4 address written as IPv6 is treated as IPv4.
///
/// # Errors
/// No address, or a prefix longer than one.
pub fn ip_prefix(value: &str, bits_of_v4: u32, bits_of_v6: u32) -> Result<String, GeneraliseError> {
    if bits_of_v4 > 32 || bits_of_v6 > 128 {
        return Err(GeneraliseError::OutOfRange);
    }
    let address: IpAddr = value.trim().parse().map_err(|_| GeneraliseError::NotAnAddress)?;
    Ok(match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - bits_of_v4).unwrap_or(0);
            std::net::Ipv4Addr::from_bits(address.to_bits() & mask).to_string()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - bits_of_v6).unwrap_or(0);
            std::net::Ipv6Addr::from_bits(address.to_bits() & mask).to_string()
        }
    })
}

/// A postal code of which the first `kept` letters and digits stay; each later one becomes `*`.
///
/// How many people live behind what stays has to be looked up by the caller (45 CFR 164.514(b)(2)(i)(B) asks for 20,000).
#[must_use]
pub fn postal_code(value: &str, kept: usize) -> String {
    let mut seen = 0;
    let coarser = value.trim().chars().map(|character| {
        seen += usize::from(character.is_alphanumeric());
        if seen > kept && character.is_alphanumeric() { '*' } else { character }
    });
    coarser.collect()
}

/// The last part of an address between commas: its region; nothing if there is only one part.
#[must_use]
pub fn region(address: &str) -> Option<&str> {
    let (_, last) = address.trim().rsplit_once(',')?;
    Some(last.trim()).filter(|last| !last.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_what_was_asked_for() {
        let of = |part| date("1987-05-09", part).unwrap();
        assert_eq!(
            [DatePart::Month, DatePart::Quarter, DatePart::Year, DatePart::Decade].map(of),
            ["1987-05", "1987-Q2", "1987", "1980s"]
        );
        assert_eq!(date("2024-02-29T10:00:00Z", DatePart::Year).unwrap(), "2024");
        for value in ["", "1987", "1987-02-30", "1987-05-091", "üüüüüüüüü", "1987-05-ü9"] {
            assert_eq!(date(value, DatePart::Year), Err(GeneraliseError::NotADate), "{value}");
        }
    }

    #[test]
    fn bands_hold_their_number_below_zero_too() {
        assert_eq!(band(34, 10).unwrap(), "30..39");
        assert_eq!(band(-1, 10).unwrap(), "-10..-1");
        assert_eq!(band(7, 1).unwrap(), "7");
        for (value, width) in [(1, 0), (i64::MIN, 10), (i64::MAX, 10)] {
            assert_eq!(band(value, width), Err(GeneraliseError::OutOfRange));
        }
        assert_eq!([age(89, 5).unwrap(), age(90, 5).unwrap()], ["85..89", "90+"]);
        assert_eq!(rounded(1234.0, 100.0).unwrap(), 1200.0);
        assert_eq!(rounded(f64::NAN, 1.0), Err(GeneraliseError::NotANumber));
        assert_eq!(rounded(1.0, f64::NAN), Err(GeneraliseError::OutOfRange));
    }

    #[test]
    fn addresses_lose_their_last_bits() {
        let of = |value| ip_prefix(value, 16, 48).unwrap();
        assert_eq!(of("203.0.113.9"), "203.0.0.0");
        assert_eq!(of("2001:db8:1:2::3"), "2001:db8:1::");
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.0.0");
        assert_eq!(ip_prefix("1.2.3.4", 0, 0).unwrap(), "0.0.0.0");
        assert_eq!(ip_prefix("1.2.3.4", 33, 0), Err(GeneraliseError::OutOfRange));
        assert_eq!(ip_prefix("1.2.3", 8, 8), Err(GeneraliseError::NotAnAddress));
    }

    #[test]
    fn postal_codes_and_regions() {
        assert_eq!(postal_code("10115", 2), "10***");
        assert_eq!(postal_code("SW1A 1AA", 3), "SW1* ***");
        assert_eq!(region("1 Main St, Springfield, IL"), Some("IL"));
        assert_eq!([region("Main St"), region("Main St,")], [None, None]);
    }
}
