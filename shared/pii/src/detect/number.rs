//! Runs of digit groups: reads one, and asks each kind of number whether it is one.

use super::bytes::{end_of, word_at, word_before};
use super::context::Topic;
use super::luhn::Digits;
use super::scanner::{Pass, word_end};
use super::{dates, identity, national, network, payment, phone};

const MOST_GROUPS: usize = 10;
const MOST_DIGITS: usize = 24;
const UUID_LENGTH: usize = 36;

/// Groups of digits with at most three bytes of blanks, hyphens, dots, slashes or brackets between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    bounds: [(usize, usize); MOST_GROUPS],
    count: usize,
    lead: usize,
    plus: bool,
    extension_end: usize,
}

impl Run {
    pub(crate) fn read(text: &[u8], start: usize) -> Self {
        let (lead, plus) = lead(text, start);
        let mut run = Self { bounds: [(0, 0); MOST_GROUPS], count: 0, lead, plus, extension_end: 0 };
        let (mut at, mut digits) = (start, 0);
        while run.count < MOST_GROUPS {
            let end = end_of(text, at, |byte| byte.is_ascii_digit());
            digits += end - at;
            if end == at || digits > MOST_DIGITS && run.count > 0 {
                break;
            }
            let timestamp =
                run.count == 2 && text.get(end) == Some(&b'T') && text.get(end + 1).is_some_and(u8::is_ascii_digit);
            if timestamp {
                run.bounds[run.count] = (at, end);
                run.count += 1;
                break;
            }
            if word_at(text, end) {
                let extension = extension_end(text, end);
                if extension == 0 && run.count > 0 {
                    break;
                }
                run.extension_end = extension;
            }
            run.bounds[run.count] = (at, end);
            run.count += 1;
            if run.extension_end > 0 {
                break;
            }
            let gap = end_of(text, end, |byte| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')'));
            if gap == end || gap - end > 3 {
                break;
            }
            at = gap;
        }
        run
    }

    pub(crate) fn groups(&self) -> &[(usize, usize)] {
        &self.bounds[..self.count]
    }

    /// What stands between group `at - 1` and group `at`.
    pub(crate) fn separator<'t>(&self, text: &'t [u8], at: usize) -> &'t [u8] {
        &text[self.bounds[at - 1].1..self.bounds[at].0]
    }

    /// Whether the first `count` groups are joined by the same single byte out of `allowed`.
    pub(crate) fn is_joined_by(&self, text: &[u8], count: usize, allowed: &[u8]) -> bool {
        let first = if count > 1 { self.separator(text, 1) } else { b"" };
        count < 2
            || first.len() == 1 && allowed.contains(&first[0]) && (2..count).all(|at| self.separator(text, at) == first)
    }

    /// Whether the first `count` groups have these lengths.
    pub(crate) fn has_lengths(&self, lengths: &[usize]) -> bool {
        self.count >= lengths.len()
            && self.bounds.iter().zip(lengths).all(|(group, length)| group.1 - group.0 == *length)
    }

    /// The digits of the first `count` groups.
    pub(crate) fn digits(&self, text: &[u8], count: usize) -> Digits {
        Digits::of(&text[self.start()..self.bounds[count - 1].1])
    }

    pub(crate) fn digit_count(&self, count: usize) -> usize {
        self.bounds[..count].iter().map(|group| group.1 - group.0).sum()
    }

    pub(crate) const fn start(&self) -> usize {
        self.bounds[0].0
    }

    /// Where it starts with its plus sign and bracket.
    pub(crate) const fn lead(&self) -> usize {
        self.lead
    }

    pub(crate) const fn is_signed(&self) -> bool {
        self.plus
    }

    /// Where the first `count` groups end; an extension such as `x123` belongs to the last one.
    pub(crate) const fn end(&self, count: usize) -> usize {
        if count == self.count && self.extension_end > 0 { self.extension_end } else { self.bounds[count - 1].1 }
    }
}

