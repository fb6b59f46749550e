//! What was learnt of field names and paths, kept for the documents to come: records of one kind repeat them.

use std::sync::Arc;

use crate::detect::{PiiType, type_of_field};

/// Places for names and for paths; what shares one pushes the other out.
const PLACES: usize = 256;
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
        let place = &mut self.names[place_of(name)];
        match place {
            Some((known, kind)) if **known == *name => *kind,
            Some(_) | None => {
                let kind = type_of_field(name);
                *place = Some((name.into(), kind));
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
        let place = &mut self.paths[place_of(path)];
        match place {
            Some(known) if **known == *path => Arc::clone(known),
            Some(_) | None => Arc::clone(place.insert(Arc::from(path))),
        }
    }
}

/// Which of the places; who chooses texts for one of them gains that nothing is kept.
fn place_of(text: &str) -> usize {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 32)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let start = rest.iter().fold(text.len() as u64, |word, byte| word << 8 | u64::from(*byte));
    let hash = words.iter().fold(mix(0, start), |hash, word| mix(hash, u64::from_le_bytes(*word)));
    usize::try_from(hash % PLACES as u64).unwrap_or(0)
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
