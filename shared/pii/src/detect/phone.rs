//! Telephone numbers: international ones by numbering plan (E.164), national ones by shape and by the words beside them.

use super::context::{Context, Topic};
use super::number::Run;
use super::{Hit, PiiType, Why};

/// Assigned country codes with the lengths of their national numbers; (0, 0) where the plan is not kept here.
const PLANS: [(u16, u8, u8); 74] = [
    (1, 10, 10),
    (7, 10, 10),
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 6, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 6, 13),
    (51, 8, 9),
    (52, 10, 10),
    (53, 6, 8),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 8, 10),
    (58, 10, 10),
    (60, 7, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 10),
    (84, 9, 10),
    (86, 9, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 7, 10),
    (98, 10, 10),
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (218, 8, 10),
    (234, 8, 10),
    (254, 9, 9),
    (351, 9, 9),
    (352, 4, 11),
    (353, 7, 9),
    (354, 7, 9),
    (356, 8, 8),
    (357, 8, 8),
    (358, 5, 12),
    (359, 7, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (380, 9, 9),
    (381, 8, 9),
    (385, 8, 9),
    (386, 8, 8),
    (387, 8, 8),
    (389, 8, 8),
    (420, 9, 9),
    (421, 9, 9),
    (852, 8, 8),
    (886, 8, 9),
    (972, 8, 9),
];

/// A telephone number in the run: the longest reading that fits.
pub(crate) fn read(text: &[u8], run: &Run, context: &Context) -> Option<Hit> {
    (1..=run.groups().len()).rev().find_map(|count| reading(text, run, count, context))
}

fn reading(text: &[u8], run: &Run, count: usize, context: &Context) -> Option<Hit> {
    let digits = run.digits(text, count);
    let digits = digits.as_slice();
    if !(6..=16).contains(&digits.len()) || is_fraction(text, run, count) {
        return None;
    }
    let beside = context.speaks_of(Topic::Phone);
    let (percent, why) = shape(text, run, count, digits).or_else(|| {
        (beside && !context.prefers(Topic::Address, Topic::Phone)).then_some((60, Why::shape("groups of digits")))
    })?;
    let (percent, why) = if beside {
        ((percent + 15).min(95), why.beside("phones"))
    } else if context.is_about_other_things() && !run.is_signed() {
        (percent - percent.min(25), why)
    } else {
        (percent, why)
    };
    let start = if run.is_signed() || closes_bracket(text, run) { run.lead() } else { run.start() };
    Some(Hit::new(PiiType::Phone, start, run.end(count), percent, why))
}

fn is_fraction(text: &[u8], run: &Run, count: usize) -> bool {
    count == 2 && run.separator(text, 1) == b"."
}

/// Whether the bracket before the first group is closed behind it.
fn closes_bracket(text: &[u8], run: &Run) -> bool {
    run.lead() < run.start() && text.get(run.groups()[0].1) == Some(&b')')
}

fn shape(text: &[u8], run: &Run, count: usize, digits: &[u8]) -> Option<(u8, Why)> {
    if run.is_signed() {
        return international(text, run, digits);
    }
    let dialled = digits.len() > 9 && digits.starts_with(&[0, 0]) && digits[2] != 0;
    if let Some(found) = dialled.then(|| international(text, run, &digits[2..])).flatten() {
        return Some(found);
    }
    north_american(text, run, count, digits)
        .or_else(|| pairs(text, run, count))
        .or_else(|| with_trunk_zero(text, run, count, digits))
        .or_else(|| with_bracket(text, run, count, digits))
}

fn international(text: &[u8], run: &Run, digits: &[u8]) -> Option<(u8, Why)> {
    let national_zero =
        run.groups().windows(2).any(|pair| &text[pair[0].1..pair[1].0] == b" (" && text[pair[1].0] == b'0');
    let length = digits.len() - usize::from(national_zero);
    if !(7..=15).contains(&length) || digits[0] == 0 {
        return None;
    }
    let code = |size: usize| digits[..size].iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(*digit));
    let plan = (1..=3).find_map(|size| {
        let code = code(size);
        PLANS.iter().find(|plan| plan.0 == code).map(|plan| (size, plan))
    });
    let fits = plan.is_some_and(|(size, plan)| (usize::from(plan.1)..=usize::from(plan.2)).contains(&(length - size)));
    Some(if fits {
        (88, Why::checked("international number", "the numbering plan"))
    } else {
        (70, Why::shape("international number"))
    })
}

/// `212-555-0123`, `(212) 555-0123`, `1 212 555 0123`.
fn north_american(text: &[u8], run: &Run, count: usize, digits: &[u8]) -> Option<(u8, Why)> {
    let prefixed = count == 4;
    let national = match digits.len() {
        10 => digits,
        11 if digits[0] == 1 => &digits[1..],
        13 if digits.starts_with(&[0, 0, 1]) => &digits[3..],
        _ => return None,
    };
    let first = usize::from(prefixed);
    let lengths = run.groups().get(first..count)?.iter().map(|group| group.1 - group.0);
    if !lengths.eq([3, 3, 4]) || prefixed && run.groups()[0].1 - run.groups()[0].0 > 3 {
        return None;
    }
    let valid = |digits: &[u8]| digits[0] > 1 && !(digits[1] == 1 && digits[2] == 1);
    let plan = valid(&national[..3]) && valid(&national[3..6]);
    let separator = run.separator(text, count - 1);
    let base = match separator {
        b"-" => 65,
        b"." => 60,
        _ if closes_bracket(text, run) => 65,
        _ => 50,
    };
    Some(if plan {
        (base + 20, Why::checked("three, three and four digits", "the North American plan"))
    } else {
        (base.min(60), Why::shape("three, three and four digits"))
    })
}

/// `01 23 45 67 89`.
fn pairs(text: &[u8], run: &Run, count: usize) -> Option<(u8, Why)> {
    let shaped = count == 5 && run.has_lengths(&[2, 2, 2, 2, 2]) && text[run.start()] == b'0';
    (shaped && run.is_joined_by(text, count, b" .-")).then(|| (75, Why::shape("a zero and four pairs")))
}

/// `020 7946 0018`, `089/123456`, `0650-1234567`.
fn with_trunk_zero(text: &[u8], run: &Run, count: usize, digits: &[u8]) -> Option<(u8, Why)> {
    let first = run.groups()[0].1 - run.groups()[0].0;
    let others = run.groups()[1..count].iter().all(|group| group.1 - group.0 >= 2);
    let shaped = digits[0] == 0 && digits.get(1) != Some(&0) && (2..=5).contains(&count) && (3..=5).contains(&first);
    let joined = run.is_joined_by(text, count, b" -") || closes_bracket(text, run) || run.separator(text, 1) == b"/";
    (shaped && others && joined && (9..=12).contains(&digits.len()))
        .then(|| (60, Why::shape("an area code with its zero")))
}

/// `(51) 9668-9224`, `(03) 5300 2469`.
fn with_bracket(text: &[u8], run: &Run, count: usize, digits: &[u8]) -> Option<(u8, Why)> {
    let first = run.groups()[0].1 - run.groups()[0].0;
    let rest = digits.len() - first;
    let shaped = count > 1 && closes_bracket(text, run) && (2..=5).contains(&first) && (6..=9).contains(&rest);
    shaped.then(|| (60, Why::shape("an area code in brackets")))
}
