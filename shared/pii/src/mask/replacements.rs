//! Pseudonyms under a key and noise from given randomness, for single values.

use super::Replacer;
use crate::detect::PiiType;
use crate::differential_privacy::{DiscreteLaplace, RandomBytes};
use crate::pseudonym::{Pseudonyms, Style};

/// Steps in which a number with a fraction is moved.
const FRACTION_STEPS: f64 = 100.0;
/// The scale of the noise is the tenth part of the number.
const SHARE: f64 = 10.0;
/// Numbers beyond this are whole however they are written; noise on them fits into 64 bits.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Replaces values as one owner of a key does.
#[derive(Debug)]
pub struct Replacements<R> {
    // Dependencies.
    pseudonyms: Pseudonyms,
    random: R,
}

impl<R: RandomBytes> Replacements<R> {
    /// Replacements under a key of 32 random bytes.
    #[must_use]
    pub fn new(key: &[u8; 32], random: R) -> Self {
        Self { pseudonyms: Pseudonyms::new(key), random }
    }
}

impl<R: RandomBytes> Replacer for Replacements<R> {
    fn pseudonym(&mut self, kind: PiiType, value: &str) -> String {
        self.pseudonyms.realistic(style(kind), value)
    }

    /// Laplace noise of a tenth of the number, whole where the number is whole; it hides a value, and promises no epsilon.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to 2^53 in the same line")]
    fn noisy(&mut self, number: f64) -> f64 {
        let steps = if number.fract() == 0.0 { 1.0 } else { FRACTION_STEPS };
        let scale = (number.abs() * steps / SHARE).clamp(1.0, LARGEST) as u64;
        let drawn = DiscreteLaplace::new(scale, 1).map_or(0, |noise| noise.draw(&mut self.random));
        let noisy = number + drawn as f64 / steps;
        (noisy * steps).round() / steps
    }
}

const fn style(kind: PiiType) -> Style {
    match kind {
        PiiType::Email => Style::Email,
        PiiType::Phone => Style::Phone,
        PiiType::Name => Style::Name,
        PiiType::Address => Style::Address,
        PiiType::CreditCard
        | PiiType::Iban
        | PiiType::BankAccount
        | PiiType::Ssn
        | PiiType::Passport
        | PiiType::DriversLicense
        | PiiType::MedicalRecord
        | PiiType::NationalId
        | PiiType::IpAddress
        | PiiType::MacAddress
        | PiiType::Url
        | PiiType::Secret
        | PiiType::DateOfBirth
        | PiiType::CryptoAddress => Style::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts on, so that a run repeats itself.
    struct Counting(u64);

    impl RandomBytes for Counting {
        fn fill(&mut self, buffer: &mut [u8]) {
            for byte in buffer {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = u8::try_from(self.0 >> 56).unwrap();
            }
        }
    }

    #[test]
    fn noise_keeps_whole_numbers_whole_and_moves_by_about_a_tenth() {
        let mut replacements = Replacements::new(&[7; 32], Counting(3));
        let drawn: Vec<f64> = (0..500).map(|_| replacements.noisy(1000.0)).collect();
        assert!(drawn.iter().all(|number| number.fract() == 0.0));
        let mean_move = drawn.iter().map(|number| (number - 1000.0).abs()).sum::<f64>() / 500.0;
        assert!((70.0..130.0).contains(&mean_move), "{mean_move}");
        for odd in [0.0, -0.5, 1e300, -1e300, f64::MIN_POSITIVE] {
            assert!(replacements.noisy(odd).is_finite(), "{odd}");
        }
    }
}
