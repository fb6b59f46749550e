//! Redacts what stands within a text, and leaves the rest of it as it was.

use std::borrow::Cow;

use super::REDACTED;
use crate::detect::{Hit, Scanner};

/// Looks at what was replaced, before a text that still shows something is redacted as a whole.
const MOST_ROUNDS: usize = 4;

/// The text with each find as `[REDACTED]`; borrowed where the scanner finds nothing.
///
/// In the result it finds nothing any more: redacting twice is redacting once.
#[must_use]
pub fn redacted<'t>(scanner: &Scanner, text: &'t str) -> Cow<'t, str> {
    let (mut text, mut hits) = (Cow::Borrowed(text), Vec::new());
    // What stood beside something redacted may be found now that it is gone.
    for _ in 0..MOST_ROUNDS {
        hits.clear();
        scanner.find(text.as_bytes(), &mut hits);
        if hits.is_empty() {
            return text;
        }
        text = Cow::Owned(without(&text, &hits));
    }
    hits.clear();
    scanner.find(text.as_bytes(), &mut hits);
    if hits.is_empty() { text } else { Cow::Borrowed(REDACTED) }
}

fn without(text: &str, hits: &[Hit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // What stands within something redacted is gone with it.
    for hit in hits {
        if hit.start >= at {
            out.push_str(&text[at..hit.start]);
            out.push_str(REDACTED);
        }
        at = at.max(hit.end);
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_found_goes() {
        let text = "Call me at +1 415 555 2671 or write to ada@example.com, please. Order 12 is late.";
        let wanted = "Call me at [REDACTED] or write to [REDACTED], please. Order 12 is late.";
        assert_eq!(redacted(&Scanner::new(), text), wanted);
        assert!(matches!(redacted(&Scanner::new(), "Order 12 is late."), Cow::Borrowed("Order 12 is late.")));
    }

    #[test]
    fn names_go_where_people_are_looked_for() {
        let text = "Yours, Maria Schneider";
        assert_eq!(redacted(&Scanner::new(), text), text);
        assert!(!redacted(&Scanner::new().with_people(), text).contains("Schneider"));
    }

    proptest! {
        #[test]
        fn nothing_is_found_in_what_is_left(text in "[ -~]{0,80}|([0-9a-f@.:+ -]{1,12}(ada@example\\.com|4111 1111 1111 1111|10\\.0\\.0\\.1|Maria Schneider)?){1,5}") {
            for scanner in [Scanner::new(), Scanner::new().with_people()] {
                let once = redacted(&scanner, &text).into_owned();
                let mut hits = Vec::new();
                scanner.find(once.as_bytes(), &mut hits);
                prop_assert!(hits.is_empty() || once == REDACTED, "{once}");
                prop_assert_eq!(&redacted(&scanner, &once), &once);
            }
        }
    }
}
