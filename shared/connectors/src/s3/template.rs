//! Prefixes made from a template and a value. A value can't leave its place: it holds no `/`, no `..`, no control sign.

use domain::datum::Datum;
use workflow::ports::PortError;

use crate::failure::corrupt;
use crate::scope::Scope;

/// The keys of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    /// What each key begins with.
    pub(super) prefix: String,
    /// Whether the value is followed by a dot: then one extension may follow, else `1.` would find `1.2.png`.
    has_dot: bool,
    has_value: bool,
}

impl Keys {
    /// Whether a key is one of these.
    pub(super) fn has(&self, key: &str) -> bool {
        let Some(rest) = key.strip_prefix(&self.prefix) else { return false };
        let name = rest.split('/').next().unwrap_or_default();
        !(self.has_dot && name.contains('.'))
    }

    /// Whether the value is in the prefix, as a whole.
    pub(super) fn is_narrow(&self) -> bool {
        self.has_value && self.prefix.ends_with('/')
    }
}

/// Fills in what is known, up to the first placeholder that is not: the field looked up and the tenant's field.
pub(super) fn render(template: &str, field: &str, value: Option<&str>, tenant: Option<(&str, &str)>) -> Keys {
    let mut keys = Keys { prefix: String::new(), has_dot: false, has_value: false };
    let mut rest = template;
    loop {
        let (literal, after) = rest.split_once('{').map_or((rest, None), |(literal, after)| (literal, Some(after)));
        keys.has_dot = (keys.has_dot || (keys.has_value && literal.starts_with('.'))) && !literal.contains('/');
        keys.prefix.push_str(literal);
        let Some((name, after)) = after.and_then(|after| after.split_once('}')) else { return keys };
        let known = value.filter(|_| name == field).or_else(|| tenant.filter(|it| it.0 == name).map(|it| it.1));
        let Some(known) = known else { return keys };
        keys.prefix.push_str(known);
        keys.has_value = keys.has_value || name == field;
        rest = after;
    }
}

/// The keys of each value asked for; `Corrupt` where a value is no part of a key or the template does not begin with it.
pub(super) fn keys_by_value(template: &str, scope: &Scope<'_>) -> Result<Vec<Keys>, PortError> {
    let tenant = tenant(scope);
    let is_shared = tenant.is_some_and(|(field, _)| !template.contains(&format!("{{{field}}}")));
    if is_shared {
        return Err(corrupt("look up media", "the source is shared, but its keys do not name the tenant"));
    }
    let mut all = Vec::new();
    for value in scope.values() {
        let text = segment(&value).ok_or_else(|| corrupt("look up media", "a value can't be part of a key"))?;
        let keys = render(template, &scope.lookup.field, Some(text), tenant);
        if !keys.has_value || tenant.is_some_and(|(_, name)| !keys.prefix.contains(name)) {
            return Err(corrupt("look up media", "keys can't be listed by this field"));
        }
        all.push(keys);
    }
    Ok(all)
}

/// The prefixes to list for rows: narrowed by the values where the template has their field, else all that is under it.
pub(super) fn row_prefixes(template: &str, scope: &Scope<'_>) -> Vec<String> {
    let values = scope.values();
    if values.is_empty() {
        return Vec::new();
    }
    let field = scope.lookup.field.as_str();
    let narrow: Option<Vec<String>> = values
        .iter()
        .map(|value| {
            let keys = render(template, field, Some(segment(value)?), tenant(scope));
            keys.is_narrow().then_some(keys.prefix)
        })
        .collect();
    let mut prefixes = narrow.unwrap_or_else(|| vec![render(template, field, None, tenant(scope)).prefix]);
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

/// The prefix of all of the tenant's rows.
pub(super) fn whole_prefix(template: &str, scope: &Scope<'_>) -> String {
    render(template, "", None, tenant(scope)).prefix
}

fn tenant<'a>(scope: &Scope<'a>) -> Option<(&'a str, &'a str)> {
    scope.tenant_field().map(|field| (field, scope.lookup.tenant.as_str()))
}

/// The value as a part of a key, if it is one.
pub(super) fn segment(value: &Datum) -> Option<&str> {
    let text = match value {
        Datum::Text(text) | Datum::Number(text) => text,
        Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => return None,
    };
    let is_safe = !text.is_empty() && text != "." && !text.contains(['/', '\\']) && !text.contains("..");
    (is_safe && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(template: &str, value: &str) -> Keys {
        render(template, "id", Some(value), Some(("org", "acme")))
    }

    #[test]
    fn prefixes_end_at_the_first_unknown_placeholder() {
        assert_eq!(of("m/{id}/", "7").prefix, "m/7/");
        assert_eq!(of("m/{id}/x-{n}.png", "7").prefix, "m/7/x-");
        assert_eq!(of("{org}/{id}/", "7").prefix, "acme/7/");
        assert_eq!(of("{other}/{id}/", "7").prefix, "");
        assert!(!of("{other}/{id}/", "7").has_value);
    }

    #[test]
    fn a_value_finds_no_keys_of_another() {
        assert!(!of("m/{id}/", "1").has("m/10/a.png"));
        assert!(of("m/{id}/", "1").has("m/1/a.b.png"));
        assert!(of("m/{id}.", "1").has("m/1.png"));
        assert!(!of("m/{id}.", "1").has("m/1.2.png"));
        assert!(of("m/{id}.", "1.2").has("m/1.2.png"));
        assert!(!of("m/{id}.png", "1").has("m/1.png.png"));
        assert!(of("m/{id}.files/{n}", "1").has("m/1.files/a.b"));
    }

    #[test]
    fn a_value_can_not_leave_its_place() {
        for value in ["", ".", "..", "a/b", "../a", "a..b", "a\\b", "a\nb", "a\0"] {
            assert_eq!(segment(&Datum::Text(value.to_owned())), None, "{value:?}");
        }
        for value in ["7", "a.b", "a%2Fb", "a b", "é", "{id}"] {
            assert_eq!(segment(&Datum::Text(value.to_owned())), Some(value));
        }
        assert_eq!(of("m/{id}/{org}/", "{org}").prefix, "m/{org}/acme/");
    }
}
