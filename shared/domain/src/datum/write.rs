//! JSON out, exact and canonical in spacing: no blanks, digits as they came, bytes as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::plain_run::plain_length;
use super::{Datum, is_json_number};

impl Datum {
    /// Appends this value as JSON without line breaks; what [`Datum::parse_json`] read comes out equal.
    ///
    /// Bytes become a base64 text (RFC 4648 §4), and digits that are not a JSON number become a text.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(digits) if is_json_number(digits) => {
                out.extend_from_slice(digits.as_bytes());
            }
            Self::Number(text) | Self::Text(text) => write_text(text, out),
            Self::Bytes(bytes) => write_text(&STANDARD.encode(bytes), out),
            Self::List(items) => write_list(items, out),
            Self::Map(fields) => write_map(fields, out),
        }
    }

    /// This value as a JSON text, see [`Datum::write_json`].
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_json(&mut out);
        out
    }
}

fn write_list(items: &[Datum], out: &mut Vec<u8>) {
    out.push(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        item.write_json(out);
    }
    out.push(b']');
}

fn write_map(fields: &[(String, Datum)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (n, (name, value)) in fields.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, after) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((special, after)) = after.split_first() else {
            break;
        };
        write_escape(*special, out);
        rest = after;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Datum;

    fn check(value: &Datum, expected: &str) {
        assert_eq!(String::from_utf8(value.to_json()).unwrap(), expected);
    }

    #[test]
    fn digits_leave_as_they_came() {
        let exact = r#"{"a":1.10,"b":-0,"c":123456789012345678901234567890.5e-3,"d":[1E400,{}]}"#;
        check(&Datum::parse_json(exact.as_bytes()).unwrap(), exact);
    }

    #[test]
    fn what_json_can_not_say_becomes_a_text() {
        check(&Datum::Bytes(vec![0, 255, 1]), r#""AP8B""#);
        check(&Datum::Number("NaN".to_owned()), r#""NaN""#);
        check(&Datum::Text("a\"\\\n\u{1}\u{7f}é".to_owned()), "\"a\\\"\\\\\\n\\u0001\u{7f}é\"");
    }
}
