//! The budget of one tenant as a value: spending makes the next ledger, and storing it decides a race.

/// A privacy loss in millionths of epsilon; whole numbers add up without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    epsilon_micros: u64,
}

impl Cost {
    /// So many millionths of epsilon; nothing if there are none, for an answer without cost has endless noise.
    #[must_use]
    pub fn micros(epsilon_micros: u64) -> Option<Self> {
        (epsilon_micros > 0).then_some(Self { epsilon_micros })
    }

    /// Epsilon rounded down to millionths; nothing if it is not a number of at least a millionth and at most a million.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked the line before"
    )]
    pub fn epsilon(epsilon: f64) -> Option<Self> {
        let is_fine = (0.000_001..=1_000_000.0).contains(&epsilon);
        is_fine.then_some((epsilon * 1e6) as u64).and_then(Self::micros)
    }

    /// The millionths of epsilon.
    #[must_use]
    pub fn as_micros(self) -> u64 {
        self.epsilon_micros
    }

    /// Two costs that add up to this one; nothing if it is too small to divide.
    pub(super) fn halves(self) -> Option<(Self, Self)> {
        let half = self.epsilon_micros / 2;
        Some((Self::micros(half)?, Self::micros(self.epsilon_micros - half)?))
    }
}

/// The budget does not reach; nothing was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the privacy budget does not reach: {left_micros} millionths of epsilon are left")]
pub struct Overspent {
    /// What is left.
    pub left_micros: u64,
}

/// What may be spent and what was; answers add up (Dwork and Roth 2014, theorem 3.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    limit_micros: u64,
    spent_micros: u64,
    version: u64,
}

impl Ledger {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(limit: Cost) -> Self {
        Self { limit_micros: limit.epsilon_micros, spent_micros: 0, version: 0 }
    }

    /// The ledger as stored; what is spent stays spent if the limit was lowered since.
    #[must_use]
    pub fn restore(limit_micros: u64, spent_micros: u64, version: u64) -> Self {
        Self { limit_micros, spent_micros, version }
    }

    /// The ledger after an answer; store it on the condition that the stored version is still `self.version()`, then answer.
    ///
    /// # Errors
    /// More than is left.
    pub fn spend(&self, cost: Cost) -> Result<Self, Overspent> {
        if cost.epsilon_micros > self.left_micros() {
            return Err(Overspent { left_micros: self.left_micros() });
        }
        // Neither can overflow: the sum is within the limit, and 2^64 versions are never written.
        Ok(Self {
            spent_micros: self.spent_micros + cost.epsilon_micros,
            version: self.version.wrapping_add(1),
            ..*self
        })
    }

    /// What is left.
    #[must_use]
    pub fn left_micros(&self) -> u64 {
        self.limit_micros.saturating_sub(self.spent_micros)
    }

    /// What was spent.
    #[must_use]
    pub fn spent_micros(&self) -> u64 {
        self.spent_micros
    }

    /// How often the ledger was written.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order in which three actors read and write the ledger, two acts each.
    fn schedules(left: [usize; 3], so_far: &mut Vec<usize>, run: &mut impl FnMut(&[usize])) {
        if left == [0; 3] {
            run(so_far);
        }
        for actor in 0..3 {
            if left[actor] > 0 {
                let mut rest = left;
                rest[actor] -= 1;
                so_far.push(actor);
                schedules(rest, so_far, run);
                so_far.pop();
            }
        }
    }

    #[test]
    fn no_interleaving_overspends() {
        let cost = Cost::micros(400).unwrap();
        let mut runs = 0;
        schedules([4; 3], &mut Vec::new(), &mut |order| {
            let mut stored = Ledger::new(Cost::micros(1000).unwrap());
            let mut read: [Option<Ledger>; 3] = [None; 3];
            let mut answers = 0;
            for actor in order {
                match read[*actor].take() {
                    None => read[*actor] = Some(stored),
                    Some(seen) => {
                        if let Ok(next) = seen.spend(cost)
                            && stored.version() == seen.version()
                        {
                            stored = next;
                            answers += 1;
                        }
                    }
                }
            }
            assert!(answers * 400 <= 1000 && stored.spent_micros() == answers * 400, "{order:?}");
            runs += 1;
        });
        assert_eq!(runs, 34_650);
    }

    #[test]
    fn the_limit_is_reached_exactly_and_not_passed() {
        let mut ledger = Ledger::new(Cost::epsilon(1.0).unwrap());
        for _ in 0..10 {
            ledger = ledger.spend(Cost::epsilon(0.1).unwrap()).unwrap();
        }
        assert_eq!(ledger.spend(Cost::micros(1).unwrap()), Err(Overspent { left_micros: 0 }));
        assert_eq!(Ledger::restore(5, 9, 1).spend(Cost::micros(1).unwrap()), Err(Overspent { left_micros: 0 }));
        let huge = Cost::micros(u64::MAX).unwrap();
        assert!(Ledger::new(huge).spend(huge).unwrap().spend(huge).is_err());
    }

    #[test]
    fn costs_out_of_range_are_refused() {
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-7, 1e7] {
            assert_eq!(Cost::epsilon(epsilon), None, "{epsilon}");
        }
        assert_eq!(Cost::micros(0), None);
    }
}
