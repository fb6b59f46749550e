//! Names and places in free text: capitals, small gazetteers, titles and phrases. A tier of its own, slower and less sure.
//!
//! Lists and their sources are in `people/`; organisations and whole postal addresses are not looked for.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::bytes::{end_of, start_of};
use super::{Hit, PiiType, Why};

mod words;

use words::{Word, words_of};

struct Gazetteers {
    first_names: HashSet<&'static str>,
    surnames: HashSet<&'static str>,
    places: HashSet<&'static str>,
}

static GAZETTEERS: LazyLock<Gazetteers> = LazyLock::new(|| Gazetteers {
    first_names: include_str!("people/first_names.txt").lines().collect(),
    surnames: include_str!("people/surnames.txt").lines().collect(),
    places: include_str!("people/places.txt").lines().collect(),
});

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "sir",
    "madam",
    "herr",
    "frau",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "señor",
    "señora",
    "signor",
    "signora",
    "senhor",
    "senhora",
    "mevrouw",
    "meneer",
    "pan",
    "pani",
    "producer",
    "president",
];
const BEFORE_NAMES: &[&str] = &[
    "name",
    "named",
    "called",
    "heiße",
    "m'appelle",
    "llamo",
    "chiamo",
    "chamo",
    "heet",
    "nazywam",
    "i'm",
    "by",
    "him",
    "dear",
    "hi",
    "hello",
];
const BEFORE_PLACES: &[&str] =
    &["in", "from", "to", "at", "near", "into", "visit", "visiting", "nach", "aus", "à", "en"];
/// Given names that are words of every day: alone they are no name.
const EVERYDAY: &[&str] = &[
    "will", "may", "mark", "art", "grant", "rose", "hope", "grace", "faith", "joy", "dawn", "april", "june", "august",
    "bill", "rich", "summer", "amber", "crystal", "can", "see", "son", "man", "long", "love", "sun", "sandy", "drew",
    "pat", "rob", "sue", "cash", "card", "chance", "major", "page", "star", "my", "the", "can", "many", "see", "sea",
    "cherry", "ivy",
];
const ORGANISATIONS: &[&str] = &[
    "inc",
    "ltd",
    "corp",
    "llc",
    "gmbh",
    "group",
    "company",
    "holdings",
    "limited",
    "plc",
    "bank",
    "university",
    "club",
    "corporation",
    "technologies",
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "drive",
    "square",
];
const STREETS: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "drive",
    "dr",
    "boulevard",
    "blvd",
    "way",
    "court",
    "place",
    "square",
    "terrace",
    "crescent",
    "close",
    "highway",
    "parkway",
    "rue",
    "via",
    "calle",
    "rua",
    "ulica",
    "avenida",
    "piazza",
];
const STREET_ENDINGS: &[&str] = &[
    "straße", "strasse", "weg", "gasse", "platz", "gata", "gatan", "vej", "vegen", "straat", "laan", "utca", "katu",
    "tie",
];

/// Appends the names and places of a text, in order.
pub(crate) fn find(text: &[u8], hits: &mut Vec<Hit>) {
    let words = words_of(text);
    let mut at = 0;
    while at < words.len() {
        let found = if words[at].capital { read(text, &words, at) } else { None };
        match found {
            Some((hit, count)) => {
                hits.push(hit);
                at += count.max(1);
            }
            None => at += 1,
        }
    }
}

/// How many words from `at` on are capitalised and only blanks, hyphens or initials' dots apart; at most four.
fn length_of_sequence(words: &[Word], at: usize) -> usize {
    let joined = |pair: &[Word]| pair[1].capital && pair[1].near;
    1 + words[at..].windows(2).take(3).take_while(|pair| joined(pair)).count()
}

fn read(text: &[u8], words: &[Word], at: usize) -> Option<(Hit, usize)> {
    let length = length_of_sequence(words, at);
    let sequence = &words[at..at + length];
    let before = at.checked_sub(1).map_or("", |before| words[before].lower.as_str());
    street(text, sequence).or_else(|| place(sequence, before)).or_else(|| name(sequence, before))
}

fn hit(kind: PiiType, words: &[Word], percent: u8, why: Why) -> (Hit, usize) {
    (Hit::new(kind, words[0].start, words[words.len() - 1].end, percent, why), words.len())
}

