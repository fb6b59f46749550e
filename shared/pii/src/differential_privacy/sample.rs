//! Discrete Laplace and Gaussian noise by rational coin tosses (Canonne, Kamath, Steinke 2020, algorithms 1 to 3).

/// Random bytes of the caller: the operating system's in production, seeded in tests.
pub trait RandomBytes {
    /// Fills the buffer.
    fn fill(&mut self, buffer: &mut [u8]);
}

/// A whole number below `bound`, all equally likely; 0 if `bound` is 0.
fn below(random: &mut dyn RandomBytes, bound: u128) -> u128 {
    if bound <= 1 {
        return 0;
    }
    let mask = u128::MAX >> (bound - 1).leading_zeros();
    loop {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let drawn = u128::from_le_bytes(bytes) & mask;
        if drawn < bound {
            return drawn;
        }
    }
}

/// True with probability exp(-numerator/denominator), for a fraction of at most 1.
fn small_exponential(random: &mut dyn RandomBytes, numerator: u128, denominator: u128) -> bool {
    let mut tosses: u128 = 1;
    // Each toss succeeds with numerator / (denominator * tosses); the chance to get far falls as 1/tosses!.
    while let Some(sides) = denominator.checked_mul(tosses) {
        if below(random, sides) >= numerator {
            break;
        }
        tosses += 1;
    }
    tosses % 2 == 1
}

/// True with probability exp(-numerator/denominator).
fn exponential(random: &mut dyn RandomBytes, numerator: u128, denominator: u128) -> bool {
    for _ in 0..numerator / denominator {
        if !small_exponential(random, 1, 1) {
            return false;
        }
    }
    small_exponential(random, numerator % denominator, denominator)
}

/// Whole numbers y with probability proportional to exp(-|y| / scale).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteLaplace {
    numerator: u64,
    denominator: u64,
}

impl DiscreteLaplace {
    /// The scale as a fraction; nothing if either part is 0.
    #[must_use]
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        (numerator > 0 && denominator > 0).then_some(Self { numerator, denominator })
    }

    /// One draw.
    pub fn draw(self, random: &mut dyn RandomBytes) -> i128 {
        let (t, s) = (u128::from(self.numerator), u128::from(self.denominator));
        loop {
            let rest = below(random, t);
            if !small_exponential(random, rest, t) {
                continue;
            }
            let mut whole: u128 = 0;
            while small_exponential(random, 1, 1) {
                whole += 1;
            }
            let size = (rest + t.saturating_mul(whole)) / s;
            let is_negative = below(random, 2) == 1;
            if is_negative && size == 0 {
                continue;
            }
            let size = i128::try_from(size).unwrap_or(i128::MAX);
            return if is_negative { -size } else { size };
        }
    }
}

/// Whole numbers y with probability proportional to exp(-y² / 2 sigma²).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteGaussian {
    sigma: u32,
}

impl DiscreteGaussian {
    /// A whole sigma from 1 to a million, beyond which the exact fractions would not fit.
    #[must_use]
    pub fn new(sigma: u32) -> Option<Self> {
        (1..=1_000_000).contains(&sigma).then_some(Self { sigma })
    }

    /// One draw.
    pub fn draw(self, random: &mut dyn RandomBytes) -> i128 {
        let sigma = u128::from(self.sigma);
        let t = sigma + 1;
        let laplace = DiscreteLaplace { numerator: u64::from(self.sigma) + 1, denominator: 1 };
        loop {
            let drawn = laplace.draw(random);
            // exp(-(|y| - sigma²/t)² / 2 sigma²), with one denominator.
            let distance = (drawn.unsigned_abs().saturating_mul(t)).abs_diff(sigma * sigma);
            let Some(numerator) = distance.checked_mul(distance) else { continue };
            if exponential(random, numerator, 2 * sigma * sigma * t * t) {
                return drawn;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `SplitMix64`, for tests alone.
    pub(in crate::differential_privacy) struct Seeded(pub(in crate::differential_privacy) u64);

    impl RandomBytes for Seeded {
        fn fill(&mut self, buffer: &mut [u8]) {
            for chunk in buffer.chunks_mut(8) {
                self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut mixed = self.0;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                let bytes = (mixed ^ (mixed >> 31)).to_le_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
        }
    }

    const DRAWS: usize = 20_000;

    /// The Kolmogorov-Smirnov distance of draws from weights over -reach..=reach.
    fn distance(mut draws: Vec<i128>, reach: i128, weight: impl Fn(f64) -> f64) -> f64 {
        draws.sort_unstable();
        let whole: f64 = (-reach..=reach).map(|value| weight(value as f64)).sum();
        let (mut cumulated, mut greatest) = (0.0, 0.0_f64);
        for value in -reach..=reach {
            cumulated += weight(value as f64) / whole;
            let seen = draws.partition_point(|drawn| *drawn <= value) as f64 / draws.len() as f64;
            greatest = greatest.max((seen - cumulated).abs());
        }
        greatest
    }

    /// The distance that a true sample exceeds once in ten thousand; for discrete distributions it is on the safe side.
    fn critical() -> f64 {
        ((2.0_f64 / 1e-4).ln() / (2.0 * DRAWS as f64)).sqrt()
    }

    #[test]
    fn laplace_noise_has_its_exact_distribution() {
        for (numerator, denominator) in [(1, 1), (1, 3), (7, 2), (10, 1), (100, 1)] {
            let noise = DiscreteLaplace::new(numerator, denominator).unwrap();
            let mut random = Seeded(numerator * 31 + denominator);
            let draws: Vec<i128> = (0..DRAWS).map(|_| noise.draw(&mut random)).collect();
            let scale = numerator as f64 / denominator as f64;
            let found = distance(draws.clone(), 4000, |value| (-value.abs() / scale).exp());
            assert!(found < critical(), "{numerator}/{denominator}: {found}");
            let wrong = distance(draws, 4000, |value| (-value.abs() / (scale * 1.5)).exp());
            assert!(wrong > critical(), "the test can fail: {wrong}");
        }
    }

    #[test]
    fn gaussian_noise_has_its_exact_distribution() {
        for sigma in [1, 2, 9, 50] {
            let noise = DiscreteGaussian::new(sigma).unwrap();
            let mut random = Seeded(u64::from(sigma));
            let draws: Vec<i128> = (0..DRAWS).map(|_| noise.draw(&mut random)).collect();
            let variance = f64::from(sigma).powi(2);
            let found = distance(draws, 1000, |value| (-value * value / (2.0 * variance)).exp());
            assert!(found < critical(), "{sigma}: {found}");
        }
    }

    #[test]
    fn scales_out_of_range_are_refused() {
        assert!(DiscreteLaplace::new(0, 1).is_none() && DiscreteLaplace::new(1, 0).is_none());
        assert!(DiscreteGaussian::new(0).is_none() && DiscreteGaussian::new(1_000_001).is_none());
        let mut random = Seeded(1);
        assert!(DiscreteGaussian::new(1_000_000).unwrap().draw(&mut random).abs() < 10_000_000);
        assert!(DiscreteLaplace::new(u64::MAX, 1).unwrap().draw(&mut random).abs() < i128::MAX);
    }
}
