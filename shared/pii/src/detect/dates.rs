//! Dates: found so that they are nothing else, and reported as dates of birth where the words beside say so.

use super::bytes::{end_of, start_of};
use super::context::Topic;
use super::number::Run;
use super::scanner::Pass;
use super::{Hit, PiiType, Why};

fn value(text: &[u8], group: (usize, usize)) -> u32 {
    text[group.0..group.1].iter().take(4).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

const fn is_year(value: u32) -> bool {
    value >= 1900 && value <= 2099
}

/// A date in digits at the start of the run: reported if it is somebody's birth, else passed over.
pub(crate) fn numeric(pass: &mut Pass<'_>, run: &Run) -> Option<usize> {
    let (text, groups) = (pass.text, run.groups());
    let three = groups.get(..3)?;
    let widths = [0, 1, 2].map(|at| three[at].1 - three[at].0);
    let [first, second, third] = [0, 1, 2].map(|at| value(text, three[at]));
    let day = |value: u32| (1..=31).contains(&value);
    let in_order = match widths {
        [4, 1 | 2, 1 | 2] => is_year(first) && (1..=12).contains(&second) && day(third),
        [1 | 2, 1 | 2, 4] => day(first) && day(second) && first.min(second) <= 12 && is_year(third),
        [2, 2, 2] => day(first) && day(second) && first.min(second) <= 12 && run.separator(text, 1) == b"/",
        _ => false,
    };
    if !in_order || !run.is_joined_by(text, 3, b"-/.") || run.is_signed() {
        return None;
    }
    // What goes on with a time of day is when something happened, unless the field says otherwise.
    if text.get(three[2].1) == Some(&b'T') && !pass.has_field() {
        return Some(three[2].1);
    }
    Some(report(pass, run.start(), three[2].1, "a date in digits"))
}

fn report(pass: &mut Pass<'_>, start: usize, end: usize, shape: &'static str) -> usize {
    if !pass.context(start, end).is_about(Topic::Birth) {
        return end;
    }
    let why = Why::checked(shape, "the calendar").beside("births");
    pass.take(Hit::new(PiiType::DateOfBirth, start, end, 85, why))
}

/// First letters of the months in the languages of the context words, in lower case.
const MONTHS: [&str; 46] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mai", "okt", "dez",
    "fév", "avr", "jui", "aoû", "déc", "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev",
    "out", "maa", "mei", "sty", "lut", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru",
];

fn is_month(word: &[u8]) -> bool {
    let long = word.len() >= 3 && word.len() <= 14;
    let matches = |month: &&str| {
        let month = month.as_bytes();
        word.len() >= month.len() && word[..month.len()].eq_ignore_ascii_case(month)
    };
    long && word[0].is_ascii_alphabetic() && MONTHS.iter().any(matches)
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// `2 January 1990`, `January 2, 1990`, `2 de enero de 1990`, from the day in the run; returns where to go on.
pub(crate) fn spelled(pass: &mut Pass<'_>, run: &Run) -> Option<usize> {
    let (text, first) = (pass.text, *run.groups().first()?);
    if first.1 - first.0 > 2 || !(1..=31).contains(&value(text, first)) {
        return None;
    }
    let (start, end) = day_first(text, first).or_else(|| month_first(text, first))?;
    Some(report(pass, start, end, "a date with the month's name"))
}

fn day_first(text: &[u8], day: (usize, usize)) -> Option<(usize, usize)> {
    let blank = |at: usize| end_of(text, at, |byte| matches!(byte, b' ' | b'.' | b'-'));
    let month = particle(text, blank(day.1));
    let month_end = end_of(text, month, is_letter);
    if month == day.1 || !is_month(&text[month..month_end]) {
        return None;
    }
    let year = particle(text, end_of(text, month_end, |byte| matches!(byte, b' ' | b'.' | b',' | b'-')));
    year_end(text, year).map(|end| (day.0, end))
}

/// Behind `de ` or `of `, if it stands there.
fn particle(text: &[u8], at: usize) -> usize {
    if text[at..].starts_with(b"de ") || text[at..].starts_with(b"of ") { at + 3 } else { at }
}

fn month_first(text: &[u8], day: (usize, usize)) -> Option<(usize, usize)> {
    let month_end = start_of(text, day.0, 2, |byte| byte == b' ' || byte == b'.');
    let month = start_of(text, month_end, 14, is_letter);
    if month_end == day.0 || !is_month(&text[month..month_end]) {
        return None;
    }
    let year = end_of(text, day.1, |byte| matches!(byte, b',' | b' ' | b's' | b't' | b'n' | b'd' | b'r' | b'h'));
    year_end(text, year).map(|end| (month, end))
}

fn year_end(text: &[u8], at: usize) -> Option<usize> {
    let end = end_of(text, at, |byte| byte.is_ascii_digit());
    (end - at == 4 && is_year(value(text, (at, end)))).then_some(end)
}