fn lead(text: &[u8], start: usize) -> (usize, bool) {
    let before = |back: usize| start.checked_sub(back).map_or(0, |at| text[at]);
    match (before(2), before(1)) {
        (b'(', b'+') => (start - 2, true),
        (_, b'+') => (start - 1, true),
        (_, b'(') => (start - 1, false),
        _ => (start, false),
    }
}

/// `x123` or `ext123` right behind the digits.
fn extension_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let name = if rest.starts_with(b"ext") { 3 } else { usize::from(rest.starts_with(b"x")) };
    let end = end_of(text, at + name, |byte| byte.is_ascii_digit());
    let length = end - at - name;
    if name > 0 && (1..=6).contains(&length) && !word_at(text, end) { end } else { 0 }
}

/// Reads the run that starts with a word of digits; returns where to go on.
pub(crate) fn read(pass: &mut Pass<'_>, start: usize, end: usize) -> usize {
    let run = Run::read(pass.text, start);
    read_run(pass, &run, end)
}

/// `2125550123x99`: a word of digits with an extension.
pub(crate) fn with_extension(pass: &mut Pass<'_>, start: usize) -> Option<usize> {
    if !pass.text[start].is_ascii_digit() {
        return None;
    }
    let run = Run::read(pass.text, start);
    (run.extension_end > 0 && run.count == 1).then(|| read_run(pass, &run, word_end(pass.text, start)))
}

fn read_run(pass: &mut Pass<'_>, run: &Run, end: usize) -> usize {
    let text = pass.text;
    let digits = run.digit_count(run.count);
    if digits < 3 && run.count == 1 {
        return dates::spelled(pass, run).unwrap_or(end);
    }
    if let Some(hit) = network::ipv4(text, run).filter(|_| !is_attached(text, run)) {
        return pass.take(hit.with_network_context(pass));
    }
    if let Some(resume) = dates::numeric(pass, run) {
        return resume;
    }
    if digits < 6 || is_attached(text, run) {
        return if run.count == 1 { dates::spelled(pass, run).unwrap_or(end) } else { end };
    }
    if run.count == 2 && run.separator(text, 1) == b"." && !run.plus {
        return run.end(2);
    }
    let context = pass.context(run.lead(), run.end(run.count));
    let found = payment::card(text, run, &context)
        .or_else(|| national::ssn(text, run, &context))
        .or_else(|| identity::by_topic(text, run, &context))
        .or_else(|| national::number(text, run, &context))
        .or_else(|| phone::read(text, run, &context));
    match found {
        Some(hit) => pass.take(hit).max(end),
        None => end,
    }
}

/// Whether the run continues something else: a compound id, a path, an amount of money, a fraction.
fn is_attached(text: &[u8], run: &Run) -> bool {
    let start = run.lead();
    let Some(before) = start.checked_sub(1).map(|at| text[at]) else { return false };
    match before {
        b'$' | b'*' => true,
        b'-' | b'.' | b'/' | b',' | b'%' | b'&' => {
            word_before(text, start - 1) || start > 1 && text[start - 2] == before
        }
        _ => word_before(text, start),
    }
}

/// Where the UUID that starts here ends; its digits are nobody's number (RFC 9562 section 4).
pub(crate) fn end_of_uuid(text: &[u8], start: usize) -> Option<usize> {
    let found = text.get(start..start + UUID_LENGTH)?;
    if found[8] != b'-' {
        return None;
    }
    let shaped = found.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (shaped && !word_at(text, start + UUID_LENGTH)).then_some(start + UUID_LENGTH)
}

impl super::Hit {
    /// Version numbers have the shape of addresses.
    fn with_network_context(self, pass: &Pass<'_>) -> Self {
        let about_versions = !pass.has_field() && pass.text[..self.start].ends_with(b"version ");
        if about_versions { Self { confidence: self.confidence.lowered(40), ..self } } else { self }
    }
}

/// The topics whose numbers have no shape of their own.
pub(crate) const SHAPELESS: [Topic; 6] =
    [Topic::Passport, Topic::License, Topic::Medical, Topic::Routing, Topic::Ssn, Topic::Bank];
