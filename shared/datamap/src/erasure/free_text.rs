//! Free text without the personal data that detection finds in it.

use domain::datum::Datum;
use pii::detect::Scanner;
use pii::mask::redacted;

use crate::model::Masking;

/// The setting that has names and places looked for as well.
pub(crate) const NAMES: &str = "names";

/// The value without what is found in its texts; what can't be looked into, or is itself found, becomes null.
pub(super) fn without_finds(value: &Datum, masking: &Masking) -> Datum {
    let looks_for_names = masking.configuration.get(NAMES).is_some_and(|word| word == "true");
    let scanner = if looks_for_names { Scanner::new().with_people() } else { Scanner::new() };
    redacted_in(value, &scanner)
}

fn redacted_in(value: &Datum, scanner: &Scanner) -> Datum {
    match value {
        Datum::Null | Datum::Bool(_) => value.clone(),
        Datum::Text(text) => Datum::Text(redacted(scanner, text).into_owned()),
        Datum::Number(number) if redacted(scanner, number) == *number => value.clone(),
        Datum::Number(_) | Datum::Bytes(_) => Datum::Null,
        Datum::List(items) => Datum::List(items.iter().map(|item| redacted_in(item, scanner)).collect()),
        Datum::Map(entries) => {
            Datum::Map(entries.iter().map(|(name, inner)| (name.clone(), redacted_in(inner, scanner))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Strategy;

    fn after(json: &str, names: Option<&str>) -> Datum {
        let configuration: BTreeMap<String, String> =
            names.map(|word| (NAMES.to_owned(), word.to_owned())).into_iter().collect();
        let masking = Masking { strategy: Strategy::PiiRewrite, configuration };
        let once = without_finds(&Datum::parse_json(json.as_bytes()).unwrap(), &masking);
        assert_eq!(without_finds(&once, &masking), once, "redacting twice changes nothing more");
        once
    }

    #[test]
    fn what_is_found_goes_wherever_it_stands_and_the_rest_stays() {
        let ticket = r#"{"text":"Write to ada@example.com about order 12.","paid":true,"card":4111111111111111,
            "order":12,"thread":["no","call +1 415 555 2671"]}"#;
        let wanted = r#"{"text":"Write to [REDACTED] about order 12.","paid":true,"card":null,
            "order":12,"thread":["no","call [REDACTED]"]}"#;
        assert_eq!(after(ticket, None), Datum::parse_json(wanted.as_bytes()).unwrap());
    }

    #[test]
    fn names_go_only_where_the_map_asks_for_it() {
        let text = r#""Yours, Maria Schneider""#;
        assert_eq!(after(text, None).as_text(), Some("Yours, Maria Schneider"));
        assert_eq!(after(text, Some("false")).as_text(), Some("Yours, Maria Schneider"));
        assert!(!after(text, Some("true")).as_text().unwrap().contains("Schneider"));
    }

    #[test]
    fn bytes_can_not_be_looked_into() {
        let masking = Masking { strategy: Strategy::PiiRewrite, configuration: BTreeMap::new() };
        assert_eq!(without_finds(&Datum::Bytes(b"ada@example.com".to_vec()), &masking), Datum::Null);
    }
}
