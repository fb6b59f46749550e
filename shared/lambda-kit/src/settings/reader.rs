//! Reads one setting of a kind each; what is wrong is collected, so that all of it is told at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use jiff::SignedDuration;

use super::{CLOCK_OFFSET, KNOWN, is_loopback};

/// Settings as pairs, and what is wrong with them.
pub(super) struct Reader {
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) findings: Vec<String>,
}

impl Reader {
    pub(super) fn refuse_unknown(&mut self) {
        for name in self.pairs.keys() {
            if name.starts_with("HABEAS_") && !KNOWN.contains(&name.as_str()) && name != CLOCK_OFFSET {
                self.findings.push(format!("{name} is not a setting"));
            }
        }
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        self.pairs.get(name).filter(|value| !value.is_empty()).cloned()
    }

    pub(super) fn text_or(&self, name: &str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text_or(name, "");
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn text(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.findings.push(format!("{name} is missing"));
            String::new()
        })
    }

    pub(super) fn parsed<T>(&mut self, name: &str, fallback: T) -> T
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(name);
        if text.is_empty() {
            return fallback;
        }
        text.parse().unwrap_or_else(|error| {
            self.findings.push(format!("{name} {error}"));
            fallback
        })
    }

    pub(super) fn whole(&mut self, name: &str, default: i64, allowed: std::ops::RangeInclusive<i64>) -> i64 {
        let Some(text) = self.optional(name) else { return default };
        match text.parse() {
            Ok(number) if allowed.contains(&number) => number,
            Ok(_) | Err(_) => {
                let (least, most) = (allowed.start(), allowed.end());
                self.findings.push(format!("{name} is not a whole number from {least} to {most}"));
                default
            }
        }
    }

    pub(super) fn one_of<const N: usize>(&mut self, name: &str, allowed: [&str; N]) -> String {
        let text = self.text_or(name, allowed[0]);
        if !allowed.contains(&text.as_str()) {
            self.findings.push(format!("{name} is not one of {}", allowed.join(", ")));
        }
        text
    }

    pub(super) fn seconds(
        &mut self,
        name: &str,
        default: i64,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> SignedDuration {
        SignedDuration::from_secs(self.whole(name, default, allowed))
    }

    pub(super) fn switch(&mut self, name: &str) -> bool {
        match self.text_or(name, "true").as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.findings.push(format!("{name} is not true or false"));
                true
            }
        }
    }

    pub(super) fn clock_offset(&mut self) -> SignedDuration {
        let Some(text) = self.optional(CLOCK_OFFSET) else { return SignedDuration::ZERO };
        let local = self.optional("AWS_ENDPOINT_URL").is_some_and(|url| is_loopback(&url));
        if !local {
            self.findings.push(format!("{CLOCK_OFFSET} is only for a stack on this machine (AWS_ENDPOINT_URL)"));
        }
        match text.parse::<i64>() {
            Ok(seconds) if seconds.abs() <= 10 * 366 * 86_400 => SignedDuration::from_secs(seconds),
            Ok(_) | Err(_) => {
                self.findings.push(format!("{CLOCK_OFFSET} is not a number of seconds within ten years"));
                SignedDuration::ZERO
            }
        }
    }
}
