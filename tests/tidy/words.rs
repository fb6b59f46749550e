//! Words in lines of Rust, without a parser: what is code, and whether it names something.

/// The part of a line before a comment.
pub(crate) fn code_of(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.split_once(" //").map_or(line, |(code, _)| code)
}

/// Whether the code names `word` on its own, not as a part of a longer name or within quotes.
pub(crate) fn names(code: &str, word: &str) -> bool {
    let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        let quoted = before.matches('"').count() % 2 == 1;
        let starts = !word.starts_with(part_of_a_name) || !before.ends_with(part_of_a_name);
        !quoted && starts && !after.starts_with(part_of_a_name)
    })
}

#[test]
fn a_word_counts_on_its_own_and_in_code() {
    assert!(names(code_of("let x = env::var(y); // why"), "env::var"));
    for line in ["env::vars()", "my_env::var()", "\"env::var\"", "// env::var", "x // env::var"] {
        assert!(!names(code_of(line), "env::var"), "{line}");
    }
}
