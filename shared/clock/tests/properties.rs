//! What holds for every request: order, bare period, working days, notation, and pauses only where the law lets them count.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

use clock::{
    Calendar, Pause, PauseReason, Period, Question, Regime, Roll, Rule, Trigger, due, may_extend, may_pause, target,
};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

const CALENDARS: [&str; 9] = [
    "weekends",
    "weekends+new-year",
    "eu/de",
    "eu/bg",
    "eu/gr",
    "uk/england",
    "uk/scotland",
    "us/federal",
    "br/national",
];
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
];

fn instants() -> impl Strategy<Value = Timestamp> {
    // 2015 to 2060.
    (1_420_070_400_i64..2_840_140_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn pauses() -> impl Strategy<Value = Vec<(i64, i64, PauseReason)>> {
    let reason = prop::sample::select(PauseReason::ALL.to_vec());
    prop::collection::vec((0_i64..4_000_000, 0_i64..2_000_000, reason), 0..4)
}

fn after(received_at: Timestamp, pauses: &[(i64, i64, PauseReason)]) -> Vec<Pause> {
    pauses
        .iter()
        .map(|&(wait, length, reason)| {
            let from = received_at + wait.seconds();
            Pause { from, to: from + length.seconds(), reason }
        })
        .collect()
}

prop_compose! {
    fn questions()(
        regime in prop::sample::select(Regime::ALL.to_vec()),
        received_at in instants(),
        zone in prop::sample::select(ZONES.to_vec()),
        calendar in prop::sample::select(CALENDARS.to_vec()),
        extended in any::<bool>(),
        waits in pauses(),
    ) -> Question {
        let timezone = TimeZone::get(zone).unwrap();
        let calendar: Calendar = calendar.parse().unwrap();
        Question {
            extended: extended && may_extend(regime).is_some(),
            pauses: after(received_at, &waits),
            ..Question::new(regime, received_at, timezone, calendar)
        }
    }
}

fn period(question: &Question) -> Period {
    match may_extend(question.regime) {
        Some(extension) if question.extended => extension.total,
        _ => Rule::of(question.regime).period,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_later_trigger_is_never_due_earlier(question in questions(), later_by in 0_i64..20_000_000) {
        let later_at = question.received_at + later_by.seconds();
        let waits: Vec<Pause> = question
            .pauses
            .iter()
            .map(|pause| Pause { from: pause.from + later_by.seconds(), to: pause.to + later_by.seconds(), ..*pause })
            .collect();
        let first = Question { pauses: waits, ..question };
        let second = Question { received_at: later_at, ..first.clone() };
        let (first, second) = (due(&first).unwrap(), due(&second).unwrap());
        prop_assert!(first.due_at <= second.due_at);
        prop_assert!(first.acknowledge_by <= second.acknowledge_by);
    }

    #[test]
    fn nothing_is_due_before_the_bare_period_is_over(question in questions()) {
        let received_on = question.timezone.to_datetime(question.received_at).date();
        let answer = due(&question).unwrap();
        let bare_on = match period(&question) {
            Period::Months(months) => received_on + months.months(),
            Period::Days(days) | Period::BusinessDays(days) => received_on + days.days(),
            Period::Hours(hours) => {
                prop_assert_eq!(answer.due_at, question.received_at + hours.hours());
                received_on
            }
        };
        prop_assert!(answer.due_on >= bare_on);
        prop_assert_eq!(question.timezone.to_datetime(answer.due_at).date(), answer.due_on);
    }

    #[test]
    fn a_regime_that_rolls_is_due_on_a_working_day_and_skips_none(question in questions()) {
        let answer = due(&question).unwrap();
        let rule = Rule::of(question.regime);
        let counts_business_days = matches!(period(&question), Period::BusinessDays(_));
        if rule.roll == Roll::NextWorkingDay || counts_business_days {
            prop_assert!(question.calendar.is_working_day(answer.due_on));
        }
        let open = Question { calendar: Calendar::weekends(), pauses: Vec::new(), ..question.clone() };
        let unrolled = Question { pauses: Vec::new(), ..question };
        prop_assert!(due(&open).unwrap().due_on <= due(&unrolled).unwrap().due_on);
        if let Some(day) = answer.acknowledge_by {
            prop_assert!(unrolled.calendar.is_working_day(day));
        }
    }

    #[test]
    fn equal_instants_are_due_alike_in_any_notation(question in questions(), hours in -12_i8..=14) {
        let offset = Offset::constant(hours);
        let written = question.received_at.display_with_offset(offset).to_string();
        let again = Question { received_at: written.parse().unwrap(), ..question.clone() };
        prop_assert_eq!(due(&again), due(&question));
    }

    #[test]
    fn only_lawful_pauses_move_the_day_and_by_no_more_than_they_lasted(question in questions()) {
        let lawful = |pause: &Pause| may_pause(question.regime, pause.reason);
        let bare = due(&Question { pauses: Vec::new(), ..question.clone() }).unwrap();
        let only_lawful: Vec<Pause> = question.pauses.iter().copied().filter(lawful).collect();
        let answer = due(&question).unwrap();
        prop_assert_eq!(&answer, &due(&Question { pauses: only_lawful.clone(), ..question.clone() }).unwrap());
        prop_assert!(answer.due_at >= bare.due_at);
        if only_lawful.is_empty() {
            prop_assert_eq!(&answer, &bare);
        }
        let longest: i64 = only_lawful
            .iter()
            .map(|pause| (pause.to.as_second() - pause.from.as_second()) / 86_400 + 2)
            .sum();
        prop_assert!(i64::from(answer.paused_days) <= longest);
        prop_assert_eq!(answer.acknowledge_by, bare.acknowledge_by);
    }

    #[test]
    fn an_extension_never_shortens_and_a_late_identity_counts_in_one_regime(question in questions(), wait in 0_i64..3_000_000) {
        let short = Question { extended: false, ..question.clone() };
        prop_assert!(due(&short).unwrap().due_at <= due(&question).unwrap().due_at);
        let completed = Question {
            completed_at: Some(question.received_at + wait.seconds()),
            pauses: Vec::new(),
            ..question.clone()
        };
        let plain = Question { completed_at: None, ..completed.clone() };
        if Rule::of(question.regime).trigger == Trigger::ReceiptOrIdentityOrFee {
            prop_assert!(due(&completed).unwrap().due_at >= due(&plain).unwrap().due_at);
        } else {
            prop_assert_eq!(due(&completed), due(&plain));
        }
    }

    #[test]
    fn the_inner_target_lies_between_receipt_and_the_law(question in questions(), days in 1_u16..400) {
        let law = due(&question).unwrap();
        let inner = target(question.received_at, &question.timezone, days, &law);
        prop_assert!(question.received_at < inner && inner <= law.due_at);
    }
}
