//! Numbers that have no shape of their own and are told by the words beside them, and ids with letters in them.

use super::bytes::word_before;
use super::context::{Context, Topic};
use super::national;
use super::number::{Run, SHAPELESS};
use super::payment::{iban, is_routing_number};
use super::scanner::Pass;
use super::{Hit, PiiType, Why};

const LONGEST_ID: usize = 20;

/// A number of the nearest topic, if its digits may be one.
pub(crate) fn by_topic(text: &[u8], run: &Run, context: &Context) -> Option<Hit> {
    let topic = SHAPELESS.into_iter().find(|topic| context.is_about(*topic))?;
    if run.is_signed() || run.lead() < run.start() {
        return None;
    }
    let grouped = (1..=run.groups().len())
        .rev()
        .find(|count| run.is_joined_by(text, *count, b"-") && fits_digits(topic, run.digits(text, *count).as_slice()));
    let count = grouped?;
    hit(topic, run.start(), run.end(count), run.digits(text, count).as_slice())
}

fn fits_digits(topic: Topic, digits: &[u8]) -> bool {
    let length = digits.len();
    match topic {
        Topic::Passport => (7..=9).contains(&length),
        Topic::License => (6..=14).contains(&length),
        Topic::Medical => (5..=12).contains(&length),
        Topic::Routing => is_routing_number(digits),
        Topic::Ssn => length == 9 && national::is_social_security(digits),
        Topic::Bank => (6..=17).contains(&length),
        Topic::Phone | Topic::Card | Topic::NationalId | Topic::Birth | Topic::Address | Topic::Other => false,
    }
}

fn hit(topic: Topic, start: usize, end: usize, digits: &[u8]) -> Option<Hit> {
    let (kind, percent, why) = match topic {
        Topic::Passport => (PiiType::Passport, 75, Why::shape("letters and digits of a passport").beside("passports")),
        Topic::License => (PiiType::DriversLicense, 75, Why::shape("the form of a licence").beside("driving licences")),
        Topic::Medical => (PiiType::MedicalRecord, 75, Why::shape("the form of a record number").beside("patients")),
        Topic::Routing => {
            (PiiType::BankAccount, 85, Why::checked("nine digits", "the routing check").beside("routing"))
        }
        Topic::Ssn => (PiiType::Ssn, 80, Why::checked("nine digits", "the ranges issued").beside("social security")),
        Topic::Bank if is_routing_number(digits) => {
            (PiiType::BankAccount, 75, Why::checked("nine digits", "the routing check").beside("accounts"))
        }
        Topic::Bank => (PiiType::BankAccount, 65, Why::shape("the digits of an account").beside("accounts")),
        Topic::Phone | Topic::Card | Topic::NationalId | Topic::Birth | Topic::Address | Topic::Other => return None,
    };
    Some(Hit::new(kind, start, end, percent, why))
}

/// Looks at a word of letters and digits; returns where to go on.
pub(crate) fn read_word(pass: &mut Pass<'_>, start: usize, end: usize) -> usize {
    let text = pass.text;
    if end - start > 34 || word_before(text, start) {
        return end;
    }
    if let Some(hit) = iban(text, start) {
        return pass.take(hit);
    }
    let word = &text[start..end];
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    if word.len() < 5 || word.len() > LONGEST_ID || digits < 4 || word.contains(&b'_') || continues_id(text, start, end)
    {
        return end;
    }
    if let Some(hit) = national::lettered(pass, start, end) {
        return pass.take(hit);
    }
    if !is_document_number(word, digits) {
        return end;
    }
    let context = pass.context(start, end);
    let topic = [Topic::Passport, Topic::License, Topic::Medical].into_iter().find(|topic| context.is_about(*topic));
    let found = topic.filter(|topic| *topic != Topic::Passport || (6..=10).contains(&word.len()));
    match found.and_then(|topic| hit(topic, start, end, &[])) {
        Some(hit) => pass.take(hit),
        None => end,
    }
}

/// Letters (at most four) and then digits, one letter behind them at most; or nine places of both.
fn is_document_number(word: &[u8], digits: usize) -> bool {
    let letters = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let tail = word.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    letters <= 4 && tail <= 1 && letters + digits + tail == word.len() || word.len() == 9 && digits > 4
}

fn continues_id(text: &[u8], start: usize, end: usize) -> bool {
    let joint =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| matches!(byte, b'-' | b'/' | b'@'));
    let behind = joint(Some(end)) && text.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
    behind || joint(start.checked_sub(1)) && start > 1 && text[start - 2].is_ascii_alphanumeric()
}
