//! The languages notices are written in, and which of them a client asks for.

use crate::request::wire_enum;

wire_enum! {
    /// A language of our notices (BCP 47).
    Language {
        /// English.
        En = "en",
        /// German.
        De = "de",
        /// French.
        Fr = "fr",
        /// Spanish.
        Es = "es",
    }
}

impl Language {
    /// The language a list in the form of `Accept-Language` likes most (RFC 9110 §12.5.4); `None` if it names none of ours.
    #[must_use]
    pub fn preferred(accepted: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for range in accepted.split(',').take(20) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts.find_map(|it| it.trim().strip_prefix("q=").map(str::to_owned));
            let weight = weight.map_or(1_000, |text| thousandths(&text));
            let language = Self::parse(tag.split('-').next().unwrap_or_default());
            if let Some(language) = language.filter(|_| weight > 0)
                && best.is_none_or(|(_, before)| weight > before)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// A weight from 0 to 1; what is none counts as 0.
fn thousandths(text: &str) -> u16 {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits: String = rest.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", _) => 1_000,
        ("0", Ok(digits)) => digits,
        (_, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_of_ours_is_taken() {
        for (accepted, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::De)),
            ("nl, fr;q=0.4, en;q=0.7", Some(Language::En)),
            ("ES", Some(Language::Es)),
            ("en;q=0, de;q=0.1", Some(Language::De)),
            ("nl,pl", None),
            ("", None),
            ("*", None),
            ("de;q=x", None),
        ] {
            assert_eq!(Language::preferred(accepted), expected, "{accepted}");
        }
    }
}
