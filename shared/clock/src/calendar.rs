//! Calendars: which days are no working days, by name, with a tenant's own days added.
//! The holidays themselves are lines in `calendars/*.txt`.

mod feast;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use feast::{BadLine, Feast};

type Book = BTreeMap<&'static str, Vec<Feast>>;

const FILES: [&str; 4] = [
    include_str!("../calendars/eu.txt"),
    include_str!("../calendars/uk.txt"),
    include_str!("../calendars/us.txt"),
    include_str!("../calendars/br.txt"),
];

static BOOK: LazyLock<Book> =
    LazyLock::new(|| book(&FILES).expect("a test reads every line of the embedded calendars"));

static NEW_YEAR: LazyLock<Feast> = LazyLock::new(|| "01-01 New Year's Day".parse().expect("the line is well formed"));

/// Saturdays, Sundays, the holidays of one place and the days a tenant added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    feasts: Vec<Feast>,
    extra_days: BTreeSet<Date>,
}

/// The name of a calendar, or a day added to it, that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No calendar has this name.
    #[error("unknown calendar, expected weekends, eu/<state>, uk/<nation>, us/federal or br/national")]
    UnknownName,
    /// What follows a `+` is neither a date nor `new-year`.
    #[error("unknown addition to the calendar, expected a date such as 2026-05-04 or new-year")]
    UnknownAddition,
}

/// The names [`Calendar::from_str`] knows, besides `weekends` and its other name `none`.
pub fn calendar_names() -> impl Iterator<Item = &'static str> {
    BOOK.keys().copied()
}

impl Calendar {
    /// Saturdays and Sundays alone.
    #[must_use]
    pub fn weekends() -> Self {
        Self { name: "weekends".to_owned(), feasts: Vec::new(), extra_days: BTreeSet::new() }
    }

    /// The same calendar with the days a tenant closes besides.
    #[must_use]
    pub fn with_extra_days(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.extra_days.extend(days);
        self
    }

    /// The name it was asked for by, without the days added later.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether people are expected to work on `date`.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        !is_weekend(date) && !self.extra_days.contains(&date) && !self.is_holiday(date)
    }

    /// The holidays held in or carried over from `year`, substitute days included, in order.
    #[must_use]
    pub fn holidays(&self, year: i16) -> BTreeSet<Date> {
        let mut held: BTreeSet<Date> = BTreeSet::new();
        let mut displaced = Vec::new();
        for feast in &self.feasts {
            match feast.on(year) {
                Some(date) if feast.substitute && is_weekend(date) => displaced.push(date),
                Some(date) => {
                    held.insert(date);
                }
                None => {}
            }
        }
        displaced.sort_unstable();
        for date in displaced {
            let substitute =
                date.series(jiff::Span::new().days(1)).find(|day| !is_weekend(*day) && !held.contains(day));
            held.extend(substitute);
        }
        held
    }

    /// The next working day on or after `date`, or none at the end of the calendar.
    pub(crate) fn working_day_from(&self, date: Date) -> Option<Date> {
        date.series(jiff::Span::new().days(1)).find(|day| self.is_working_day(*day))
    }

    /// The nth working day after `date`, which is not counted itself.
    pub(crate) fn working_days_after(&self, date: Date, count: i32) -> Option<Date> {
        let mut day = date;
        for _ in 0..count {
            day = self.working_day_from(day.tomorrow().ok()?)?;
        }
        Some(day)
    }

    /// A holiday is listed under the year its feast belongs to, which may be the next one (1 January held on 31 December).
    fn is_holiday(&self, date: Date) -> bool {
        let year = date.year();
        self.holidays(year).contains(&date)
            || (date.month() == 12 && self.holidays(year.saturating_add(1)).contains(&date))
            || (date.month() == 1 && self.holidays(year.saturating_sub(1)).contains(&date))
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl FromStr for Calendar {
    type Err = CalendarError;

    /// Reads a name such as `eu/de`, and what is added to it: `weekends+new-year`, `uk/england+2026-07-01`.
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let mut parts = text.split('+');
        let base = parts.next().unwrap_or_default();
        let mut calendar = match base {
            "weekends" | "none" => Self::weekends(),
            name => Self {
                name: String::new(),
                feasts: BOOK.get(name).ok_or(CalendarError::UnknownName)?.clone(),
                extra_days: BTreeSet::new(),
            },
        };
        text.clone_into(&mut calendar.name);
        for part in parts {
            if part == "new-year" {
                calendar.feasts.push(NEW_YEAR.clone());
            } else {
                let day = part.parse().map_err(|_| CalendarError::UnknownAddition)?;
                calendar.extra_days.insert(day);
            }
        }
        Ok(calendar)
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn book(files: &[&'static str]) -> Result<Book, BadLine> {
    let mut book = Book::new();
    for file in files {
        let mut names: Vec<&'static str> = Vec::new();
        for line in file.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                names = heading.split_whitespace().collect();
                continue;
            }
            let feast: Feast = line.parse()?;
            if names.is_empty() {
                return Err(BadLine(line.to_owned()));
            }
            for name in &names {
                book.entry(name).or_default().push(feast.clone());
            }
        }
    }
    Ok(book)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_embedded_calendars_is_read() {
        let book = book(&FILES).unwrap();
        let states = book.keys().filter(|name| name.starts_with("eu/")).count();
        assert_eq!(states, 27);
        assert_eq!(book.len(), 27 + 4 + 1 + 1);
    }

    #[test]
    fn a_line_outside_any_calendar_is_refused() {
        assert!(book(&["01-01 New Year's Day"]).is_err());
    }
}
