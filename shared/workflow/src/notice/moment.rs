//! Days and times as the controller's time zone has them, spelled in the language of whoever reads.

use domain::notice::Language;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// An instant where the controller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment(Zoned);

impl Moment {
    /// The instant in this time zone.
    #[must_use]
    pub fn of(at: Timestamp, timezone: &TimeZone) -> Self {
        Self(at.to_zoned(timezone.clone()))
    }

    /// The day, as `2026-03-31`.
    #[must_use]
    pub fn day(&self) -> String {
        self.0.date().to_string()
    }

    /// The day in words.
    #[must_use]
    pub fn day_in(&self, language: Language) -> String {
        let (day, year) = (self.0.day(), self.0.year());
        let month = month(language, self.0.month());
        match language {
            Language::En => format!("{day} {month} {year}"),
            Language::De => format!("{day}. {month} {year}"),
            Language::Fr if day == 1 => format!("1er {month} {year}"),
            Language::Fr => format!("{day} {month} {year}"),
            Language::Es => format!("{day} de {month} de {year}"),
        }
    }

    /// Day, time and time zone in words: whoever reads may be elsewhere.
    #[must_use]
    pub fn time_in(&self, language: Language) -> String {
        let (day, zone) = (self.day_in(language), self.zone());
        let (hour, minute) = (self.0.hour(), self.0.minute());
        match language {
            Language::En | Language::Es => format!("{day}, {hour:02}:{minute:02} ({zone})"),
            Language::De => format!("{day}, {hour:02}:{minute:02} Uhr ({zone})"),
            Language::Fr => format!("{day} à {hour:02} h {minute:02} ({zone})"),
        }
    }

    /// `Europe/Berlin`; the offset where the zone has no name.
    fn zone(&self) -> String {
        let zone = self.0.time_zone();
        zone.iana_name().map_or_else(|| format!("UTC{}", self.0.offset()), str::to_owned)
    }
}

fn month(language: Language, number: i8) -> &'static str {
    let names = match language {
        Language::En => [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        Language::De => [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        Language::Fr => [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        Language::Es => [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
    };
    usize::try_from(number - 1).ok().and_then(|at| names.get(at)).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: &str, zone: &str) -> Moment {
        Moment::of(at.parse().unwrap(), &TimeZone::get(zone).unwrap())
    }

    #[test]
    fn a_day_is_the_day_where_the_controller_is() {
        for (at, zone, day) in [
            ("2026-03-31T21:59:59Z", "Europe/Berlin", "2026-03-31"),
            ("2026-03-31T22:00:00Z", "Europe/Berlin", "2026-04-01"),
            ("2026-04-01T06:59:59Z", "America/Los_Angeles", "2026-03-31"),
            ("2026-03-31T23:59:59Z", "UTC", "2026-03-31"),
        ] {
            assert_eq!(moment(at, zone).day(), day, "{at} {zone}");
        }
    }

    #[test]
    fn days_and_times_are_spelled_in_each_language() {
        let moment = moment("2026-03-01T08:05:00Z", "Europe/Berlin");
        let spelled = Language::ALL.iter().map(|language| moment.time_in(*language)).collect::<Vec<_>>();
        assert_eq!(
            spelled,
            [
                "1 March 2026, 09:05 (Europe/Berlin)",
                "1. März 2026, 09:05 Uhr (Europe/Berlin)",
                "1er mars 2026 à 09 h 05 (Europe/Berlin)",
                "1 de marzo de 2026, 09:05 (Europe/Berlin)",
            ]
        );
    }
}
