//! One CSV cell: quoted as RFC 4180 says, and harmless in a program that would run it.

use domain::datum::is_json_number;

/// Appends a text as one cell; a text that a spreadsheet would run gets a leading apostrophe.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let is_risky = is_risky(text);
    // Without an early way out the loop works on many bytes at once.
    let is_special = |byte: &u8| matches!(byte, b'"' | b',' | b'\n' | b'\r');
    if !bytes.iter().fold(false, |found, byte| found | is_special(byte)) {
        if is_risky {
            out.push(b'\'');
        }
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if is_risky {
        out.push(b'\'');
    }
    for (n, run) in bytes.split(|byte| *byte == b'"').enumerate() {
        if n > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(run);
    }
    out.push(b'"');
}

/// Whether a spreadsheet might take the text for a formula; plain numbers such as -12.5 are not.
fn is_risky(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'{' | b'[') => false,
        Some(b'\t' | b'\r' | b'\n') => true,
        Some(_) => text.trim_start_matches(is_skipped).starts_with(is_trigger) && !is_json_number(text),
    }
}

/// What importers drop or look through before they decide what a cell is.
fn is_skipped(c: char) -> bool {
    let is_quote = matches!(c, '"' | '\'' | '`' | '\u{b4}' | '\u{2018}'..='\u{201f}' | '\u{ff02}' | '\u{ff07}');
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    );
    is_quote || is_invisible || c.is_whitespace() || c.is_control()
}

/// Signs that begin a formula, with their small and full-width forms, which some importers fold.
const fn is_trigger(c: char) -> bool {
    matches!(
        c,
        '=' | '+'
            | '-'
            | '@'
            | '\u{ff1d}'
            | '\u{ff0b}'
            | '\u{ff0d}'
            | '\u{ff20}'
            | '\u{fe66}'
            | '\u{fe62}'
            | '\u{fe63}'
            | '\u{fe6b}'
            | '\u{2212}'
    )
}

#[cfg(test)]
mod tests {
    use super::put_text;

    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        put_text(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{text:?}");
    }

    #[test]
    fn a_formula_never_begins_a_cell() {
        check("=1+1", "'=1+1");
        check("+49 30 123", "'+49 30 123");
        check("@SUM(A1)", "'@SUM(A1)");
        check("-2+3", "'-2+3");
        check("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0");
        check("\t=1", "'\t=1");
        check("\tplain", "'\tplain");
        check("\r=1", "\"'\r=1\"");
        check("\n=1", "\"'\n=1\"");
        check("  =1", "'  =1");
        check("\u{a0}=1", "'\u{a0}=1");
        check("\u{feff}=1", "'\u{feff}=1");
        check("\u{200b}\u{200b}=1", "'\u{200b}\u{200b}=1");
        check("\"=1\"", "\"'\"\"=1\"\"\"");
        check("'=1", "''=1");
        check("\u{201c}=1", "'\u{201c}=1");
        check("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
    }

    #[test]
    fn wide_and_small_forms_count() {
        for sign in ['＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'] {
            check(&format!("{sign}1+1"), &format!("'{sign}1+1"));
        }
    }

    #[test]
    fn plain_texts_and_numbers_stay() {
        for text in ["", "-12.5", "-1e5", "12", "a=b", "a@b.c", "Ø", " a", "'a", "1-2", "_", "(=1)"] {
            check(text, text);
        }
    }

    #[test]
    fn quoting_follows_rfc_4180() {
        check("a,b", "\"a,b\"");
        check("a\"b", "\"a\"\"b\"");
        check("a\r\nb", "\"a\r\nb\"");
    }
}
