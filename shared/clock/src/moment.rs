//! Reads a date or an instant as people write them; only the time zone decides when a date begins.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The text is neither a date nor an instant with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 2026-01-31 or an instant with its offset such as 2026-01-31T09:30:00+01:00")]
pub struct MomentError;

/// The instant `text` names: an RFC 3339 instant as it is, a date as its first instant in `timezone`.
///
/// # Errors
/// [`MomentError`] where the text is neither, or lies outside the calendar.
pub fn moment(text: &str, timezone: &TimeZone) -> Result<Timestamp, MomentError> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    if text.len() != "2026-01-31".len() {
        return Err(MomentError);
    }
    let date: Date = text.parse().map_err(|_| MomentError)?;
    let start = date.to_zoned(timezone.clone()).map_err(|_| MomentError)?;
    Ok(start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_begins_where_the_time_zone_says() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let read = moment("2026-07-01", &berlin).unwrap();
        assert_eq!(read.to_string(), "2026-06-30T22:00:00Z");
    }

    #[test]
    fn an_instant_is_the_same_in_any_notation() {
        let zone = TimeZone::UTC;
        let expected = moment("2026-03-28T21:30:00Z", &zone);
        assert!(expected.is_ok());
        assert_eq!(moment("2026-03-28T22:30+01:00", &zone), expected);
        assert_eq!(moment("2026-03-28T14:30:00-07:00", &zone), expected);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "yesterday", "2026-02-30", "2026-01-31T09:30", "31.01.2026", "2026-1-31", "ééééé"] {
            assert_eq!(moment(text, &TimeZone::UTC), Err(MomentError), "{text}");
        }
    }
}
