//! The second look at a result: from the texts that would be published, not from how the classes came about.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::cells::Cells;
use super::check::{Privacy, privacy};
use super::column::Column;
use super::diversity::{Whole, entropy};
use super::error::AnonymityError;
use super::policy::{Diversity, Policy};
use super::release::REMOVED;
use super::span::{Span, has_few_values};

/// A bound is kept up to what adding shares in another order changes.
const ROUNDING: f64 = 1e-9;

/// Hashes of codes, which nobody outside chooses.
#[derive(Default)]
struct Mixing(u64);

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let mixed = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.0 = mixed ^ (mixed >> 32);
        }
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }
}

type Quick = BuildHasherDefault<Mixing>;

/// The texts of one column, each once, and the text of each class.
pub(super) fn texts(column: &Column, spans: &[Span]) -> (Vec<String>, Vec<u32>) {
    if column.numbers.is_some() {
        return texts_of_ranges(column, spans);
    }
    let mut texts = Texts { column, texts: Vec::new(), of_text: HashMap::new() };
    let of_class = match masks(column, spans).filter(|_| column.tree.is_none()) {
        // A mask is a span of few codes, but for the one that says nothing.
        Some(masks) => {
            let mut known: HashMap<(u64, bool), u32, Quick> = HashMap::default();
            let keys = masks.into_iter().zip(spans).map(|(mask, span)| ((mask, *span == Span::All), span));
            keys.map(|(key, span)| *known.entry(key).or_insert_with(|| texts.of(span))).collect()
        }
        None => {
            let mut known: HashMap<&Span, u32, Quick> = HashMap::default();
            spans.iter().map(|span| *known.entry(span).or_insert_with(|| texts.of(span))).collect()
        }
    };
    (texts.texts, of_class)
}

/// The same for numbers, of which no two ranges have the same text.
fn texts_of_ranges(column: &Column, spans: &[Span]) -> (Vec<String>, Vec<u32>) {
    let mut texts = Vec::new();
    let mut known: HashMap<u64, u32, Quick> = HashMap::default();
    let next = |texts: &Vec<String>| u32::try_from(texts.len()).expect("there are no more texts than rows");
    let of_class = spans.iter().map(|span| {
        let (low, high) = bounds(span);
        *known.entry(u64::from(low) << 32 | u64::from(high)).or_insert_with(|| {
            texts.push(span.text(column));
            next(&texts) - 1
        })
    });
    let of_class = of_class.collect();
    (texts, of_class)
}

/// The codes that the span of a number covers; of nothing said, all.
fn bounds(span: &Span) -> (u32, u32) {
    match span {
        Span::Range(low, high) => (*low, *high),
        Span::Few(_) | Span::Set(_) | Span::Node(_) | Span::All => (0, u32::MAX),
    }
}

/// Texts, each once.
struct Texts<'c> {
    column: &'c Column,
    texts: Vec<String>,
    of_text: HashMap<String, u32>,
}

impl Texts<'_> {
    fn of(&mut self, span: &Span) -> u32 {
        let text = span.text(self.column);
        let next = u32::try_from(self.texts.len()).expect("there are no more texts than rows, which were counted");
        *self.of_text.entry(text.clone()).or_insert_with(|| {
            self.texts.push(text);
            next
        })
    }
}

/// Whether each published text is true of its row.
pub(super) fn check_truth(quasi: &[Column], spans: &[Vec<Span>], class_of_row: &[u32]) -> Result<(), AnonymityError> {
    let is_true = |(column, spans): (&Column, &Vec<Span>)| {
        let mut rows = class_of_row.iter().zip(&column.codes).filter(|(class, _)| **class != REMOVED);
        if column.numbers.is_some() {
            // The bounds alone lie nearer to each other than the spans do.
            let bounds: Vec<(u32, u32)> = spans.iter().map(bounds).collect();
            return rows.all(|(class, code)| {
                bounds.get(*class as usize).is_some_and(|(low, high)| low <= code && code <= high)
            });
        }
        match masks(column, spans) {
            Some(masks) => {
                rows.all(|(class, code)| masks.get(*class as usize).is_some_and(|mask| mask >> code & 1 == 1))
            }
            None => rows.all(|(class, code)| spans.get(*class as usize).is_some_and(|span| span.covers(column, *code))),
        }
    };
    if quasi.iter().zip(spans).all(is_true) {
        return Ok(());
    }
    Err(AnonymityError::NotVerified { reason: "a published value is not true of its row" })
}

/// What the span of each class covers, a bit for each code, where 64 bits are enough: spans are many, and far apart.
fn masks(column: &Column, spans: &[Span]) -> Option<Vec<u64>> {
    let codes = u32::try_from(column.labels.len()).ok().filter(|_| has_few_values(column))?;
    let mask = |span: &Span| match span {
        Span::Few(bits) => *bits,
        Span::Set(_) | Span::Range(_, _) | Span::Node(_) | Span::All => {
            (0..codes).filter(|code| span.covers(column, *code)).fold(0, |mask, code| mask | 1_u64 << code)
        }
    };
    Some(spans.iter().map(mask).collect())
}

/// Measures the published texts: classes whose texts are equal are one.
pub(super) fn measure_texts(
    text_of_class: &[Vec<u32>],
    class_of_row: &[u32],
    sensitive: &[Column],
) -> Result<Privacy, AnonymityError> {
    let columns: Vec<&[u32]> = text_of_class.iter().map(Vec::as_slice).collect();
    let classes = columns.first().map_or(0, |column| column.len());
    let groups = Cells::group(&columns, classes)?;
    let mut weights = vec![0_u32; groups.weights.len()];
    let group_of_row: Vec<u32> = class_of_row
        .iter()
        .map(|class| match groups.of_row.get(*class as usize) {
            Some(group) => {
                weights[*group as usize] += 1;
                *group
            }
            None => REMOVED,
        })
        .collect();
    Ok(privacy(&group_of_row, &weights, sensitive))
}

/// Whether what was measured is what was asked for.
pub(super) fn check_promise(policy: &Policy, found: &Privacy) -> Result<(), AnonymityError> {
    let broken = |reason| Err(AnonymityError::NotVerified { reason });
    if found.rows > 0 && found.k < policy.k {
        return broken("a class is smaller than k");
    }
    let diverse = match policy.l {
        None => true,
        Some(Diversity::Distinct(l)) => found.l.is_none_or(|found| found >= l),
        Some(Diversity::Entropy(l)) => found.entropy_l.is_none_or(|found| found >= l * (1.0 - ROUNDING)),
    };
    if !diverse {
        return broken("the sensitive values of a class are not diverse enough");
    }
    if let (Some(bound), Some(found)) = (policy.t, found.t)
        && found > bound + ROUNDING
    {
        return broken("the sensitive values of a class are too far from the whole");
    }
    Ok(())
}

/// Which demand on the sensitive values a class of these counts misses.
pub(super) fn missed(policy: &Policy, whole: &Whole, pairs: &[(u32, u32)]) -> Option<&'static str> {
    let diverse = match policy.l {
        None => true,
        Some(Diversity::Distinct(l)) => pairs.len() >= l,
        Some(Diversity::Entropy(l)) => entropy(pairs) >= l.ln() - ROUNDING / 4.0,
    };
    if !diverse {
        return Some("the sensitive values are not diverse enough");
    }
    let near = policy.t.is_none_or(|t| whole.distance(pairs) <= t + ROUNDING / 4.0);
    (!near).then_some("the sensitive values are too far from the whole")
}
