//! What a collection knows of itself: its key, its categories, how each lookup reads it.

use std::collections::BTreeSet;

use domain::datum::Datum;

use super::{Collection, Field, Source};

/// How a lookup on one field reads its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'a> {
    /// By partition key.
    Key,
    /// By the index of this name.
    Index(&'a str),
    /// By reading the whole table in so many segments.
    Scan(u32),
    /// By reading every object under the prefix.
    Objects,
    /// By listing the keys that begin with the value.
    KeyPrefix,
    /// Not at all; the lint refuses maps with such a lookup.
    Refused,
}

impl Field {
    /// The value as the declared type, for sources that only know texts (CSV); one that doesn't fit stays as it is.
    #[must_use]
    pub fn cast(&self, value: &Datum) -> Datum {
        crate::value::cast(value, self.data_type)
    }
}

impl Collection {
    /// `dataset.collection`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.dataset, self.name)
    }

    pub(super) fn is(&self, id: &str) -> bool {
        id.strip_prefix(&self.dataset).and_then(|rest| rest.strip_prefix('.')) == Some(&self.name)
    }

    /// The index of a field by its path.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.path == path)
    }

    /// The fields of the primary key: partition key first.
    pub fn primary_key(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.primary_key)
    }

    /// Every category in it, sorted (Art. 15(1)(b)).
    #[must_use]
    pub fn categories(&self) -> BTreeSet<&str> {
        let fields = self.fields.iter().flat_map(|field| &field.data_categories);
        self.data_categories.iter().chain(fields).map(String::as_str).collect()
    }

    /// How a lookup on this field path reads the source.
    #[must_use]
    pub fn access(&self, path: &str) -> Access<'_> {
        match &self.source {
            Source::DynamoDb { table: _, indexes, scan, segments } => {
                if self.primary_key().next().is_some_and(|key| key.path == path) {
                    Access::Key
                } else if let Some(index) = indexes.get(path) {
                    Access::Index(index)
                } else if *scan {
                    Access::Scan(*segments)
                } else {
                    Access::Refused
                }
            }
            Source::S3Objects { .. } => Access::Objects,
            Source::S3Media { bucket: _, key_template } => match placeholders(key_template).first() {
                Some(first) if *first == path => Access::KeyPrefix,
                Some(_) | None => Access::Refused,
            },
        }
    }
}

/// The field names between braces in a key template.
pub(crate) fn placeholders(template: &str) -> Vec<&str> {
    let opened = template.split('{').skip(1);
    opened.filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

/// What a key says of the fields that its template names; none where it is no key of the template.
///
/// A value holds no `/`. It ends where the text behind it begins; before a dot as late as it can, since values hold dots too.
#[must_use]
pub fn fields_of_key<'t, 'k>(template: &'t str, key: &'k str) -> Option<Vec<(&'t str, &'k str)>> {
    let (mut template, mut key) = (template, key);
    let mut found: Vec<(&str, &str)> = Vec::new();
    loop {
        let (literal, after) = template.split_once('{').map_or((template, None), |(text, after)| (text, Some(after)));
        key = key.strip_prefix(literal)?;
        let Some((name, behind)) = after.and_then(|after| after.split_once('}')) else { return Some(found) };
        let (value, rest) = key.split_at(end_of_value(key, behind.split('{').next().unwrap_or_default())?);
        let is_another = found.iter().any(|(known, before)| *known == name && *before != value);
        if value.is_empty() || is_another {
            return None;
        }
        found.push((name, value));
        (template, key) = (behind, rest);
    }
}

fn end_of_value(key: &str, literal: &str) -> Option<usize> {
    let segment = key.find('/').unwrap_or(key.len());
    if literal.is_empty() {
        return Some(segment);
    }
    let mut ends = key.match_indices(literal).map(|(at, _)| at).filter(|at| *at <= segment);
    if literal.starts_with('.') { ends.last() } else { ends.next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_fields_of_its_template() {
        let of = |template, key| fields_of_key(template, key).map(|it| format!("{it:?}"));
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(of("logs/dt={day}/", "logs/dt=2026-01-02/a/b.gz"), told(r#"[("day", "2026-01-02")]"#));
        assert_eq!(of("m/{id}.{n}", "m/1.2.png"), told(r#"[("id", "1.2"), ("n", "png")]"#));
        assert_eq!(of("m/{id}/{n}.png", "m/7/x.png"), told(r#"[("id", "7"), ("n", "x")]"#));
        assert_eq!(of("m/", "m/x"), told("[]"));
        for (template, key) in [
            ("m/{id}/", "n/7/x"),
            ("m/{id}/", "m/7"),
            ("m/{id}/", "m//x"),
            ("m/{id}/{n}.png", "m/7/x.gif"),
            ("{id}/{id}/", "7/8/"),
        ] {
            assert_eq!(of(template, key), None, "{template} {key}");
        }
    }
}
