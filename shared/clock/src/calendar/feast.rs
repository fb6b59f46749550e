//! One line of a calendar file: when a holiday is, in which years, and what becomes of it on a weekend.
//! Easter is computed, so no year has to be listed.

use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// A line of a calendar file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable calendar line `{0}`")]
pub(super) struct BadLine(pub(super) String);

/// When a holiday is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The same day each year: `12-25`.
    Fixed { month: i8, day: i8 },
    /// One day of one year: `2026-06-15`.
    Once(Date),
    /// Days from Easter Sunday of the Western churches: `easter-2`.
    Easter(i32),
    /// Days from Easter Sunday of the Orthodox churches: `orthodox+1`.
    Orthodox(i32),
    /// The nth such weekday of a month, -1 for the last: `mon#3/01`.
    Nth { weekday: Weekday, nth: i8, month: i8 },
    /// The first such weekday on or after a day: `sat>=06-20`.
    OnOrAfter { weekday: Weekday, month: i8, day: i8 },
}

/// A holiday as its calendar file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feast {
    when: When,
    from: Option<i16>,
    until: Option<i16>,
    except: Vec<i16>,
    shift: Vec<(Weekday, i32)>,
    /// On a weekend the next day that is neither weekend nor holiday is held instead.
    pub(super) substitute: bool,
}

impl Feast {
    /// The day in `year`, moved where it moves by weekday, or none in a year without it.
    pub(super) fn on(&self, year: i16) -> Option<Date> {
        let excluded = self.from.is_some_and(|from| year < from)
            || self.until.is_some_and(|until| year > until)
            || self.except.contains(&year);
        if excluded {
            return None;
        }
        let date = self.when.on(year)?;
        let moved = self.shift.iter().find(|(weekday, _)| *weekday == date.weekday());
        moved.map_or(Some(date), |(_, days)| after(date, *days))
    }
}

impl When {
    fn on(self, year: i16) -> Option<Date> {
        match self {
            Self::Fixed { month, day } => Date::new(year, month, day).ok(),
            Self::Once(date) => (date.year() == year).then_some(date),
            Self::Easter(days) => after(easter(year)?, days),
            Self::Orthodox(days) => after(orthodox_easter(year)?, days),
            Self::Nth { weekday, nth, month } => {
                Date::new(year, month, 1).and_then(|first| first.nth_weekday_of_month(nth, weekday)).ok()
            }
            Self::OnOrAfter { weekday, month, day } => {
                let first = Date::new(year, month, day).ok()?;
                after(first, i32::from(first.weekday().until(weekday)))
            }
        }
    }
}

