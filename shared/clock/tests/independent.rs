//! Compares 10,000 random receipts per regime, and every calendar day by day, with `independent.py`,
//! which counts on python-dateutil and holidays. Set `HABEAS_CLOCK_PYTHON` to a Python that has both; skipped without.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]
#![expect(clippy::print_stdout, reason = "a skipped suite says so")]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Command, Stdio};

use clock::{Calendar, Due, Pause, PauseReason, Question, Regime, calendar_names, due, may_extend};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

const ZONES: [&str; 5] =
    ["Europe/Berlin", "Europe/London", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kathmandu"];
const PER_REGIME: usize = 10_000;

/// Numbers that look random and are the same on each run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn seconds(&mut self, bound: u64) -> jiff::Span {
        i64::try_from(self.below(bound)).unwrap().seconds()
    }
}

fn question(numbers: &mut Numbers, regime: Regime, calendars: &[&str]) -> (Question, Value) {
    let start = date(2024, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let received_at: Timestamp = start + numbers.seconds(11 * 365 * 86_400);
    let (zone, calendar) = (numbers.one(&ZONES), numbers.one(calendars));
    let pauses: Vec<Pause> = (0..numbers.below(3))
        .map(|_| {
            let from = received_at + numbers.seconds(50 * 86_400);
            Pause { from, to: from + numbers.seconds(20 * 86_400), reason: numbers.one(&PauseReason::ALL) }
        })
        .collect();
    let question = Question {
        extended: may_extend(regime).is_some() && numbers.below(2) == 1,
        pauses,
        ..Question::new(regime, received_at, TimeZone::get(zone).unwrap(), calendar.parse().unwrap())
    };
    let asked = json!({
        "regime": regime, "received_at": received_at, "zone": zone, "calendar": calendar,
        "extended": question.extended, "pauses": question.pauses,
    });
    (question, asked)
}

fn ask(python: &OsStr, lines: &[Value]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/independent.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn answer(due: &Due) -> Value {
    json!({"due_at": due.due_at, "due_on": due.due_on, "acknowledge_by": due.acknowledge_by})
}

fn python() -> Option<OsString> {
    let python = std::env::var_os("HABEAS_CLOCK_PYTHON");
    if python.is_none() {
        println!("skipped: HABEAS_CLOCK_PYTHON names no Python with python-dateutil and holidays");
    }
    python
}

#[test]
fn random_receipts_agree_with_an_independent_calculation() {
    let Some(python) = python() else { return };
    let mut calendars: Vec<&str> = calendar_names().collect();
    calendars.push("weekends");
    let mut numbers = Numbers(2);
    for regime in Regime::ALL {
        let (questions, asked): (Vec<_>, Vec<_>) =
            (0..PER_REGIME).map(|_| question(&mut numbers, regime, &calendars)).unzip();
        let answers = ask(&python, &asked);
        assert_eq!(answers.len(), PER_REGIME);
        for ((question, asked), theirs) in questions.iter().zip(&asked).zip(answers) {
            assert_eq!(answer(&due(question).unwrap()), theirs, "{asked}");
        }
        println!("{regime}: {PER_REGIME} receipts agree");
    }
}

#[test]
fn every_calendar_agrees_with_an_independent_one_day_by_day() {
    let Some(python) = python() else { return };
    let mut differences = Vec::new();
    for name in calendar_names() {
        let calendar: Calendar = name.parse().unwrap();
        let ours: BTreeSet<String> = date(2024, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() < 2036)
            .filter(|day| !calendar.is_working_day(*day))
            .map(|day| day.to_string())
            .collect();
        let answers = ask(&python, &[json!({"days_off": name, "from": 2024, "until": 2035})]);
        let theirs: BTreeSet<String> = serde_json::from_value(answers[0].clone()).unwrap();
        differences.extend(ours.symmetric_difference(&theirs).map(|day| format!("{name} {day}")));
    }
    assert_eq!(differences, Vec::<String>::new());
}
