//! The second look at a result: from the texts that would be published, not from how the classes came about.

use std::collections::HashMap;

use super::cells::Cells;
use super::check::{Privacy, privacy};
use super::column::Column;
use super::diversity::{Whole, entropy};
use super::error::AnonymityError;
use super::policy::{Diversity, Policy};
use super::release::REMOVED;
use super::span::Span;

/// A bound is kept up to what adding shares in another order changes.
const ROUNDING: f64 = 1e-9;

/// The texts of one column, each once, and the text of each class.
pub(super) fn texts(column: &Column, spans: &[Span]) -> (Vec<String>, Vec<u32>) {
    let mut texts: Vec<String> = Vec::new();
    let mut of_text: HashMap<String, u32> = HashMap::new();
    let mut of_span: HashMap<&Span, u32> = HashMap::new();
    let mut of_class = Vec::with_capacity(spans.len());
    for span in spans {
        let text = *of_span.entry(span).or_insert_with(|| {
            let text = span.text(column);
            let next = u32::try_from(texts.len()).expect("there are no more texts than rows, which were counted");
            *of_text.entry(text.clone()).or_insert_with(|| {
                texts.push(text);
                next
            })
        });
        of_class.push(text);
    }
    (texts, of_class)
}

/// Whether each published text is true of its row.
pub(super) fn check_truth(quasi: &[Column], spans: &[Vec<Span>], class_of_row: &[u32]) -> Result<(), AnonymityError> {
    let untrue = AnonymityError::NotVerified { reason: "a published value is not true of its row" };
    for (column, spans) in quasi.iter().zip(spans) {
        for (class, code) in class_of_row.iter().zip(&column.codes).filter(|(class, _)| **class != REMOVED) {
            if !spans.get(*class as usize).is_some_and(|span| span.covers(column, *code)) {
                return Err(untrue);
            }
        }
    }
    Ok(())
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
