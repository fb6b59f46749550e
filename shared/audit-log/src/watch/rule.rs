//! One rule as it is written: a filter, what joins the events, a threshold and a window.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::event::LogEvent;

/// A day, a week at most: longer windows would be remembered too long.
const LONGEST_SECONDS: u32 = 7 * 86_400;
/// Names that end up in metrics and ids.
const LONGEST_ID: usize = 60;
/// A key that is longer is no pseudonym and no id of ours.
const LONGEST_KEY: usize = 120;

/// Members of an event that a filter may name.
const FIELDS: [&str; 14] = [
    "event_type",
    "action",
    "level",
    "outcome",
    "actor",
    "role",
    "resource_type",
    "item",
    "from",
    "to",
    "reason",
    "organization_id",
    "control_id",
    "user_agent_family",
];

/// What events must say: each member one of these words; a word that ends in `*` stands for all that begin with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Filter(BTreeMap<String, Vec<String>>);

/// By what events are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// The person who acted.
    Actor,
    /// The call they came from.
    Request,
    /// The job or item they are about.
    Resource,
    /// The control they are evidence for.
    Control,
    /// The organisation of whoever acted.
    Organization,
    /// The keyed hash of the address.
    Address,
    /// All of the tenant.
    Tenant,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, a word.
    pub id: String,
    /// What it found, in words of ours.
    pub title: String,
    /// The control it guards.
    #[serde(default)]
    pub control_id: Option<String>,
    /// Which events count; all, if it says nothing.
    #[serde(default)]
    pub when: Filter,
    /// They count only within the window after such a one.
    #[serde(default)]
    pub after: Option<Filter>,
    /// By what they are joined.
    pub by: Join,
    /// The name of the count that is added up, instead of one for each event.
    #[serde(default)]
    pub sum: Option<String>,
    /// How many are an anomaly.
    pub at_least: u64,
    /// And how many times as many as the average of the fourteen windows before, or so.
    #[serde(default)]
    pub times_usual: Option<u32>,
    /// Within which time.
    pub within_seconds: u32,
}

/// Why rules can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// Not a list of rules.
    #[error("not a list of rules: {0}")]
    Form(#[source] serde_json::Error),
    /// Two of one name.
    #[error("rule {rule} is there twice")]
    Twice {
        /// Its name.
        rule: String,
    },
    /// A rule with a value that makes no sense.
    #[error("rule {rule}: {what}")]
    Rule {
        /// Its name.
        rule: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl Filter {
    fn fits(&self, event: &LogEvent) -> bool {
        self.0.iter().all(|(name, words)| {
            let value = field(event, name).unwrap_or_default();
            words.iter().any(|word| match word.strip_suffix('*') {
                Some(beginning) => value.starts_with(beginning),
                None => value == word,
            })
        })
    }

    fn knows_its_fields(&self) -> bool {
        self.0.iter().all(|(name, words)| FIELDS.contains(&name.as_str()) && !words.is_empty())
    }
}

fn field<'a>(event: &'a LogEvent, name: &str) -> Option<&'a str> {
    match name {
        "event_type" => Some(&event.event_type),
        "action" => Some(&event.action),
        "level" => Some(&event.level),
        "outcome" => Some(&event.outcome),
        "actor" => Some(&event.actor),
        "resource_type" => Some(&event.resource_type),
        "role" => event.role.as_deref(),
        "item" => event.item.as_deref(),
        "from" => event.from.as_deref(),
        "to" => event.to.as_deref(),
        "reason" => event.reason.as_deref(),
        "organization_id" => event.organization_id.as_deref(),
        "control_id" => event.control_id.as_deref(),
        "user_agent_family" => event.user_agent_family.as_deref(),
        _ => None,
    }
}

impl Join {
    /// The word before the value.
    const fn word(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Request => "request",
            Self::Resource => "resource",
            Self::Control => "control",
            Self::Organization => "organization",
            Self::Address => "address",
            Self::Tenant => "tenant",
        }
    }

    fn value(self, event: &LogEvent) -> Option<&str> {
        match self {
            Self::Actor => event.pseudonym.as_deref().or(Some(&event.actor)),
            Self::Request => event.request_id.as_deref(),
            Self::Resource => event.job.as_deref().or(event.item.as_deref()),
            Self::Control => event.control_id.as_deref(),
            Self::Organization => event.organization_id.as_deref(),
            Self::Address => event.ip_hash.as_deref(),
            Self::Tenant => Some(&event.tenant),
        }
    }
}

impl Rule {
    pub(super) fn check(&self) -> Result<(), RuleError> {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let control =
            |text: &String| text.len() <= LONGEST_ID && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'.');
        let what = match self {
            _ if self.id.is_empty() || self.id.len() > LONGEST_ID || !self.id.bytes().all(word) => "its id is no word",
            _ if self.title.is_empty() || self.title.len() > 200 => "its title has not 1 to 200 characters",
            _ if !self.control_id.as_ref().is_none_or(control) => "its control is none",
            _ if !self.when.knows_its_fields() => "its filter names no member of an event, or no word",
            _ if !self.after.as_ref().is_none_or(Filter::knows_its_fields) => {
                "its first filter names no member, or no word"
            }
            _ if self.at_least == 0 => "its threshold is none",
            _ if self.times_usual == Some(0) => "it is beyond the usual by nothing",
            _ if !(1..=LONGEST_SECONDS).contains(&self.within_seconds) => "its window is not 1 s to 7 days",
            _ => return Ok(()),
        };
        Err(RuleError::Rule { rule: self.id.clone(), what })
    }

    /// What this event is about for the rule; none if it has no such member, or counts for nothing here.
    pub(super) fn about(&self, event: &LogEvent) -> Option<String> {
        if !self.counts(event) && !self.opens(event) {
            return None;
        }
        let value = self.by.value(event).filter(|value| value.len() <= LONGEST_KEY)?;
        Some(format!("{} {value}", self.by.word()))
    }

    pub(super) fn counts(&self, event: &LogEvent) -> bool {
        self.when.fits(event)
    }

    /// Whether the event is the one after which others count.
    pub(super) fn opens(&self, event: &LogEvent) -> bool {
        self.after.as_ref().is_some_and(|first| first.fits(event))
    }

    pub(super) fn weight(&self, event: &LogEvent) -> u64 {
        match &self.sum {
            None => 1,
            Some(name) => event.counts.get(name).copied().unwrap_or(0),
        }
    }

    pub(super) fn window_ms(&self) -> i64 {
        i64::from(self.within_seconds) * 1_000
    }
}
