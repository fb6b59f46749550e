//! How varied the sensitive values of one class are, and how far from the whole; counts in, numbers out.

use super::column::Column;

/// The values of a sensitive column over the whole data set.
#[derive(Debug)]
pub(super) struct Whole {
    counts: Vec<u32>,
    rows: f64,
    /// For numbers: the cumulated shares up to each value, and their running sums.
    cumulated: Option<(Vec<f64>, Vec<f64>)>,
}

impl Whole {
    pub(super) fn of(column: &Column) -> Self {
        let mut counts = vec![0_u32; column.labels.len()];
        for code in &column.codes {
            counts[*code as usize] += 1;
        }
        let rows = column.codes.len() as f64;
        let cumulated = column.numbers.is_some().then(|| {
            let (mut so_far, mut sum) = (0.0, 0.0);
            let (mut shares, mut sums) = (Vec::new(), vec![0.0]);
            for count in &counts {
                so_far += f64::from(*count);
                shares.push(so_far / rows);
                sum += so_far / rows;
                sums.push(sum);
            }
            (shares, sums)
        });
        Self { counts, rows, cumulated }
    }

    /// How many different values there are in the whole.
    pub(super) fn values(&self) -> usize {
        self.counts.len()
    }

    /// The earth mover's distance of a class from the whole: by rank for numbers, all values equally far for categories.
    ///
    /// `pairs` are ascending by value.
    pub(super) fn distance(&self, pairs: &[(u32, u32)]) -> f64 {
        let rows: f64 = pairs.iter().map(|(_, count)| f64::from(*count)).sum();
        if rows == 0.0 {
            return 0.0;
        }
        match &self.cumulated {
            Some((shares, sums)) => ranked_distance(pairs, rows, shares, sums),
            None => {
                let excess = |(value, count): &(u32, u32)| {
                    f64::from(*count) / rows - f64::from(self.counts[*value as usize]) / self.rows
                };
                pairs.iter().map(excess).filter(|excess| *excess > 0.0).sum()
            }
        }
    }
}

/// Sums the differences of two cumulated distributions; between two values of the class its own stands still.
fn ranked_distance(pairs: &[(u32, u32)], rows: f64, shares: &[f64], sums: &[f64]) -> f64 {
    let last = shares.len() - 1;
    if last == 0 {
        return 0.0;
    }
    let (mut level, mut start, mut distance) = (0.0, 0, 0.0);
    let nexts = pairs.iter().map(|(value, count)| (*value as usize, f64::from(*count) / rows));
    for (end, step) in nexts.chain([(last, 0.0)]) {
        let end = end.min(last);
        let crossing = start + shares[start..end].partition_point(|share| *share < level);
        distance += level * (crossing - start) as f64 - (sums[crossing] - sums[start]);
        distance += sums[end] - sums[crossing] - level * (end - crossing) as f64;
        level += step;
        start = end;
    }
    distance.max(0.0) / last as f64
}

/// The entropy of a class in nats.
pub(super) fn entropy(pairs: &[(u32, u32)]) -> f64 {
    if pairs.len() < 2 {
        return 0.0;
    }
    let rows: f64 = pairs.iter().map(|(_, count)| f64::from(*count)).sum();
    pairs.iter().map(|(_, count)| f64::from(*count) / rows).map(|share| -share * share.ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anonymity::Kind;

    fn plain_distance(class: &[u32], whole: &[u32]) -> f64 {
        let shares = |counts: &[u32]| {
            let rows: u32 = counts.iter().sum();
            counts.iter().map(move |count| f64::from(*count) / f64::from(rows)).collect::<Vec<_>>()
        };
        let (mut cumulated, mut distance) = (0.0, 0.0);
        for (p, q) in shares(class).iter().zip(shares(whole)) {
            cumulated += p - q;
            distance += f64::abs(cumulated);
        }
        distance / (whole.len() - 1) as f64
    }

    #[test]
    fn ranked_distance_is_the_plain_sum() {
        let whole: Vec<u32> = (0..40).map(|value| 1 + value * 7 % 5).collect();
        let texts: Vec<String> =
            whole.iter().enumerate().flat_map(|(value, n)| vec![value.to_string(); *n as usize]).collect();
        let column = Column::of("pay", &Kind::Numeric, texts.iter().map(|text| Some(text.as_str()))).unwrap();
        for seed in 1..60_u32 {
            let class: Vec<u32> = (0..40).map(|value| (value * seed + seed / 3) % 11 / 8).collect();
            let pairs: Vec<(u32, u32)> = (0..).zip(class.iter().copied()).filter(|(_, count)| *count > 0).collect();
            if pairs.is_empty() {
                continue;
            }
            let difference = Whole::of(&column).distance(&pairs) - plain_distance(&class, &whole);
            assert!(difference.abs() < 1e-12, "{seed}: {difference}");
        }
    }

    #[test]
    fn li_et_al_example_has_its_published_distances() {
        // Li et al. 2007, section 4.2: {3k,4k,5k} of 3k..11k is 0.375 away, {6k,8k,11k} is 0.167.
        let texts: Vec<String> = (3..=11).map(|pay| (pay * 1000).to_string()).collect();
        let column = Column::of("pay", &Kind::Numeric, texts.iter().map(|text| Some(text.as_str()))).unwrap();
        let whole = Whole::of(&column);
        assert!((whole.distance(&[(0, 1), (1, 1), (2, 1)]) - 0.375).abs() < 1e-12);
        assert!((whole.distance(&[(3, 1), (5, 1), (8, 1)]) - 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn equal_shares_have_the_greatest_entropy() {
        assert!((entropy(&[(0, 5), (1, 5), (2, 5)]) - 3.0_f64.ln()).abs() < 1e-12);
        assert_eq!(entropy(&[(4, 9)]), 0.0);
    }
}
