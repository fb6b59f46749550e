//! One JSON line, written field by field in a fixed order; numbers are written as the digits given.

use std::fmt::{Display, Write as _};

/// A JSON object under construction.
pub(super) struct Row(String);

impl Row {
    /// An object without fields.
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    /// A text field.
    pub(super) fn text(self, name: &str, value: &str) -> Self {
        let quoted = quoted(value);
        self.raw(name, &quoted)
    }

    /// A number (`19.90` stays `19.90`), `true`, `false`, or JSON made elsewhere.
    pub(super) fn raw(mut self, name: &str, value: &dyn Display) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write!(self.0, "\"{name}\":{value}").expect("writing to a String cannot fail");
        self
    }

    /// A text field, or `null`.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, &"null"),
        }
    }

    /// A list of texts.
    pub(super) fn texts(self, name: &str, values: &[&str]) -> Self {
        let inner: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        self.raw(name, &format_args!("[{}]", inner.join(",")))
    }

    /// A list of objects.
    pub(super) fn rows(self, name: &str, values: Vec<Self>) -> Self {
        let inner: Vec<String> = values.into_iter().map(Self::end).collect();
        self.raw(name, &format_args!("[{}]", inner.join(",")))
    }

    /// A nested object.
    pub(super) fn row(self, name: &str, value: Self) -> Self {
        self.raw(name, &value.end())
    }

    /// The finished object, without line end.
    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", u32::from(control)).expect("writing to a String cannot fail");
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn order_and_digits_are_kept() {
        let line = Row::new()
            .raw("z", &"1.50")
            .text("a", "say \"hi\"\n\u{1}")
            .maybe("n", None)
            .texts("t", &["x", "y"])
            .row("o", Row::new().raw("deep", &true))
            .rows("r", vec![Row::new(), Row::new().raw("i", &2)])
            .end();
        let wanted = r#"{"z":1.50,"a":"say \"hi\"\n\u0001","n":null,"t":["x","y"],"o":{"deep":true},"r":[{},{"i":2}]}"#;
        assert_eq!(line, wanted);
    }
}
