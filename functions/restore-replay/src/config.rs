//! What of the settings this function uses.

use clock::Calendar;
use jiff::tz::TimeZone;
use lambda_kit::{Settings, StartError};
use workflow::legal_clock::LegalClock;

/// Due dates as the settings say.
///
/// # Errors
/// Names a time zone or calendar that is not known.
pub fn legal_clock(settings: &Settings) -> Result<LegalClock, StartError> {
    let timezone = TimeZone::get(&settings.timezone)
        .map_err(|_| StartError::because("HABEAS_TIMEZONE names no time zone that is known here"))?;
    let calendar = settings.holiday_calendar.as_deref().map(str::parse::<Calendar>).transpose();
    let calendar = calendar.map_err(|error| StartError::because(format!("HABEAS_HOLIDAY_CALENDAR {error}")))?;
    Ok(LegalClock { timezone, calendar, response_days: u16::try_from(settings.response_days).unwrap_or(30) })
}
