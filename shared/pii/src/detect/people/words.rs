//! Words of a text with their capitals: Latin, Greek and Cyrillic letters, apostrophes and hyphens within.

/// A word and how it stands to the one before.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) lower: String,
    pub(super) capital: bool,
    /// A single letter with a dot.
    pub(super) initial: bool,
    /// Only one blank apart from the word before (an initial's dot may stand there too).
    pub(super) near: bool,
}

/// The length of the letter at `at`; 0 where there is none.
fn letter(text: &[u8], at: usize) -> usize {
    match (text.get(at), text.get(at + 1)) {
        (Some(byte), _) if byte.is_ascii_alphabetic() => 1,
        (Some(0xC3..=0xD4), Some(0x80..=0xBF)) => 2,
        _ => 0,
    }
}

pub(super) fn words_of(text: &[u8]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'\\' {
            at += 2;
            continue;
        }
        let start = at;
        at = word_end(text, at);
        if at == start {
            at += 1;
            continue;
        }
        let glued =
            start > 0 && (text[start - 1].is_ascii_digit() || matches!(text[start - 1], b'@' | b'_' | b'/' | b'.'));
        let Ok(word) = std::str::from_utf8(&text[start..at]) else { continue };
        let capital = !glued && word.chars().next().is_some_and(char::is_uppercase);
        let near = words.last().is_some_and(|last| match &text[last.end..start] {
            b" " => true,
            b". " => {
                last.initial
                    || last.end - last.start <= 3 && last.capital && last.end - last.start > 1 && is_title(&last.lower)
            }
            _ => false,
        });
        let initial = at - start == 1 && capital && text.get(at) == Some(&b'.');
        words.push(Word { start, end: at, lower: word.to_lowercase(), capital, initial, near });
    }
    words
}

fn is_title(word: &str) -> bool {
    matches!(word, "mr" | "mrs" | "ms" | "dr")
}

fn word_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    loop {
        let length = letter(text, end);
        let joint = end > start && matches!(text.get(end), Some(b'\'' | b'-')) && letter(text, end + 1) > 0;
        if length == 0 && !joint {
            return end;
        }
        end += length.max(1);
    }
}
