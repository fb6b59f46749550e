//! Ten patterns as one expression, without validators: about the least that looking for personal data costs.

const PATTERNS: [&str; 10] = [
    r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,24}",
    r"\b[A-Z]{2}[0-9]{2}[ ]?[A-Z0-9]{4}(?:[ ]?[A-Z0-9]{4}){2,6}(?:[ ]?[A-Z0-9]{1,4})?\b",
    r"\b(?:[3-6][0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{3,4}|2[2-7][0-9]{2}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}|3[47][0-9]{13})\b",
    r"\b[0-9]{3}[\- ][0-9]{2}[\- ][0-9]{4}\b",
    r"\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b",
    r"\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b",
    r"(?:\+[0-9]{1,3}[ \-.]?)?(?:\([0-9]{3}\) ?|\b[0-9]{3}[\-. ])[0-9]{3}[\-. ][0-9]{4}(?:x[0-9]{1,5})?\b",
    r"\b(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9]{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* [0-9]{4}|(?:January|February|March|April|May|June|July|August|September|October|November|December) [0-9]{1,2}, [0-9]{4})\b",
    r"\b(?:[A-Z][0-9]{8}|[0-9]{9})\b",
    r#"https?://[^\s"'<>]+"#,
];

/// All of them in one alternation.
pub(crate) fn combined() -> Result<regex::bytes::Regex, regex::Error> {
    let combined = PATTERNS.map(|pattern| format!("(?:{pattern})")).join("|");
    regex::bytes::RegexBuilder::new(&combined).unicode(false).size_limit(1 << 28).build()
}
