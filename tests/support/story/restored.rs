//! An erasure after which a backup is restored: the replay finds the person again, and has everything erased once more.

use domain::job::{Job, JobStatus};
use domain::record::Record;
use jiff::tz::TimeZone;
use workflow::legal_clock::LegalClock;
use workflow::replay_erasures::ReplayErasures;

use super::erasure::{GRACE, contents};
use super::{Act, Story, TRIES};
use crate::executor::Ended;
use crate::handlers::{REGION, ports};
use crate::world::World;

impl Story {
    pub(super) const RESTORED_ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::see_erased),
        Act::People(Self::restore_and_replay),
        Act::Alone(World::run_until_idle),
        Act::People(Self::see_erased_again),
    ];

    /// An operator restores the sources from before the erasure, and runs the replay until it has an answer.
    fn restore_and_replay(&mut self, world: &mut World) {
        let is_erased = self.stored(world).is_some_and(|job| job.status == JobStatus::Completed);
        let Some(left) = self.left.clone().filter(|_| is_erased) else { return };
        world.memory.change_sources(|sources| sources.clone_from(&left));
        for _ in 0..TRIES {
            let memory = &world.memory;
            let replay = ReplayErasures {
                ports: ports(memory),
                reader: memory.source(),
                maps: memory.data_maps(),
                legal_clock: LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 },
                region: REGION.to_owned(),
            };
            let tenant = self.tenant();
            match world.call(&tenant, async |_| replay.run(&tenant, None).await) {
                Ended::With(Ok(_)) => return,
                Ended::With(Err(_)) | Ended::Crashed => {}
            }
        }
        self.broken.push("INV-L1 the replay never came to its end".to_owned());
    }

    /// Nothing of the person is left. A replay that died and was run again may have begun more than one erasure.
    fn see_erased_again(&mut self, world: &mut World) {
        let Some(left) = self.left.clone() else { return };
        let again = repeated(world);
        if again.is_empty() {
            self.broken.push("INV-E8 nobody noticed that the person is back".to_owned());
        }
        for job in again {
            if job.status != JobStatus::Completed {
                self.broken.push(format!("INV-L1 the repeated erasure is not completed but {}", job.status));
            }
            if let Some(plan) = job.erasure.as_ref().and_then(|erasure| erasure.plan.as_ref()) {
                self.expected.approved.push((job.id.clone(), plan.hash.clone(), std::sync::Arc::clone(&left)));
            }
            self.expected.accepted.push((self.tenant(), job.id, self.person));
        }
        if contents(&left, self.people()) != contents(&Self::sources(world), &[]) {
            self.broken.push("INV-E8 not exactly the rows of the person went again".to_owned());
        }
    }
}

/// The erasures that repeat others.
fn repeated(world: &World) -> Vec<Job> {
    let is_repeated = |job: &Job| job.erasure.as_ref().is_some_and(|erasure| erasure.repeats.is_some());
    world.memory.inspect(|state| {
        let jobs = state.items.values().filter_map(|record| match record.as_ref() {
            Record::Job(job) if is_repeated(job) => Some(Job::clone(job)),
            _ => None,
        });
        jobs.collect()
    })
}
