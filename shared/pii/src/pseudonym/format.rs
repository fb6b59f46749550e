//! Pseudonyms of the same shape: digits stay digits, letters stay letters of their case, all else stays as it is.
//! A Feistel network as in FF1 (NIST SP 800-38G) with HMAC-SHA-256 for AES: a permutation of its own, not the standard's.

use jiff::civil::Date;

use super::Pseudonyms;

/// More rounds than FF1's ten, for the halves of short values are small.
const ROUNDS: u8 = 16;
/// Steps of a cycle walk before it is given up; a predicate that holds for one value in ten needs about ten.
const STEPS: usize = 100_000;

/// Why a value has no pseudonym of its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PseudonymError {
    /// Letters or digits beyond ASCII would stay readable.
    #[error("the value has letters or digits beyond ASCII")]
    BeyondAscii,
    /// There is nothing that could change.
    #[error("the value has neither digits nor letters")]
    NothingToChange,
    /// The value is not one of those among which a pseudonym is sought.
    #[error("the value does not fulfil the condition for its pseudonym")]
    ConditionNotMet,
    /// Hardly any value fulfils the condition.
    #[error("no pseudonym that fulfils the condition was found")]
    ConditionTooRare,
    /// No date of the calendar.
    #[error("the value is no date in the form YYYY-MM-DD")]
    NotADate,
}

/// The alphabet of a character.
fn alphabet(byte: u8) -> Option<(u8, u64)> {
    match byte {
        b'0'..=b'9' => Some((b'0', 10)),
        b'a'..=b'z' => Some((b'a', 26)),
        b'A'..=b'Z' => Some((b'A', 26)),
        _ => None,
    }
}