fn after(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// Easter Sunday of the Western churches (the anonymous Gregorian computus).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let m = (a + 11 * h) / 319;
    let l = (2 * (b % 4) + 2 * (c / 4) - c % 4 - h + m + 32) % 7;
    let month = (h - m + l + 90) / 25;
    let day = (h - m + l + month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Easter Sunday of the Orthodox churches (Meeus' Julian computus, told in Gregorian days).
fn orthodox_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let d = (19 * (y % 19) + 15) % 30;
    let e = (2 * (y % 4) + 4 * (y % 7) - d + 34) % 7;
    let month = i8::try_from((d + e + 114) / 31).ok()?;
    let day = i8::try_from((d + e + 114) % 31 + 1).ok()?;
    let julian = Date::new(year, month, day).ok()?;
    let lag = y / 100 - y / 400 - 2;
    julian.checked_add(lag.days()).ok()
}

impl FromStr for Feast {
    type Err = BadLine;

    fn from_str(line: &str) -> Result<Self, BadLine> {
        read(line).ok_or_else(|| BadLine(line.to_owned()))
    }
}

fn read(line: &str) -> Option<Feast> {
    let mut words = line.split_whitespace();
    let mut feast = Feast {
        when: when(words.next()?)?,
        from: None,
        until: None,
        except: Vec::new(),
        shift: Vec::new(),
        substitute: false,
    };
    let mut named = false;
    for word in words {
        match word.split_once('=') {
            Some(("from", year)) => feast.from = Some(year.parse().ok()?),
            Some(("until", year)) => feast.until = Some(year.parse().ok()?),
            Some(("except", years)) => feast.except = all(years, |year| year.parse().ok())?,
            Some(("shift", moves)) => feast.shift = all(moves, shift)?,
            Some(_) => return None,
            None if word == "substitute" && !named => feast.substitute = true,
            None => named = true,
        }
    }
    named.then_some(feast)
}

fn all<T>(list: &str, one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    list.split(',').map(one).collect()
}

fn shift(text: &str) -> Option<(Weekday, i32)> {
    Some((weekday(text.get(..3)?)?, text.get(3..)?.parse().ok()?))
}

fn when(word: &str) -> Option<When> {
    if let Some(days) = word.strip_prefix("easter") {
        return offset(days).map(When::Easter);
    }
    if let Some(days) = word.strip_prefix("orthodox") {
        return offset(days).map(When::Orthodox);
    }
    if let Some((name, rest)) = word.split_once('#') {
        let (nth, month) = rest.split_once('/')?;
        let (weekday, nth, month) = (weekday(name)?, nth.parse().ok()?, month.parse().ok()?);
        return Some(When::Nth { weekday, nth, month });
    }
    if let Some((name, rest)) = word.split_once(">=") {
        let (month, day) = month_day(rest)?;
        return Some(When::OnOrAfter { weekday: weekday(name)?, month, day });
    }
    if let Some((month, day)) = month_day(word) {
        return Some(When::Fixed { month, day });
    }
    word.parse().ok().map(When::Once)
}

fn offset(text: &str) -> Option<i32> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// `12-25`, a day that some year has.
fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    Date::new(2024, month, day).ok().map(|_| (month, day))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn check(line: &str, year: i16, expected: Option<Date>) {
        assert_eq!(line.parse::<Feast>().unwrap().on(year), expected, "{line} in {year}");
    }

    #[test]
    fn easter_is_where_the_almanac_says() {
        for (year, month, day) in
            [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25), (2285, 3, 22)]
        {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
        for (year, month, day) in [(2024, 5, 5), (2025, 4, 20), (2026, 4, 12), (2027, 5, 2), (2100, 5, 2)] {
            assert_eq!(orthodox_easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn each_way_to_say_when_is_understood() {
        check("12-25 Christmas", 2026, Some(date(2026, 12, 25)));
        check("easter-2 Good Friday", 2026, Some(date(2026, 4, 3)));
        check("thu#4/11 Thanksgiving", 2026, Some(date(2026, 11, 26)));
        check("mon#-1/05 Memorial Day", 2026, Some(date(2026, 5, 25)));
        check("sat>=06-20 Midsummer", 2026, Some(date(2026, 6, 20)));
        check("sat>=10-31 All Saints", 2027, Some(date(2027, 11, 6)));
        check("2026-06-15 Once", 2026, Some(date(2026, 6, 15)));
        check("2026-06-15 Once", 2027, None);
        check("11-20 from=2024 New", 2023, None);
        check("09-01 until=2023 Gone", 2024, None);
        check("05-08 except=2020,2026 Mostly", 2026, None);
        check("04-27 shift=sun-1 King", 2025, Some(date(2025, 4, 26)));
        check("02-29 Leap", 2027, None);
    }

    #[test]
    fn an_unreadable_line_is_refused() {
        for line in [
            "",
            "12-25",
            "13-01 No month",
            "02-30 No day",
            "fry#1/05 No weekday",
            "12-25 form=2020 Typo",
            "12-25 shift=é+1 No weekday",
        ] {
            assert!(line.parse::<Feast>().is_err(), "{line}");
        }
    }
}
