//! Rules over the events of a log: which of them, joined by what, how many of them within which time are an anomaly (R-AUD-8).
//!
//! Rules are data, and what is remembered is bounded: the same events in the same order find the same, whoever looks.

mod memory;
mod rule;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};

pub use self::memory::Memory;
pub use self::rule::{Filter, Join, Rule, RuleError};
use crate::event::LogEvent;
use crate::ocsf::ANOMALY;

/// What the rules of a deployment are if it says nothing.
const STANDARD: &str = include_str!("watch/rules.json");
const HEARTBEAT: &str = "heartbeat";

/// Something a rule found. Pseudonyms and our own words only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// The rule.
    pub rule: String,
    /// What it says, in words.
    pub title: String,
    /// The control it guards.
    pub control_id: Option<String>,
    /// By what events were joined, and its value: `actor 3f…`.
    pub about: String,
    /// How many there were, or their sum.
    pub count: u64,
    /// Within how many seconds.
    pub within_seconds: u32,
    /// The event that made it so many.
    pub event: String,
}

impl Anomaly {
    /// Ten bytes that are the same whenever these events are looked at again.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 10] {
        let digest = Sha256::digest(format!("{}\n{}\n{}", self.rule, self.about, self.event));
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&digest[..10]);
        bytes
    }
}

/// The rules of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// The rules that come with Habeas.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    #[must_use]
    pub fn standard() -> Self {
        Self::from_json(STANDARD).expect("the file beside this one is read by a test")
    }

    /// Rules as a list in JSON; an empty list looks for nothing.
    ///
    /// # Errors
    /// Names the rule and what is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, RuleError> {
        let rules: Vec<Rule> = serde_json::from_str(text).map_err(RuleError::Form)?;
        for (place, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules[..place].iter().any(|other| other.id == rule.id) {
                return Err(RuleError::Twice { rule: rule.id.clone() });
            }
        }
        Ok(Self(rules))
    }

    /// Each rule once.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// Looks at the next event of a log; what was found is said once for each window.
    pub fn look(&self, memory: &mut Memory, event: &LogEvent) -> Vec<Anomaly> {
        // What rules find is no reason to find more, and a heartbeat says that nothing happened.
        if matches!(event.event_type.as_str(), ANOMALY | HEARTBEAT) {
            return Vec::new();
        }
        let Ok(at) = event.at.parse::<jiff::Timestamp>() else { return Vec::new() };
        let found = self.0.iter().filter_map(|rule| {
            let about = rule.about(event)?;
            let count = memory.count(rule, &about, event, at.as_millisecond())?;
            Some(Anomaly {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                control_id: rule.control_id.clone(),
                about,
                count,
                within_seconds: rule.within_seconds,
                event: event.id.clone(),
            })
        });
        found.collect()
    }

    /// Forgets rules that are no more, and what was seen longest ago where it is too much.
    pub fn tidy(&self, memory: &mut Memory) {
        memory.keep(|rule| self.0.iter().any(|known| known.id == rule));
    }
}
