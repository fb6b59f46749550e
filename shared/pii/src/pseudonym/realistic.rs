//! Pseudonyms that look like what they stand for; one alone may meet another, a `UniqueColumn` keeps them apart.

use super::Pseudonyms;

/// What a pseudonym looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A neutral word and a number at `example.com` (RFC 2606).
    Email,
    /// `555-dddd-dddd`.
    Phone,
    /// A given name and a family name.
    Name,
    /// A number, a street and a town, none of which belong together.
    Address,
    /// `anon_` and a number.
    Other,
}

const WORDS: [&str; 16] = [
    "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island", "juniper", "lagoon", "meadow",
    "orchard", "prairie", "river", "summit",
];
const GIVEN: [&str; 32] = [
    "Alex",
    "Andrea",
    "Bela",
    "Camille",
    "Chris",
    "Dana",
    "Dominique",
    "Eden",
    "Elia",
    "Finley",
    "Gabriele",
    "Harper",
    "Ilya",
    "Jamie",
    "Jo",
    "Kai",
    "Kim",
    "Lee",
    "Luca",
    "Maxime",
    "Mika",
    "Nikita",
    "Noa",
    "Pat",
    "Quinn",
    "Robin",
    "Sam",
    "Sasha",
    "Simone",
    "Toni",
    "Val",
    "Yuki",
];
const FAMILY: [&str; 32] = [
    "Abel", "Bauer", "Bruun", "Cole", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen",
    "Kaya", "Keller", "Lopez", "Marin", "Moreau", "Nagy", "Novak", "Olsen", "Petit", "Quint", "Reyes", "Rossi",
    "Silva", "Smith", "Tanaka", "Urban", "Vogel", "Weber", "Young", "Zeman",
];
const STREETS: [&str; 16] = [
    "Birch Street",
    "Bridge Road",
    "Canal Street",
    "Castle Lane",
    "Church Road",
    "Elm Avenue",
    "Garden Street",
    "Hill Road",
    "Lake Avenue",
    "Market Street",
    "Mill Lane",
    "Oak Avenue",
    "Park Road",
    "School Lane",
    "Station Road",
    "Valley Road",
];
const TOWNS: [&str; 16] = [
    "Ashford",
    "Bridgeton",
    "Clearwater",
    "Eastfield",
    "Fairview",
    "Greenville",
    "Highland",
    "Kingsbury",
    "Lakeside",
    "Milford",
    "Newbridge",
    "Northfield",
    "Oakdale",
    "Riverton",
    "Springfield",
    "Westbrook",
];

impl Pseudonyms {
    /// A pseudonym in a style; the same value and key give the same one.
    #[must_use]
    pub fn realistic(&self, style: Style, value: &str) -> String {
        self.attempt(style, value, 0)
    }

    /// The pseudonym of a value at its n-th attempt; later attempts have more room.
    pub(super) fn attempt(&self, style: Style, value: &str, attempt: u32) -> String {
        let digest = self.digest(&[style.word().as_bytes(), value.as_bytes(), &attempt.to_be_bytes()]);
        let number = |at: usize| {
            let bytes = digest[at * 8..at * 8 + 8].try_into().expect("a digest has four words of 8 bytes");
            u64::from_be_bytes(bytes)
        };
        let pick = |words: &[&'static str], at: usize| {
            words[usize::try_from(number(at) % words.len() as u64).expect("a place in a list")]
        };
        match style {
            Style::Email => format!("{}{}@example.com", pick(&WORDS, 0), number(1)),
            Style::Phone => format!("555-{:04}-{:04}", number(0) % 10_000, number(1) % 10_000),
            Style::Name if attempt == 0 => format!("{} {}", pick(&GIVEN, 0), pick(&FAMILY, 1)),
            Style::Name => format!("{} {} {}-{}", pick(&GIVEN, 0), pick(&GIVEN, 1), pick(&FAMILY, 2), pick(&FAMILY, 3)),
            Style::Address => {
                let houses = if attempt == 0 { 200 } else { 100_000 };
                let house = number(0) % houses + 1;
                format!("{house} {}, {}", pick(&STREETS, 1), pick(&TOWNS, 2))
            }
            Style::Other => format!("anon_{}", number(0)),
        }
    }
}

impl Style {
    fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::Address => "address",
            Self::Other => "other",
        }
    }
}
