//! Retention over rows that are worked out when they are asked for: exactly what expired leaves, each row archived first.
//!
//! Of the table only what is gone is kept, and archives lie on disk, so that the peak of memory is the sweep's own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use adapters_memory::MemoryWorld;
use domain::record::Record;
use domain::retention_run::{RetentionRun, RunPhase};
use jiff::{SignedDuration, Timestamp};
use workflow::keyring::Keyring;
use workflow::sweep_retention::{Asked, Cap, RetentionReport, SweepRetention};

use self::archives::Archives;
use self::generated::Generated;
use crate::executor::{Ended, Held, run};
use crate::sample::tenant;

mod archives;
mod generated;

const COLLECTION: &str = "chat.messages";
const DAY: SignedDuration = SignedDuration::from_hours(24);
const SLICE: SignedDuration = SignedDuration::from_mins(14);

/// What a sweep of so many rows cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Rows looked at.
    pub rows: u64,
    /// Of these: archived and deleted.
    pub deleted: u64,
    /// From its beginning to its end, both passes.
    pub seconds: f64,
    /// Calls that would go to AWS.
    pub calls: u64,
}

impl Cost {
    /// Rows looked at in a second.
    #[must_use]
    pub fn rows_per_second(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    /// AWS calls for each thousand rows that left.
    #[must_use]
    pub fn calls_per_thousand(&self) -> f64 {
        self.calls as f64 * 1_000.0 / self.deleted as f64
    }
}

/// A table of one tenant, six tenths of it expired, whose policy was reported the night before.
pub struct LargeRetention {
    memory: MemoryWorld,
    table: Arc<Generated>,
    archives: Arc<Archives>,
    rows: u64,
}

impl LargeRetention {
    /// Plants it; archives go to an empty directory.
    ///
    /// # Panics
    /// Where the report of the night before fails.
    #[must_use]
    pub fn reported(rows: u64, archives: &Path) -> Self {
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let memory = MemoryWorld::new(11, start);
        memory.change(|state| state.tick = SignedDuration::from_millis(1));
        memory.publish(&tenant("acme"), generated::map()).unwrap();
        let large = Self {
            memory,
            table: Arc::new(Generated::new(rows, start)),
            archives: Arc::new(Archives::new(archives)),
            rows,
        };
        large.until_done();
        large.memory.advance(DAY);
        large.memory.change(|state| state.faults.reset());
        large.table.forget_calls();
        large.archives.forget_calls();
        large
    }

    /// Sweeps to the end.
    ///
    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn sweep(&self) -> Cost {
        let began = Instant::now();
        self.until_done();
        let seconds = began.elapsed().as_secs_f64();
        Cost { rows: self.rows, deleted: self.run().told().deleted, seconds, calls: self.calls() }
    }

    /// Sweeps while its process dies so many times, each time after as many calls as make the deaths reach the end.
    ///
    /// # Panics
    /// Where a slice that lives fails.
    pub fn sweep_through(&self, deaths: u64, calls: u64) {
        for death in 0..deaths {
            let sweep = self.sandbox();
            let asked = asked();
            let ends_at = self.memory.now() + SLICE;
            let mut task = Held::new(&self.memory, Box::pin(sweep.run(&asked, ends_at)));
            task.make_calls(u32::try_from(calls / deaths + death * 3 % 17).unwrap());
        }
        self.until_done();
    }

    /// What is not as it must be after a night: rows that are gone or left, archives, and what the run tells.
    ///
    /// # Panics
    /// Where an archive can't be read.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let mut broken = self.table.broken();
        let (told, expired) = (self.run(), self.table.expired());
        let tally = told.told();
        if told.phase != RunPhase::Ended || (tally.scanned, tally.expired) != (self.rows, expired) {
            broken.push(format!("the run is {:?} and tells {tally:?}", told.phase));
        }
        if (tally.archived, tally.deleted, tally.failed) != (expired, expired, 0) {
            broken.push(format!("{expired} rows expired, the run tells {tally:?}"));
        }
        let keyring = Keyring::new(self.memory.job_store(), self.memory.key_service(), self.memory.entropy());
        broken.extend(self.archives.broken(&self.memory, &keyring, &self.table));
        broken
    }

    fn calls(&self) -> u64 {
        let own = self.memory.inspect(|state| state.faults.calls().len() as u64);
        own + self.table.calls() + self.archives.calls()
    }

    fn run(&self) -> RetentionRun {
        let key = RetentionRun::key_of(&tenant("acme"), COLLECTION);
        let found = self.memory.inspect(|state| state.items.get(&key).map(|it| Record::clone(it)));
        *found.and_then(Record::into_retention_run).expect("the collection was swept")
    }

    fn until_done(&self) {
        loop {
            let sweep = self.sandbox();
            let report = run(&self.memory, sweep.run(&asked(), self.memory.now() + SLICE));
            let Ended::With(Ok(RetentionReport { failed: 0, is_unfinished, .. })) = report else {
                panic!("a slice failed: {report:?}, {:?}", self.run().failed_because)
            };
            if !is_unfinished {
                return;
            }
        }
    }

    fn sandbox(&self) -> SweepRetention {
        let memory = &self.memory;
        SweepRetention {
            store: memory.job_store(),
            feed: memory.audit_feed(),
            maps: memory.data_maps(),
            source: Arc::clone(&self.table) as _,
            connector: memory.source(),
            evidence: Arc::clone(&self.archives) as _,
            tables: Arc::new(generated::NoTables),
            keyring: Arc::new(Keyring::new(memory.job_store(), memory.key_service(), memory.entropy())),
            alerts: memory.alerts(),
            clock: memory.clock(),
            entropy: memory.entropy(),
            cap: Cap { rows: u64::MAX, percent: 100 },
            keep_days: 2_557,
        }
    }
}

fn asked() -> Asked {
    Asked { tenant: Some(tenant("acme")), collection: Some(COLLECTION.to_owned()), ..Asked::default() }
}
