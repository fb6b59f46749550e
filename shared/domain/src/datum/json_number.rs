//! The number grammar of RFC 8259 §6, the only place that knows it.

/// Whether the text is exactly one JSON number (RFC 8259 §6).
#[must_use]
pub fn is_json_number(text: &str) -> bool {
    number_length(text.as_bytes()) == Some(text.len())
}

/// How many bytes at the front form a JSON number, the longest such run; `None` if they form none.
pub(super) fn number_length(bytes: &[u8]) -> Option<usize> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match bytes.get(at)? {
        b'0' => 1,
        b'1'..=b'9' => digits(&bytes[at..]),
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        at += 1 + some_digits(&bytes[at + 1..])?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at += some_digits(&bytes[at..])?;
    }
    Some(at)
}

fn digits(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit());
    end.unwrap_or(bytes.len())
}

fn some_digits(bytes: &[u8]) -> Option<usize> {
    Some(digits(bytes)).filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::is_json_number;

    #[test]
    fn only_the_grammar_of_json_is_a_number() {
        for number in ["0", "-0", "12", "-12.50", "1e5", "1E-5", "1.0e+10"] {
            assert!(is_json_number(number), "{number}");
        }
        for other in ["", "-", "+1", "01", ".5", "1.", "1e", "1e+", "NaN", "0x1", "1 ", " 1"] {
            assert!(!is_json_number(other), "{other}");
        }
    }
}
