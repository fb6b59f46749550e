//! What is remembered of a log between two looks: for each rule and key a few counts, never more than the bound.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::event::LogEvent;

/// Keys remembered for one log; it is part of an item of the table, and each takes some 250 bytes.
const KEYS: usize = 150;
/// A window slides by an eighth of itself.
const SLICES: i64 = 8;
/// How many windows before count as usual, each later one more.
const USUAL_WINDOWS: u64 = 14;

/// What was seen, by rule and key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memory(BTreeMap<String, Seen>);

/// Times are milliseconds, counts of a slice stand beside its number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Seen {
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    slices: Vec<(i64, u64)>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    opened_at: Option<i64>,
    /// The average of windows before, in thousandths.
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    usual: u64,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    quiet_until: Option<i64>,
    #[serde(rename = "l")]
    last_at: i64,
}

const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Memory {
    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Counts an event; how many there are, if that is an anomaly and was not said within the window.
    pub(super) fn count(&mut self, rule: &Rule, about: &str, event: &LogEvent, at: i64) -> Option<u64> {
        let key = format!("{} {about}", rule.id);
        // Nothing is remembered of what can't count: before the first event of a pair there is nothing to follow.
        if rule.after.is_some() && !rule.opens(event) && !self.0.contains_key(&key) {
            return None;
        }
        let seen = self.0.entry(key).or_default();
        seen.last_at = seen.last_at.max(at);
        let counted = seen.count(rule, event, at);
        if rule.opens(event) {
            seen.opened_at = Some(at);
            seen.slices.clear();
        }
        if self.0.len() > 2 * KEYS {
            self.shrink();
        }
        counted
    }

    /// Keeps what these rules remember, as far as there is room.
    pub(super) fn keep(&mut self, is_rule: impl Fn(&str) -> bool) {
        self.0.retain(|key, _| key.split_once(' ').is_some_and(|(rule, _)| is_rule(rule)));
        self.shrink();
    }

    /// What was seen longest ago goes first.
    fn shrink(&mut self) {
        if self.0.len() <= KEYS {
            return;
        }
        let mut keys: Vec<(i64, String)> = self.0.iter().map(|(key, seen)| (seen.last_at, key.clone())).collect();
        keys.sort_unstable();
        for (_, key) in keys.iter().take(keys.len() - KEYS) {
            self.0.remove(key);
        }
    }
}

impl Seen {
    fn count(&mut self, rule: &Rule, event: &LogEvent, at: i64) -> Option<u64> {
        if !rule.counts(event) {
            return None;
        }
        let window = rule.window_ms();
        let is_open = |opened: i64| (0..=window).contains(&(at - opened));
        if rule.after.is_some() && !self.opened_at.is_some_and(is_open) {
            return None;
        }
        let total = match rule.times_usual {
            None => self.slide(rule.weight(event), at, window),
            Some(_) => self.tumble(rule.weight(event), at, window),
        };
        let beyond = rule
            .times_usual
            .is_none_or(|times| total.saturating_mul(1_000) > u64::from(times).saturating_mul(self.usual));
        let is_quiet = self.quiet_until.is_some_and(|until| at < until);
        if total < rule.at_least || !beyond || is_quiet {
            return None;
        }
        self.quiet_until = Some(at + window);
        Some(total)
    }

    /// The sum of the slices that reach into the window. Between seven and eight eighths of it are looked at, never more.
    fn slide(&mut self, weight: u64, at: i64, window: i64) -> u64 {
        let slice = at.div_euclid((window / SLICES).max(1));
        match self.slices.iter_mut().find(|(number, _)| *number == slice) {
            Some((_, sum)) => *sum = sum.saturating_add(weight),
            None => self.slices.push((slice, weight)),
        }
        let newest = self.slices.iter().map(|(number, _)| *number).max().unwrap_or(slice);
        self.slices.retain(|(number, _)| *number > newest - SLICES);
        self.slices.iter().fold(0, |total, (_, sum)| total.saturating_add(*sum))
    }

    /// The sum of this window; the ones before it become the average when the next one begins.
    fn tumble(&mut self, weight: u64, at: i64, window: i64) -> u64 {
        let number = at.div_euclid(window);
        let (mut known, mut sum) = self.slices.first().copied().unwrap_or((number, 0));
        while known < number {
            self.usual = (self.usual * (USUAL_WINDOWS - 1)).saturating_add(sum.saturating_mul(1_000)) / USUAL_WINDOWS;
            (known, sum) = (known + 1, 0);
            if self.usual == 0 {
                known = number;
            }
        }
        // An event that comes late counts for the window that is open.
        sum = sum.saturating_add(weight);
        self.slices = vec![(known, sum)];
        sum
    }
}
