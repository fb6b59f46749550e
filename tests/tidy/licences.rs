//! Licence expressions against the list of `deny.toml`: OR, AND, WITH, parentheses and the old `A/B`.

/// Why an expression is not satisfied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No choice among its alternatives lies within the list.
    NotAllowed,
    /// It is no licence expression.
    Unreadable,
}

/// Whether some choice the expression offers lies within the allowed licences.
pub(crate) fn check(expression: &str, allowed: &[String]) -> Result<(), Refused> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0, allowed };
    let satisfied = reader.either().ok_or(Refused::Unreadable)?;
    match (reader.at == words.len(), satisfied) {
        (false, _) => Err(Refused::Unreadable),
        (true, false) => Err(Refused::NotAllowed),
        (true, true) => Ok(()),
    }
}

struct Reader<'e> {
    words: &'e [&'e str],
    at: usize,
    allowed: &'e [String],
}

impl Reader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut satisfied = self.all()?;
        while self.take("OR") {
            satisfied |= self.all()?;
        }
        Some(satisfied)
    }

    fn all(&mut self) -> Option<bool> {
        let mut satisfied = self.one()?;
        while self.take("AND") {
            satisfied &= self.one()?;
        }
        Some(satisfied)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let satisfied = self.either()?;
            return self.take(")").then_some(satisfied);
        }
        let mut name = self.word()?.to_owned();
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.word()?);
        }
        Some(self.allowed.contains(&name))
    }

    fn word(&mut self) -> Option<&str> {
        let word = self.words.get(self.at).filter(|word| !["OR", "AND", "WITH", "(", ")"].contains(word))?;
        self.at += 1;
        Some(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }
}

#[test]
fn an_expression_holds_if_one_choice_is_allowed() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    let good = ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "ISC AND (MIT OR GPL-3.0)", "Apache-2.0 WITH LLVM-exception"];
    for expression in good {
        assert_eq!(check(expression, &allowed), Ok(()), "{expression}");
    }
    for expression in ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "MIT WITH x", "(MIT OR ISC) AND GPL-3.0", "MIT+"] {
        assert_eq!(check(expression, &allowed), Err(Refused::NotAllowed), "{expression}");
    }
    for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT"] {
        assert_eq!(check(expression, &allowed), Err(Refused::Unreadable), "{expression}");
    }
}