/// `12 High Street`, `Hauptstraße 5`.
fn street(text: &[u8], sequence: &[Word]) -> Option<(Hit, usize)> {
    let is_street = |word: &Word| {
        STREETS.contains(&word.lower.as_str())
            || STREET_ENDINGS.iter().any(|ending| word.lower.len() > ending.len() + 2 && word.lower.ends_with(ending))
    };
    let last = sequence.iter().rposition(is_street)?;
    let (first, end) = (sequence[0].start, sequence[last].end);
    let blank_before = start_of(text, first, 1, |byte| byte == b' ');
    let number = start_of(text, blank_before, 6, |byte| byte.is_ascii_digit());
    let blank = end_of(text, end, |byte| byte == b' ').min(end + 1);
    let behind = end_of(text, blank, |byte| byte.is_ascii_digit());
    let numbered = (number < blank_before, behind > blank && behind - blank < 6);
    let (start, end) = match numbered {
        (true, _) => (number, end),
        (false, true) => (first, behind),
        (false, false) => return None,
    };
    let why = Why::shape("a street with a number");
    Some((Hit::new(PiiType::Address, start, end, 70, why), last + 1))
}

fn place(sequence: &[Word], before: &str) -> Option<(Hit, usize)> {
    let known = |count: &usize| {
        let name: Vec<&str> = sequence[..*count].iter().map(|word| word.lower.as_str()).collect();
        GAZETTEERS.places.contains(name.join(" ").as_str())
    };
    let count = (1..=sequence.len().min(3)).rev().find(known)?;
    let first = sequence[0].lower.as_str();
    let is_name = count == 1 && (GAZETTEERS.first_names.contains(first) || GAZETTEERS.surnames.contains(first));
    if is_name && !BEFORE_PLACES.contains(&before) || TITLES.contains(&before) {
        return None;
    }
    Some(hit(PiiType::Address, &sequence[..count], 65, Why::checked("a place", "the gazetteer")))
}

fn name(sequence: &[Word], before: &str) -> Option<(Hit, usize)> {
    let lists = &*GAZETTEERS;
    if sequence.iter().any(|word| ORGANISATIONS.contains(&word.lower.as_str())) {
        return None;
    }
    let first = sequence[0].lower.as_str();
    if TITLES.contains(&first) && sequence.len() > 1 {
        let (found, count) = hit(PiiType::Name, &sequence[1..], 85, Why::shape("capitals").beside("titles"));
        return Some((found, count + 1));
    }
    if TITLES.contains(&before) {
        return Some(hit(PiiType::Name, sequence, 85, Why::shape("capitals").beside("titles")));
    }
    let given = lists.first_names.contains(first);
    let family = sequence[1..].iter().any(|word| lists.surnames.contains(word.lower.as_str()));
    let everyday = EVERYDAY.contains(&first);
    let percent = match sequence.len() {
        1 if given && !everyday && first.len() > 3 => 55,
        1 if BEFORE_NAMES.contains(&before) && !everyday => 50,
        1 => return None,
        _ if given && family => 80,
        _ if given && !everyday => 70,
        _ if BEFORE_NAMES.contains(&before) => 60,
        _ if sequence.iter().any(|word| word.initial) => 55,
        _ => return None,
    };
    Some(hit(PiiType::Name, sequence, percent, Why::checked("capitals", "the gazetteer of names")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(PiiType, &str)> {
        let mut hits = Vec::new();
        find(text.as_bytes(), &mut hits);
        hits.iter().map(|hit| (hit.kind, &text[hit.start..hit.end])).collect()
    }

    #[test]
    fn names_and_places_are_told_apart() {
        assert_eq!(
            found("I met Robert Miller in Berlin."),
            [(PiiType::Name, "Robert Miller"), (PiiType::Address, "Berlin")]
        );
        assert_eq!(found("ask Mr. Žižek about it"), [(PiiType::Name, "Žižek")]);
        assert_eq!(found("He lives at 12 Oak Street now"), [(PiiType::Address, "12 Oak Street")]);
        assert_eq!(found("The Weather Is Nice"), []);
        assert_eq!(found("Smith Holdings Inc pays"), []);
    }
}
