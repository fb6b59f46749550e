//! A glance at a line of JSON: whether it may hold a wanted value, without reading it as a whole.
//!
//! It never overlooks one: where the line is written in a way that a glance can't judge, the answer is yes.

use memchr::memchr;
use memchr::memmem::Finder;

use crate::wanted::Wanted;

/// Looks for one field by the last name of its path.
#[derive(Debug)]
pub(super) struct Glance {
    /// The name in quotes.
    name: Finder<'static>,
    length: usize,
}

impl Glance {
    /// For a dotted path; none where the name would be written with an escape.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]");
        let is_plain = !name.is_empty() && !name.contains(['"', '\\']) && !name.chars().any(char::is_control);
        let quoted = format!("\"{name}\"");
        is_plain.then(|| Self { name: Finder::new(quoted.as_bytes()).into_owned(), length: quoted.len() })
    }

    /// Whether a line may hold one of the wanted values in the field.
    pub(super) fn may_hold(&self, line: &[u8], wanted: &Wanted) -> bool {
        // An escape may hide both the name and the value.
        if memchr(b'\\', line).is_some() {
            return true;
        }
        let mut rest = line;
        while let Some(found) = self.name.find(rest) {
            rest = trimmed(&rest[found + self.length..]);
            // Without a colon it was a value that reads like the name.
            let Some(after) = rest.strip_prefix(b":") else { continue };
            let value = trimmed(after);
            if is_wanted(value, wanted) {
                return true;
            }
            rest = value;
        }
        false
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

fn is_wanted(value: &[u8], wanted: &Wanted) -> bool {
    match value.first() {
        Some(b'"') => {
            let text = &value[1..];
            let end = memchr(b'"', text);
            end.and_then(|end| std::str::from_utf8(&text[..end]).ok()).is_none_or(|text| wanted.has_exact_text(text))
        }
        Some(b'-' | b'0'..=b'9') => {
            let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
            let end = value.iter().position(|byte| !is_part(byte)).unwrap_or(value.len());
            std::str::from_utf8(&value[..end]).map_or(true, |digits| wanted.has_number(digits))
        }
        Some(b'n') => false,
        Some(_) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use domain::datum::Datum;

    use super::*;

    #[test]
    fn nothing_that_is_wanted_is_overlooked() {
        let wanted = Wanted::new(["7", "120", "\"a\"", "\"é\""].map(|it| Datum::parse_json(it.as_bytes()).unwrap()));
        let glance = Glance::of("to.id").unwrap();
        let lines = [
            r#"{"to":{"id":7}}"#,
            r#"{"to":[{"id":8},{ "id" : 7.0 }]}"#,
            r#"{"to":{"id":["b","a"]}}"#,
            r#"{"id":1,"to":{"id":"a"}}"#,
            r#"{"to":{"id":"\u0061"}}"#,
            r#"{"to":{"i\u0064":"a"}}"#,
            r#"{"x":"id","to":{"id":1.2e2}}"#,
            r#"{"to":{"id":"é"}}"#,
            r#"{"to":{"id":12e1}}"#,
            r#"{"to":{"id":"#,
        ];
        for line in lines {
            assert!(glance.may_hold(line.as_bytes(), &wanted), "{line}");
        }
        let lines = [
            r#"{"to":{"id":8}}"#,
            r#"{"to":{"id":"7"}}"#,
            r#"{"to":{"id":null},"a":7}"#,
            r#"{"x":"id"}"#,
            r#"{"ids":7}"#,
            r#"{"to":{"id":"b"},"id":70}"#,
        ];
        for line in lines {
            assert!(!glance.may_hold(line.as_bytes(), &wanted), "{line}");
        }
        assert!(Glance::of("a\"b").is_none());
    }

    #[test]
    fn truth_values_are_looked_at_as_a_whole() {
        let wanted = Wanted::new([Datum::Bool(true)]);
        assert!(Glance::of("b").unwrap().may_hold(br#"{"b":true}"#, &wanted));
    }
}
