//! What was learnt of field names and paths, kept for the documents to come: records of one kind repeat them.

use std::ops::Range;
use std::sync::Arc;

use crate::detect::{PiiType, type_of_field};

/// Places for names and for paths, in rows of a few; what is new pushes another of its row out.
const PLACES: usize = 256;
const ROW: usize = 4;
/// Longer names and paths are not kept.
const LONGEST: usize = 128;

/// The types of field names, and paths in which something was found.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    names: Vec<Option<(Box<str>, Option<PiiType>)>>,
    paths: Vec<Option<Arc<str>>>,
}

impl Learnt {
    /// What a field's name says, looked at once while it is kept.
    pub(super) fn type_of(&mut self, name: &str) -> Option<PiiType> {
        if name.len() > LONGEST {
            return type_of_field(name);
        }
        if self.names.is_empty() {
            self.names.resize_with(PLACES, || None);
        }
        let (row, newest) = places_of(name);
        let row = &mut self.names[row];
        match row.iter().flatten().find(|(known, _)| **known == *name) {
            Some((_, kind)) => *kind,
            None => {
                let kind = type_of_field(name);
                row[free(row).unwrap_or(newest)] = Some((name.into(), kind));
                kind
            }
        }
    }

    /// The path, shared with earlier matches while it is kept.
    pub(super) fn path(&mut self, path: &str) -> Arc<str> {
        if path.len() > LONGEST {
            return Arc::from(path);
        }
        if self.paths.is_empty() {
            self.paths.resize(PLACES, None);
        }
        let (row, newest) = places_of(path);
        let row = &mut self.paths[row];
        match row.iter().flatten().find(|known| ***known == *path) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(row[free(row).unwrap_or(newest)].insert(Arc::from(path))),
        }
    }
}

fn free<T>(row: &[Option<T>]) -> Option<usize> {
    row.iter().position(Option::is_none)
}

/// Its row, and which place of a full one it takes; who chooses texts for one row gains that nothing is kept.
fn places_of(text: &str) -> (Range<usize>, usize) {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 32)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let start = rest.iter().fold(text.len() as u64, |word, byte| word << 8 | u64::from(*byte));
    let hash = words.iter().fold(mix(0, start), |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let row = usize::try_from(hash % (PLACES / ROW) as u64).unwrap_or(0) * ROW;
    (row..row + ROW, usize::try_from(hash >> 32).unwrap_or(0) % ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_told_apart_though_there_are_more_than_places() {
        let mut learnt = Learnt::default();
        for _ in 0..2 {
            for number in 0..2_000 {
                assert_eq!(learnt.type_of(&format!("email_{number}")), Some(PiiType::Email));
                assert_eq!(learnt.type_of(&format!("field_{number}_of_no_kind")), None);
                let path = format!("a.b[{number}].c{}", "x".repeat(number % 200));
                assert_eq!(*learnt.path(&path), *path);
            }
        }
        assert_eq!((learnt.type_of(""), &*learnt.path("")), (None, ""));
    }
}
