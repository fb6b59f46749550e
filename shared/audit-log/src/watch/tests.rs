//! Claims about rules over events.

use jiff::{SignedDuration, Timestamp};

use super::{Memory, Rules};
use crate::event::LogEvent;

fn event(number: u64, second: i64, actor: &str) -> LogEvent {
    let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
    LogEvent {
        v: 1,
        id: format!("evt_{number}"),
        tenant: "acme".to_owned(),
        at: at.to_string(),
        event_type: "user_access".to_owned(),
        action: "read".to_owned(),
        level: "error".to_owned(),
        outcome: "failure".to_owned(),
        actor: "person".to_owned(),
        pseudonym: Some(actor.to_owned()),
        resource_type: "job".to_owned(),
        ..LogEvent::default()
    }
}

fn rules(rule: &str) -> Rules {
    Rules::from_json(&format!(r#"[{{"id": "rule", "title": "a rule", {rule}}}]"#)).unwrap()
}

/// The seconds at which something was found, over events of one actor at these seconds.
fn found(rules: &Rules, seconds: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut memory = Memory::default();
    let look = |(number, second): (u64, i64)| {
        let found = rules.look(&mut memory, &event(number, second, "ada"));
        rules.tidy(&mut memory);
        // What is remembered is stored between two looks.
        memory = serde_json::from_str(&serde_json::to_string(&memory).unwrap()).unwrap();
        (!found.is_empty()).then_some(second)
    };
    (0..).zip(seconds).filter_map(look).collect()
}

const FIVE_A_MINUTE: &str = r#""when": {"outcome": ["failure"]}, "by": "actor", "at_least": 5, "within_seconds": 60"#;

#[test]
fn the_rules_that_come_along_are_rules() {
    assert!(Rules::standard().iter().count() >= 5);
    assert!(Rules::standard().iter().all(|rule| rule.control_id.is_some()));
}

#[test]
fn as_many_as_the_threshold_within_the_window_are_said_once() {
    assert_eq!(found(&rules(FIVE_A_MINUTE), 0..5), [4]);
    assert_eq!(found(&rules(FIVE_A_MINUTE), 0..40), [4], "said again within the window");
    assert_eq!(found(&rules(FIVE_A_MINUTE), (0..40).chain(100..104)), [4], "four are not five");
    assert_eq!(found(&rules(FIVE_A_MINUTE), (0..40).chain(100..105)), [4, 104], "not said in a later window");
}

#[test]
fn fewer_or_further_apart_are_nothing() {
    assert!(found(&rules(FIVE_A_MINUTE), 0..4).is_empty());
    assert!(found(&rules(FIVE_A_MINUTE), (0..50).map(|number| number * 20)).is_empty());
}

#[test]
fn events_are_joined_by_what_the_rule_says() {
    let (by_actor, mut memory) = (rules(FIVE_A_MINUTE), Memory::default());
    let others = (0..40).flat_map(|number| by_actor.look(&mut memory, &event(number, 1, &format!("p{}", number % 10))));
    assert_eq!(others.count(), 0, "four by each of ten people");
    let (by_tenant, mut memory) = (rules(&FIVE_A_MINUTE.replace("actor", "tenant")), Memory::default());
    let all = (0..40).flat_map(|number| by_tenant.look(&mut memory, &event(number, 1, &format!("p{}", number % 10))));
    let all: Vec<_> = all.map(|found| (found.about, found.count, found.event)).collect();
    assert_eq!(all, [("tenant acme".to_owned(), 5, "evt_4".to_owned())]);
    let (by_request, mut memory) = (rules(&FIVE_A_MINUTE.replace("actor", "request")), Memory::default());
    let none = (0..40).flat_map(|number| by_request.look(&mut memory, &event(number, 1, "ada")));
    assert_eq!(none.count(), 0, "events without a request were joined");
}

#[test]
fn what_must_follow_counts_only_behind_what_it_follows() {
    let pair = rules(
        r#""after": {"event_type": ["hold_change"], "to": ["released"]}, "when": {"item": ["step#erase*"]},
           "by": "tenant", "at_least": 1, "within_seconds": 60"#,
    );
    let hold = |second| LogEvent {
        event_type: "hold_change".to_owned(),
        to: Some("released".to_owned()),
        ..event(1, second, "ada")
    };
    let erase = |second| LogEvent { item: Some("step#erase#0001".to_owned()), ..event(2, second, "ada") };
    let found = |events: &[LogEvent]| {
        let mut memory = Memory::default();
        events.iter().map(|event| pair.look(&mut memory, event).len()).sum::<usize>()
    };
    assert_eq!(found(&[hold(0), erase(60)]), 1);
    assert_eq!(found(&[hold(0), erase(61)]), 0);
    assert_eq!(found(&[erase(0), hold(1)]), 0);
    assert_eq!(found(&[erase(0), erase(1)]), 0);
    assert_eq!(found(&[hold(0), erase(1), erase(2), hold(3), erase(4)]), 1, "said twice within a window");
}

#[test]
fn the_usual_is_learnt_and_what_is_far_beyond_is_said() {
    let rule = rules(r#""by": "actor", "at_least": 3, "times_usual": 4, "within_seconds": 100"#);
    let window = |number: i64, count: i64| (0..count).map(move |event| number * 100 + event);
    let quiet = |until: i64| (0..until).flat_map(move |number| window(number, 10));
    let first = found(&rule, quiet(60));
    assert!(first.len() <= 6 && first.iter().all(|second| *second < 2_000), "{first:?}");
    assert_eq!(found(&rule, quiet(60).chain(window(60, 36))), first, "less than four times as many");
    let after = found(&rule, quiet(60).chain(window(60, 60)));
    assert_eq!(after.len(), first.len() + 1, "{after:?}");
}

#[test]
fn counts_are_added_up_where_the_rule_says_so() {
    let rule = rules(r#""by": "actor", "sum": "bytes", "at_least": 1000, "within_seconds": 60"#);
    let sized = |bytes| LogEvent { counts: [("bytes".to_owned(), bytes)].into(), ..event(1, 0, "ada") };
    let mut memory = Memory::default();
    let found: Vec<usize> = [400, 599, 1].map(|bytes| rule.look(&mut memory, &sized(bytes)).len()).into();
    assert_eq!(found, [0, 0, 1]);
    assert_eq!(rule.look(&mut Memory::default(), &sized(u64::MAX)).len(), 1);
}

#[test]
fn what_is_remembered_has_a_bound() {
    let (rules, mut memory) = (Rules::standard(), Memory::default());
    for number in 0..20_000_u64 {
        rules.look(&mut memory, &event(number, i64::try_from(number / 10).unwrap(), &format!("{number:032x}")));
    }
    rules.tidy(&mut memory);
    let stored = serde_json::to_string(&memory).unwrap().len();
    assert!(memory.len() <= 150 && stored < 60_000, "{} keys, {stored} bytes", memory.len());
    let mut other = Memory::default();
    rules_of_nothing(&rules, &mut other);
    assert!(other.is_empty(), "rules that are no more are remembered");
}

fn rules_of_nothing(rules: &Rules, memory: &mut Memory) {
    rules.look(memory, &event(1, 1, "ada"));
    Rules::from_json("[]").unwrap().tidy(memory);
}

#[test]
fn an_anomaly_is_no_reason_for_another() {
    let rule = rules(r#""by": "tenant", "at_least": 1, "within_seconds": 60"#);
    let anomaly = LogEvent { event_type: "anomaly".to_owned(), ..event(1, 0, "ada") };
    assert!(rule.look(&mut Memory::default(), &anomaly).is_empty());
    assert_eq!(rule.look(&mut Memory::default(), &event(1, 0, "ada")).len(), 1);
}

#[test]
fn the_same_events_have_the_same_fingerprint_and_others_another() {
    let rule = rules(FIVE_A_MINUTE);
    let one = |first: i64| {
        let mut memory = Memory::default();
        let found = (0..5).flat_map(|number| {
            rule.look(&mut memory, &event(u64::try_from(first + number).unwrap(), first + number, "ada"))
        });
        found.last().unwrap().fingerprint()
    };
    assert_eq!(one(0), one(0));
    assert_ne!(one(0), one(1));
}

#[test]
fn times_that_go_back_stop_nothing() {
    let rule = rules(FIVE_A_MINUTE);
    let back = SignedDuration::from_hours(24).as_secs();
    assert_eq!(found(&rule, [back, 0, back + 1, 1, back + 2, 2, back + 3, back + 4]), [back + 4]);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let wrong = [
        (r#""by": "actor", "at_least": 0, "within_seconds": 60"#, "rule rule: its threshold is none"),
        (r#""by": "actor", "at_least": 1, "within_seconds": 0"#, "rule rule: its window is not 1 s to 7 days"),
        (r#""by": "actor", "at_least": 1, "within_seconds": 700000"#, "rule rule: its window is not 1 s to 7 days"),
        (
            r#""when": {"email": ["x"]}, "by": "actor", "at_least": 1, "within_seconds": 60"#,
            "rule rule: its filter names no member of an event, or no word",
        ),
        (
            r#""when": {"to": []}, "by": "actor", "at_least": 1, "within_seconds": 60"#,
            "rule rule: its filter names no member of an event, or no word",
        ),
        (
            r#""by": "actor", "at_least": 1, "times_usual": 0, "within_seconds": 60"#,
            "rule rule: it is beyond the usual by nothing",
        ),
        (
            r#""control_id": "a b", "by": "actor", "at_least": 1, "within_seconds": 60"#,
            "rule rule: its control is none",
        ),
    ];
    for (rule, expected) in wrong {
        let text = format!(r#"[{{"id": "rule", "title": "a rule", {rule}}}]"#);
        assert_eq!(Rules::from_json(&text).unwrap_err().to_string(), expected);
    }
    let twice = r#"{"id": "a", "title": "a", "by": "actor", "at_least": 1, "within_seconds": 60}"#;
    assert_eq!(Rules::from_json(&format!("[{twice},{twice}]")).unwrap_err().to_string(), "rule a is there twice");
    assert!(Rules::from_json(r#"[{"id": "a", "colour": "red"}]"#).is_err());
}
