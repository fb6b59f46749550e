//! Pseudonyms of a column in which different values must stay different, such as a key or a login.

use std::collections::{HashMap, HashSet};

use super::{Pseudonyms, Style};

/// Attempts per value before its style counts as used up.
const ATTEMPTS: u32 = 1000;

/// The style has too few pseudonyms for so many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the style has too few pseudonyms for so many values")]
pub struct Exhausted;

/// The pseudonyms of one column, each given once.
#[derive(Debug)]
pub struct UniqueColumn {
    given: HashMap<String, String>,
}

impl UniqueColumn {
    /// Gives each different value a pseudonym of its own; the order of the values does not matter.
    ///
    /// # Errors
    /// More values than the style can tell apart.
    #[expect(single_use_lifetimes, reason = "lifetimes in `impl Trait` have to be named")]
    pub fn assign<'a>(
        pseudonyms: &Pseudonyms,
        style: Style,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Exhausted> {
        let mut different: Vec<([u8; 32], &str)> = values
            .into_iter()
            .collect::<HashSet<_>>()
            .into_iter()
            .map(|value| (pseudonyms.digest(&[b"order", value.as_bytes()]), value))
            .collect();
        different.sort_unstable();
        let (mut taken, mut given) = (HashSet::new(), HashMap::new());
        for (_, value) in different {
            let pseudonym = (0..ATTEMPTS)
                .map(|attempt| pseudonyms.attempt(style, value, attempt))
                .find(|pseudonym| !taken.contains(pseudonym))
                .ok_or(Exhausted)?;
            taken.insert(pseudonym.clone());
            given.insert(value.to_owned(), pseudonym);
        }
        Ok(Self { given })
    }

    /// The pseudonym of a value that was among those assigned.
    #[must_use]
    pub fn of(&self, value: &str) -> Option<&str> {
        self.given.get(value).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_values_share_a_pseudonym_and_order_does_not_matter() {
        let pseudonyms = Pseudonyms::new(&[3; 32]);
        let values: Vec<String> = (0..5000).map(|number| format!("person {number}")).collect();
        for style in [Style::Email, Style::Phone, Style::Name, Style::Address, Style::Other] {
            let forward = UniqueColumn::assign(&pseudonyms, style, values.iter().map(String::as_str)).unwrap();
            let backward = UniqueColumn::assign(&pseudonyms, style, values.iter().rev().map(String::as_str)).unwrap();
            let made: HashSet<&str> = values.iter().map(|value| forward.of(value).unwrap()).collect();
            assert_eq!(made.len(), 5000, "{style:?}");
            assert!(values.iter().all(|value| forward.of(value) == backward.of(value)), "{style:?}");
        }
    }

    #[test]
    fn realistic_pseudonyms_have_their_forms() {
        let pseudonyms = Pseudonyms::new(&[3; 32]);
        let made = |style| pseudonyms.realistic(style, "ada@lovelace.org");
        assert!(made(Style::Email).ends_with("@example.com"));
        assert!(made(Style::Phone).starts_with("555-") && made(Style::Phone).len() == 13);
        assert_eq!(made(Style::Name).split(' ').count(), 2);
        assert!(made(Style::Other).starts_with("anon_"));
        assert_eq!(made(Style::Address), made(Style::Address));
    }
}
