//! The one pass: words with digits, long words and marks are looked at closer, all else is skipped.
//!
//! Each kind of thing has its reader in a file of its own; here is only who is asked, and who wins where two overlap.

use super::bytes::{DIGIT, MARK, WORD, class, end_of};
use super::context::{Context, Topic, topic_of};
use super::{Confidence, Hit, Match, PiiType, crypto, email, identity, network, number, people, secret, travel, url};

/// Finds personal data by shape, check digits and context; holds settings only, so one serves all threads.
#[derive(Clone, Debug)]
pub struct Scanner {
    threshold: Confidence,
    people: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner that reports what is at least as likely as not.
    #[must_use]
    pub const fn new() -> Self {
        Self { threshold: Confidence::percent(50), people: false }
    }

    /// The same, reporting only what is at least so sure.
    #[must_use]
    pub const fn with_threshold(self, threshold: Confidence) -> Self {
        Self { threshold, ..self }
    }

    /// The same, looking for names and places in free text too: slower, and less sure than the patterns.
    #[must_use]
    pub const fn with_people(self) -> Self {
        Self { people: true, ..self }
    }

    /// The lowest confidence that is reported.
    #[must_use]
    pub const fn threshold(&self) -> Confidence {
        self.threshold
    }

    /// Appends what `text` holds, in order; any bytes are fine, and only a `url` overlaps what is found within it.
    pub fn find(&self, text: &[u8], hits: &mut Vec<Hit>) {
        self.find_in_field(text, None, hits);
    }

    /// The same for the value of a field of a known type, which counts as context.
    pub fn find_in_field(&self, text: &[u8], field: Option<PiiType>, hits: &mut Vec<Hit>) {
        let field = field.and_then(topic_of);
        let first = hits.len();
        Pass { text, field, threshold: self.threshold, hits, first, nested_until: 0 }.run();
        if self.people {
            self.add_people(text, first, hits);
        }
    }

    /// Names and places beside what the patterns found, which are surer.
    fn add_people(&self, text: &[u8], first: usize, hits: &mut Vec<Hit>) {
        let mut people = Vec::new();
        people::find(text, &mut people);
        let patterns = hits.split_off(first);
        people.retain(|hit| {
            let near = patterns.partition_point(|other| other.end <= hit.start);
            let free = patterns[near..].iter().take(2).all(|other| other.start >= hit.end);
            free && hit.confidence >= self.threshold
        });
        hits.extend(patterns);
        hits.extend(people);
        hits[first..].sort_by_key(|hit| hit.start);
    }

    /// What `text` holds, with character positions and explanations.
    #[must_use]
    pub fn scan_text(&self, text: &str) -> Vec<Match> {
        let mut hits = Vec::new();
        self.find(text.as_bytes(), &mut hits);
        Match::of_hits(&hits, text, None).collect()
    }
}

/// Words from this length on may be keys, tokens or addresses though they hold no digit.
const LONG_WORD: usize = 16;

/// One pass over one text.
pub(crate) struct Pass<'a> {
    pub(crate) text: &'a [u8],
    field: Option<Topic>,
    threshold: Confidence,
    hits: &'a mut Vec<Hit>,
    first: usize,
    nested_until: usize,
}

impl Pass<'_> {
    fn run(mut self) {
        let text = self.text;
        let mut at = 0;
        while at < text.len() {
            let found = class(text[at]);
            if found & WORD != 0 {
                let start = at;
                let mut seen = found;
                at += 1;
                while at < text.len() && class(text[at]) & WORD != 0 {
                    seen |= class(text[at]);
                    at += 1;
                }
                if seen & DIGIT != 0 || at - start >= LONG_WORD {
                    at = self.word(start, at, seen).max(at.min(start + 1));
                }
            } else if found & MARK != 0 {
                at = self.mark(at).max(at + 1);
            } else {
                at += 1;
            }
        }
    }

    /// What the text around a place is about.
    pub(crate) fn context(&self, start: usize, end: usize) -> Context {
        Context::around(self.text, start, end, self.field)
    }

    /// Whether the field's name says what the value is.
    pub(crate) const fn has_field(&self) -> bool {
        self.field.is_some()
    }

    /// Looks at a word with a digit, or a long one; returns where to go on.
    fn word(&mut self, start: usize, end: usize, seen: u8) -> usize {
        let text = self.text;
        let found = secret::by_prefix(text, start)
            .or_else(|| network::hyphenated_mac(text, start, end))
            .or_else(|| crypto::at(text, start, end));
        if let Some(hit) = found {
            return self.take(hit);
        }
        if let Some(end) = number::end_of_uuid(text, start) {
            return end;
        }
        if seen & WORD == DIGIT {
            return number::read(self, start, end);
        }
        if let Some(end) = number::with_extension(self, start) {
            return end;
        }
        identity::read_word(self, start, end)
    }

    /// Looks at a byte that may be in the middle of something; returns where to go on.
    fn mark(&mut self, at: usize) -> usize {
        let text = self.text;
        let hit = match text[at] {
            b'@' => email::around(text, at, self.floor()),
            b':' => {
                if let Some((hit, resume)) = url::around(text, at) {
                    self.take(hit);
                    self.nested_until = hit.end;
                    return resume;
                }
                network::around_colon(text, at).or_else(|| secret::after_name(text, at))
            }
            b'=' => secret::after_name(text, at),
            b'<' => travel::zone(text, at),
            b'.' => url::without_scheme(text, at),
            // A backslash and its letter are one: the word begins behind them.
            b'\\' => return at + 2,
            _ => None,
        };
        match hit {
            Some(hit) => self.take(hit),
            None if text[at] == b':' => network::end_of_colons(text, at),
            None => at + 1,
        }
    }

    fn floor(&self) -> usize {
        self.hits[self.first..].last().filter(|hit| hit.kind == PiiType::Email).map_or(0, |hit| hit.end)
    }

    /// Keeps a hit unless a better one is there already; returns where to go on.
    pub(crate) fn take(&mut self, hit: Hit) -> usize {
        if hit.confidence < self.threshold {
            return hit.end;
        }
        while let Some(last) = self.hits[self.first..].last() {
            let apart = last.end <= hit.start;
            let within_address = last.kind == PiiType::Url && hit.end <= self.nested_until;
            if apart || within_address && is_worth_nesting(hit.kind) {
                break;
            }
            if last.kind == PiiType::Url && within_address
                || last.confidence > hit.confidence && last.start <= hit.start
            {
                return hit.end.max(last.end.min(hit.end));
            }
            self.hits.pop();
        }
        self.hits.push(hit);
        hit.end
    }
}

/// Whether something is reported though it stands within a reported address.
const fn is_worth_nesting(kind: PiiType) -> bool {
    matches!(kind, PiiType::Email | PiiType::CreditCard | PiiType::Ssn | PiiType::Iban | PiiType::Secret)
}

/// Where a word that starts at `at` ends.
pub(crate) fn word_end(text: &[u8], at: usize) -> usize {
    end_of(text, at, |byte| class(byte) & WORD != 0)
}
