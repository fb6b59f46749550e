//! Years checked by hand against the published lists of holidays.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

use clock::{Calendar, CalendarError, calendar_names};

#[track_caller]
fn check(calendar: &str, year: i16, days: &str) {
    let calendar: Calendar = calendar.parse().unwrap();
    let held: Vec<String> = calendar.holidays(year).into_iter().map(|day| day.strftime("%m-%d").to_string()).collect();
    assert_eq!(held.join(" "), days);
}

#[test]
fn england_has_substitute_and_one_off_days() {
    check("uk/england", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28");
    check("uk/england", 2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27");
    check("uk/england", 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28");
    check("uk/wales", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28");
}

#[test]
fn scotland_and_northern_ireland_have_their_own_days() {
    check("uk/scotland", 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28");
    check("uk/scotland", 2022, "01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-26 12-27");
    check("uk/northern-ireland", 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28");
}

#[test]
fn germany_and_france_hold_their_national_days() {
    check("eu/de", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26");
    check("eu/fr", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25");
}

#[test]
fn the_united_states_observe_weekend_holidays_on_the_nearest_weekday() {
    check("us/federal", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25");
    check("us/federal", 2028, "12-31 01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25");
    let federal: Calendar = "us/federal".parse().unwrap();
    assert!(!federal.is_working_day("2027-12-31".parse().unwrap()));
    assert!(federal.is_working_day("2028-01-03".parse().unwrap()));
}

#[test]
fn brazil_holds_the_national_days() {
    check("br/national", 2026, "01-01 04-03 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25");
}

#[test]
fn moving_days_move() {
    check("eu/ie", 2030, "01-01 02-01 03-17 04-22 05-06 06-03 08-05 10-28 12-25 12-26");
    check("eu/bg", 2027, "01-01 03-03 04-30 05-01 05-02 05-03 05-04 05-06 05-24 09-06 09-22 12-24 12-27 12-28");
}

#[test]
fn an_unknown_name_is_refused() {
    for name in ["", "eu", "eu/uk", "EU/DE", "us", "england"] {
        assert_eq!(name.parse::<Calendar>(), Err(CalendarError::UnknownName), "{name}");
    }
    assert_eq!("weekends+easter".parse::<Calendar>(), Err(CalendarError::UnknownAddition));
}

#[test]
fn every_calendar_can_be_asked_for_by_name_and_rests_at_new_year() {
    let new_year = "2026-01-01".parse().unwrap();
    for name in calendar_names() {
        let calendar: Calendar = name.parse().unwrap();
        assert_eq!(calendar.to_string(), name);
        assert!(!calendar.is_working_day(new_year), "{name}");
    }
}