impl Pseudonyms {
    /// Another value of the same shape; different values of one `column` and shape never meet.
    ///
    /// Values with fewer than a million of their shape can be found by trying, as with any such method.
    ///
    /// # Errors
    /// A value without digits and letters, or with some beyond ASCII.
    pub fn same_shape(&self, column: &str, value: &str) -> Result<String, PseudonymError> {
        if value.chars().any(|character| !character.is_ascii() && character.is_alphanumeric()) {
            return Err(PseudonymError::BeyondAscii);
        }
        let places: Vec<usize> = (0..value.len()).filter(|at| alphabet(value.as_bytes()[*at]).is_some()).collect();
        if places.is_empty() {
            return Err(PseudonymError::NothingToChange);
        }
        let mut bytes = value.as_bytes().to_vec();
        let shape: Vec<u8> = bytes.iter().map(|byte| alphabet(*byte).map_or(*byte, |(first, _)| first)).collect();
        let (left, right) = places.split_at(places.len() / 2);
        for round in 0..ROUNDS {
            let (changed, seen) = if round % 2 == 0 { (right, left) } else { (left, right) };
            let seen: Vec<u8> = seen.iter().map(|at| bytes[*at]).collect();
            self.shift(&[b"shape", column.as_bytes(), &shape, &[round], &seen], changed, &mut bytes);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Moves each place within its alphabet by a keyed amount.
    fn shift(&self, parts: &[&[u8]], places: &[usize], bytes: &mut [u8]) {
        for (block, places) in places.chunks(4).enumerate() {
            let number = (block as u64).to_be_bytes();
            let mut all = parts.to_vec();
            all.push(&number);
            let digest = self.digest(&all);
            for (at, word) in places.iter().zip(digest.chunks_exact(8)) {
                let Some((first, size)) = alphabet(bytes[*at]) else { continue };
                let word = u64::from_be_bytes(word.try_into().expect("chunks have 8 bytes"));
                let moved = (u64::from(bytes[*at] - first) + word % size) % size;
                bytes[*at] = first + u8::try_from(moved).expect("alphabets have at most 26 characters");
            }
        }
    }

    /// Another value of the same shape that fulfils `condition`, such as a check digit; collision-free among those.
    ///
    /// # Errors
    /// As `same_shape`, and a value that does not fulfil the condition itself.
    pub fn same_shape_within(
        &self,
        column: &str,
        value: &str,
        condition: impl Fn(&str) -> bool,
    ) -> Result<String, PseudonymError> {
        if !condition(value) {
            return Err(PseudonymError::ConditionNotMet);
        }
        let mut walked = self.same_shape(column, value)?;
        for _ in 0..STEPS {
            if condition(&walked) {
                return Ok(walked);
            }
            walked = self.same_shape(column, &walked)?;
        }
        Err(PseudonymError::ConditionTooRare)
    }

    /// Another day of the same year, no two days the same.
    ///
    /// # Errors
    /// What is no date as `YYYY-MM-DD`.
    pub fn date_in_year(&self, column: &str, value: &str) -> Result<String, PseudonymError> {
        let date: Date = value.parse().map_err(|_| PseudonymError::NotADate)?;
        if value.len() != 10 {
            return Err(PseudonymError::NotADate);
        }
        let days = date.days_in_year();
        let column = format!("{column}/{}", date.year());
        let day = format!("{:03}", date.day_of_year());
        let is_day = |text: &str| text.parse().is_ok_and(|day: i16| (1..=days).contains(&day));
        let moved = self.same_shape_within(&column, &day, is_day)?;
        let moved: i16 = moved.parse().map_err(|_| PseudonymError::NotADate)?;
        let moved = date.with().day_of_year(moved).build().map_err(|_| PseudonymError::NotADate)?;
        Ok(moved.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(&[7; 32])
    }

    #[test]
    fn all_values_of_a_shape_have_different_pseudonyms_of_that_shape() {
        let made: HashSet<String> = (0..10_000)
            .map(|number| pseudonyms().same_shape("id", &format!("{:02}-{:02}", number / 100, number % 100)).unwrap())
            .collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|text| text.len() == 5 && text.as_bytes()[2] == b'-'));
    }

    #[test]
    fn shape_key_and_column_count() {
        let made = pseudonyms().same_shape("plate", "AB-12 cd").unwrap();
        let shape: Vec<_> = made.bytes().map(|byte| alphabet(byte).map_or(byte, |(first, _)| first)).collect();
        assert_eq!(shape, b"AA-00 aa");
        assert_ne!(made, pseudonyms().same_shape("other", "AB-12 cd").unwrap());
        assert_ne!(made, Pseudonyms::new(&[8; 32]).same_shape("plate", "AB-12 cd").unwrap());
        assert_eq!(pseudonyms().same_shape("x", "Łódź"), Err(PseudonymError::BeyondAscii));
        assert_eq!(pseudonyms().same_shape("x", "--"), Err(PseudonymError::NothingToChange));
    }

    #[test]
    fn a_cycle_walk_keeps_the_condition_without_collisions() {
        let even = |text: &str| text.ends_with(['0', '2', '4', '6', '8']);
        let made: HashSet<String> = (0..500)
            .map(|half| pseudonyms().same_shape_within("n", &format!("{:03}", half * 2), even).unwrap())
            .collect();
        assert!(made.len() == 500 && made.iter().all(|text| even(text)));
        assert_eq!(pseudonyms().same_shape_within("n", "001", even), Err(PseudonymError::ConditionNotMet));
    }

    #[test]
    fn every_day_of_a_leap_year_has_a_day_of_its_own_in_it() {
        let first: Date = "2024-01-01".parse().unwrap();
        let days = first.series(jiff::ToSpan::days(1)).take(366);
        let made: HashSet<String> =
            days.map(|day| pseudonyms().date_in_year("born", &day.to_string()).unwrap()).collect();
        assert!(made.len() == 366 && made.iter().all(|day| day.starts_with("2024-")));
        for value in ["2023-02-29", "", "1.2.2024", "20240101"] {
            assert_eq!(pseudonyms().date_in_year("born", value), Err(PseudonymError::NotADate), "{value}");
        }
    }
}
