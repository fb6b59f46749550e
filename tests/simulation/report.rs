//! Counts schedules and gathers what they broke.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::{Duration, Instant};

use crate::verdict::Verdict;

/// Time between two words on how far a suite is.
const BETWEEN_WORDS: Duration = Duration::from_secs(60);

/// The outcome of many schedules.
pub(crate) struct Report {
    name: &'static str,
    started: Instant,
    told: Instant,
    /// Time of a processor that this thread had taken by then, where the system tells.
    worked: Option<Duration>,
    schedules: u64,
    injected: u64,
    doubled_mails: u64,
    known: u64,
    calls: u64,
    idle: u64,
    broken: Vec<(String, Vec<String>)>,
    stops_early: bool,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            started: Instant::now(),
            told: Instant::now(),
            worked: worked(),
            schedules: 0,
            injected: 0,
            doubled_mails: 0,
            known: 0,
            calls: 0,
            idle: 0,
            broken: Vec::new(),
            stops_early: false,
        }
    }

    /// A report that is settled by the first thing broken: for deliberate bugs.
    pub(crate) fn hunting(name: &'static str) -> Self {
        Self { stops_early: true, ..Self::new(name) }
    }

    /// Tells once in a minute how far a long suite is.
    pub(crate) fn tell_progress(&mut self, done: impl Display, all: impl Display) {
        if self.told.elapsed() < BETWEEN_WORDS {
            return;
        }
        self.told = Instant::now();
        println!("{}: {done} of {all} places, {} schedules, {} broken", self.name, self.schedules, self.broken.len());
    }

    /// Notes a schedule in which at least so many faults had to happen.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String, verdict: &Verdict, expected_faults: u64) {
        self.schedules += 1;
        self.injected += verdict.injected;
        self.calls += verdict.made;
        self.known += u64::from(verdict.is_known);
        self.doubled_mails += verdict.doubled_mails;
        self.idle += u64::from(verdict.injected < expected_faults);
        let mut broken = verdict.broken.clone();
        if verdict.doubled_mails > verdict.injected && expected_faults > 0 {
            broken.push(format!("INV-S2 {} mails were doubled by {} faults", verdict.doubled_mails, verdict.injected));
        }
        if !broken.is_empty() {
            self.broken.push((what(), broken));
        }
    }

    /// Notes something that was checked by itself.
    pub(crate) fn note_broken(&mut self, what: &str, mut broken: Vec<String>) {
        self.schedules += 1;
        broken.sort();
        broken.dedup();
        if !broken.is_empty() {
            self.broken.push((what.to_owned(), broken));
        }
    }

    /// Notes faults of a run that counts its own.
    pub(crate) fn note_injected(&mut self, faults: u64) {
        self.injected += faults;
    }

    /// Whether any fault has happened.
    pub(crate) fn has_injected(&self) -> bool {
        self.injected > 0
    }

    /// Whether nothing more needs to be run.
    pub(crate) fn is_settled(&self) -> bool {
        self.stops_early && !self.broken.is_empty()
    }

    /// The first thing broken.
    pub(crate) fn first(&self) -> Option<String> {
        self.broken.first().map(|(what, broken)| format!("{} ({what})", broken.join(", ")))
    }

    /// Prints the figures; stops the test if anything was broken, or if a fault test injected nothing.
    pub(crate) fn conclude(&self) {
        let rate = |time: Duration| self.schedules as f64 / time.as_secs_f64();
        print!("{}: {} distinct schedules, {:.0} a second", self.name, self.schedules, rate(self.started.elapsed()));
        match self.worked.and_then(|before| worked()?.checked_sub(before)) {
            Some(worked) => println!(", {:.0} for each second of a processor ({worked:.1?})", rate(worked)),
            None => println!(),
        }
        println!("  {} faults injected, {} broken", self.injected, self.broken.len());
        if self.calls > 0 {
            println!("  {} port calls, {} mails doubled", self.calls, self.doubled_mails);
        }
        if self.known > 0 {
            println!("  {} ended in a state like one that was seen to end well", self.known);
        }
        let mut kinds: BTreeMap<String, (u64, &str)> = BTreeMap::new();
        for (what, broken) in &self.broken {
            kinds.entry(broken.join(", ")).or_insert((0, what)).0 += 1;
        }
        for (broken, (times, what)) in kinds.iter().take(20) {
            println!("  {times} times, first {what}: {broken}");
        }
        assert!(self.broken.is_empty(), "{} schedules broke an invariant", self.broken.len());
        assert_eq!(self.idle, 0, "a fault test that injected nothing proves nothing");
    }
}

/// Time of a processor that this thread has taken so far; whoever waits for a core takes none.
fn worked() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
