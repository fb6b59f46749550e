//! What a `rewrite_value` may hold in place of a value: pseudonyms that keep apart what was apart, for columns that must.
//!
//! Each form is recognised, so that rewriting a pseudonym changes nothing. That of an UUID is recognised by a keyed tag
//! in it: no other UUID is taken for one.

use domain::datum::Datum;

use super::rewrite::Masker;

/// Hexadecimal digits of a keyed hash that are kept (V10).
const HASH_DIGITS: usize = 16;
/// Digits of an UUID that tell values apart, and as many that are their tag; two more are its version and variant.
const HALF: usize = 15;

/// A form of pseudonyms.
struct Form {
    placeholder: &'static str,
    made: fn(&Datum, &dyn Masker) -> String,
    is_made: fn(&str, &dyn Masker) -> bool,
}

const FORMS: [Form; 2] = [
    Form {
        placeholder: "{pseudonym}",
        made: |value, masker| shortened(&masker.lasting(&value.to_json())).to_owned(),
        is_made: |text, _| is_hash(text),
    },
    Form { placeholder: "{uuid}", made: uuid_of, is_made: is_uuid_of_ours },
];

/// The text of a `rewrite_value`, with a pseudonym of the value where it has a place for one.
pub(super) fn filled(template: &str, value: &Datum, masker: &dyn Masker) -> Datum {
    let places = FORMS.iter().filter_map(|form| Some((form, template.split_once(form.placeholder)?)));
    let Some((form, (before, after))) = places.into_iter().next() else { return Datum::Text(template.to_owned()) };
    let inner = value.as_text().and_then(|text| text.strip_prefix(before)?.strip_suffix(after));
    if inner.is_some_and(|inner| (form.is_made)(inner, masker)) {
        return value.clone();
    }
    Datum::Text(format!("{before}{}{after}", (form.made)(value, masker)))
}

/// Whether nothing around it tells a pseudonym from other values of its form.
pub(crate) fn is_bare(template: &str) -> bool {
    template == "{pseudonym}"
}

/// Whether every `{word}` of a `rewrite_value` is a place for a pseudonym, and there is one at most.
pub(crate) fn is_known(template: &str) -> bool {
    let words = template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let asked = words.filter(is_word).count();
    let known: usize = FORMS.iter().map(|form| template.matches(form.placeholder).count()).sum();
    asked == known && known <= 1
}

pub(super) fn shortened(hash: &str) -> &str {
    hash.get(..HASH_DIGITS).unwrap_or(hash)
}

pub(super) fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An UUID of version 8 (RFC 9562 section 5.8): 60 bits of a keyed hash, and 60 bits of a keyed hash of these.
fn uuid_of(value: &Datum, masker: &dyn Masker) -> String {
    let hash = masker.lasting(&value.to_json());
    let head = hash.get(..HALF).unwrap_or(&hash);
    let tag = tag_of(head, masker);
    format!(
        "{}-{}-8{}-8{}-{}",
        part(head, 0, 8),
        part(head, 8, 12),
        part(head, 12, 15),
        part(&tag, 0, 3),
        part(&tag, 3, 15)
    )
}

fn is_uuid_of_ours(text: &str, masker: &dyn Masker) -> bool {
    let [a, b, c, d, e] = text.split('-').collect::<Vec<_>>()[..] else { return false };
    let (Some(c), Some(d)) = (c.strip_prefix('8'), d.strip_prefix('8')) else { return false };
    let tag = tag_of(&[a, b, c].concat(), masker);
    [a, b, c, d, e].map(str::len) == [8, 4, 3, 3, 12] && tag == [d, e].concat()
}

/// What is hashed here is no JSON, so that it is the hash of no value.
fn tag_of(head: &str, masker: &dyn Masker) -> String {
    let hash = masker.lasting(format!("tag of uuid {head}").as_bytes());
    part(&hash, 0, HALF).to_owned()
}

fn part(digits: &str, from: usize, to: usize) -> &str {
    digits.get(from..to.min(digits.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    struct Keyed(&'static str);

    impl Masker for Keyed {
        fn lasting(&self, value: &[u8]) -> String {
            let digest = Sha256::new().chain_update(self.0).chain_update(value).finalize();
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        }

        fn passing(&self, value: &[u8]) -> String {
            self.lasting(value)
        }
    }

    fn text(value: &str) -> Datum {
        Datum::Text(value.to_owned())
    }

    #[test]
    fn words_of_a_template_are_known_or_not() {
        for good in ["[erased]", "deleted_{pseudonym}@anonymized.local", "{uuid}", r#"{"erased": true}"#, "{}"] {
            assert!(is_known(good), "{good}");
        }
        for bad in ["{pseudonyme}", "{uuid}{uuid}", "{uuid} {pseudonym}", "user {name}"] {
            assert!(!is_known(bad), "{bad}");
        }
        assert!(is_bare("{pseudonym}") && !is_bare("u_{pseudonym}") && !is_bare("{uuid}"));
    }

    #[test]
    fn an_uuid_becomes_one_that_says_it_is_made_up() {
        let before = text("3f2504e0-4f89-41d3-9a0c-0305e82c3301");
        let after = filled("{uuid}", &before, &Keyed("k"));
        let digits = after.as_text().unwrap();
        assert_eq!(digits.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!((&digits[14..15], &digits[19..20]), ("8", "8"), "version and variant: {digits}");
        assert_ne!(filled("{uuid}", &before, &Keyed("another")), after, "who has no key can't tell");
    }

    #[test]
    fn another_uuid_of_the_same_version_is_not_taken_for_a_pseudonym() {
        let made = filled("{uuid}", &text("1"), &Keyed("k"));
        let mut spoilt = made.as_text().unwrap().to_owned();
        let last = if spoilt.pop() == Some('0') { '1' } else { '0' };
        spoilt.push(last);
        for value in ["01234567-89ab-8cde-8f01-23456789abcd", &spoilt] {
            assert_ne!(filled("{uuid}", &text(value), &Keyed("k")), text(value), "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_was_apart_stays_apart_and_twice_is_once(values in prop::collection::btree_set("[ -~]{1,12}", 1..50)) {
            for template in ["{uuid}", "u-{uuid}", "deleted_{pseudonym}@anonymized.local"] {
                let made = values.iter().map(|value| filled(template, &text(value), &Keyed("k")));
                let made: std::collections::BTreeSet<String> = made.map(|it| it.as_text().unwrap().to_owned()).collect();
                prop_assert_eq!(made.len(), values.len());
                for one in made {
                    prop_assert_eq!(filled(template, &text(&one), &Keyed("k")), text(&one));
                }
            }
        }
    }
}
