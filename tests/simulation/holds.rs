//! Holds placed while an erasure runs: whatever the order of their calls, nothing goes once a hold is effective (INV-E1),
//! and the answer to placing one names everything that still runs (INV-E2).

use adapters_memory::{Fault, MemoryWorld, Mutants, Point, Side, Snapshot, SplitMix, Table};
use domain::hold::{Hold, HoldStatus};
use domain::ids::JobId;
use domain::job::JobStatus;
use domain::record::Record;
use domain::request::{Identity, IdentityKind, RequestType};
use domain::role::Role;
use domain::sensitive::Sensitive;
use domain::step::{Nudge, QueueName, StepKind, StepState};
use habeas_tests::executor::{Ended, Held, Task, run, run_together};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always};
use habeas_tests::sample::{ADA, access, caller, officer, signed_in, tenant};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::caller::Caller;
use workflow::holds::{NewHold, NewScope};
use workflow::ports::JobStore;
use workflow::submit_request::NewRequest;

/// What of a person is left: rows and media, keys and entries of those who must not come back.
type Left = (usize, usize);

/// An erasure of Ada's with its erase steps ready and none claimed.
pub(crate) struct Scene {
    world: World,
    base: Snapshot,
    job: JobId,
    nudges: Vec<Nudge>,
}

/// How often what happened: a race that never races proves nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The hold came first and stopped something.
    pub(crate) stopped: u64,
    /// The answer named work under way.
    pub(crate) in_flight: u64,
    /// The erasure was over before the hold.
    pub(crate) too_late: u64,
    /// Workers that died.
    pub(crate) died: u64,
}

fn counsel() -> Caller {
    caller("acme", "counsel", &[Role::Dpo], None)
}

fn left(memory: &MemoryWorld) -> Left {
    memory.inspect(|state| {
        let rows = state.sources.tables.values().flat_map(Table::rows);
        let rows = rows.filter(|row| String::from_utf8_lossy(&row.to_json()).contains(ADA.canary)).count();
        let media = state.sources.media.values().flatten().filter(|(key, _)| key.contains(ADA.canary)).count();
        let gone = state.items.values().filter(|it| matches!(it.as_ref(), Record::Suppression(_))).count();
        (rows + media, gone)
    })
}

impl Scene {
    /// Up to the moment where the erase steps are ready.
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let request = NewRequest { request_type: RequestType::Erasure, grace_days: Some(0), ..access(ADA) };
        let own = signed_in(ADA);
        let accepted = world.call(&tenant("acme"), async |it| it.submit.submit(&own, request, None).await).answer();
        let job = accepted.expect("a good request is accepted").job.id;
        world.run_until_idle();
        let stored = world.job(&tenant("acme"), &job).expect("the job is there");
        let plan_hash = stored.erasure.and_then(|erasure| erasure.plan).expect("there is a plan").hash;
        let (staff, act) = (officer("acme"), Act::Approve { plan_hash });
        world.call(&tenant("acme"), async |it| it.act.act(&staff, &job, &act).await.map(|_| ())).answer().unwrap();
        world.watcher = Some(Box::new(|memory, _| !ready_to_erase(memory).is_empty()));
        world.run_until_idle();
        assert!(world.is_stopped, "no erase step was made");
        (world.watcher, world.is_stopped) = (None, false);
        let nudges = ready_to_erase(&world.memory);
        let base = world.memory.snapshot();
        Self { world, base, job, nudges }
    }

    fn reset(&mut self, mutants: Mutants) {
        let base = &self.base;
        self.world.restore(base);
        self.world.memory.change(|state| {
            state.mutants = mutants;
            state.faults.reset();
        });
    }

    /// One worker stands between two of its calls while the hold is placed.
    pub(crate) fn overlap(&mut self, mutants: Mutants, calls: u32) -> Vec<String> {
        self.reset(mutants);
        let memory = self.world.memory.clone();
        let (one, other) = (Handlers::new(&memory), Handlers::new(&memory));
        let ends_at = memory.now() + self.world.slice;
        let mut worker = Held::new(&memory, Box::pin(one.erasure_worker.once(&self.nudges[0], ends_at)));
        worker.make_calls(calls);
        let placed = run(&memory, place(&other, &memory, 0)).answer();
        // However it ends: what it has done by then is what counts.
        drop(worker.finish());
        self.verdict(&placed)
    }

    /// Workers and the officer take turns, one port call at a time, in an order that the seed decides.
    pub(crate) fn race(&mut self, mutants: Mutants, seed: u64, tally: &mut Tally) -> Vec<String> {
        self.reset(mutants);
        let mut random = SplitMix::new(seed);
        let memory = self.world.memory.clone();
        let dies = random.happens(150);
        if dies {
            let point = Point { call: random.below(60), side: Side::After };
            memory.change(|state| state.faults.plan(point, Fault::Crash));
        }
        let sandboxes: Vec<Handlers> = (0..3).map(|_| Handlers::new(&memory)).collect();
        let late = random.below(90);
        let mut tasks: Vec<Task<'_, Option<Placed>>> =
            vec![Box::pin(async { Some(place(&sandboxes[0], &memory, late).await) })];
        for sandbox in &sandboxes[1..] {
            tasks.push(Box::pin(async {
                work(sandbox, &memory).await;
                None
            }));
        }
        let mut ended = run_together(&memory, tasks, &mut random);
        let placed = match ended.swap_remove(0) {
            Ended::With(placed) => placed.expect("the first task places the hold"),
            // The officer's sandbox died: the officer asks again, and may have placed two holds.
            Ended::Crashed => run(&memory, place(&sandboxes[0], &memory, 0)).answer(),
        };
        tally.died += u64::from(memory.inspect(|state| state.faults.injected() > 0));
        tally.in_flight += u64::from(placed.in_flight > 0);
        let broken = self.verdict(&placed);
        match self.world.job(&tenant("acme"), &self.job).map(|job| job.status) {
            Some(JobStatus::OnHold) => tally.stopped += 1,
            Some(JobStatus::Completed) => tally.too_late += 1,
            _ => {}
        }
        broken
    }

    /// What went after the hold was effective, now and in the hour to come; and whether all is well otherwise.
    fn verdict(&mut self, placed: &Placed) -> Vec<String> {
        let mut broken = Vec::new();
        let memory = self.world.memory.clone();
        if placed.effective.is_some_and(|then| then != left(&memory)) {
            broken.push("INV-E1 something was erased under an effective hold by whoever was under way".to_owned());
        }
        if placed.effective.is_none() && placed.in_flight == 0 {
            broken.push("INV-E2 a hold that is not effective names nothing under way".to_owned());
        }
        let then = placed.effective.or_else(|| self.is_effective_now().then(|| left(&memory)));
        self.world.run_until(memory.now() + SignedDuration::from_hours(1));
        if then.is_some_and(|then| then != left(&memory)) {
            broken.push("INV-E1 something was erased under an effective hold, later".to_owned());
        }
        if !self.holds().iter().any(|hold| hold.status == HoldStatus::Effective) {
            broken.push("INV-E2 an hour later the hold is not effective".to_owned());
        }
        let expected = Expected { accepted: vec![(tenant("acme"), self.job.clone(), ADA)], ..Expected::default() };
        broken.extend(memory.inspect(|state| check_always(state, &expected)));
        broken
    }

    fn holds(&self) -> Vec<Hold> {
        let hold = |record: &Record| match record {
            Record::Hold(hold) => Some(Hold::clone(hold)),
            _ => None,
        };
        self.world.memory.inspect(|state| state.items.values().filter_map(|record| hold(record)).collect())
    }

    /// Whether the officer's list says so.
    fn is_effective_now(&mut self) -> bool {
        let listed = self.world.call(&tenant("acme"), async |it| it.holds.list(&counsel(), None, 10).await).answer();
        let page = listed.expect("holds are listed");
        page.holds.iter().any(|view| view.hold.status == HoldStatus::Effective)
    }

    /// Another officer releases what was placed: the erasure goes on by itself to its end.
    pub(crate) fn release(&mut self) -> Vec<String> {
        // Whoever got no answer and asked again has placed two.
        let third = caller("acme", "third", &[Role::Dpo], None);
        let mut broken = Vec::new();
        for hold in self.holds() {
            let released = self.world.call(&tenant("acme"), async |it| it.holds.release(&third, &hold.id).await);
            if !matches!(released, Ended::With(Ok(_))) {
                broken.push("INV-E1 another officer could not release the hold".to_owned());
            }
        }
        self.world.run_until_idle();
        match self.world.job(&tenant("acme"), &self.job).map(|job| job.status) {
            Some(JobStatus::Completed) => {}
            other => broken.push(format!("INV-L1 after the release the job is {other:?}")),
        }
        broken
    }
}

/// What became of placing the hold.
struct Placed {
    /// What was left at the moment it was effective; none if it wasn't yet.
    effective: Option<Left>,
    in_flight: usize,
}

/// Places a hold on Ada after so many calls of no effect, and looks at once at what is left.
async fn place(sandbox: &Handlers, memory: &MemoryWorld, late: u64) -> Placed {
    let store = memory.job_store();
    for _ in 0..late {
        store.load(&[]).await.expect("nothing is loaded");
    }
    let identity = Identity::new(IdentityKind::Email, ADA.email).expect("Ada has an address");
    let words = |text: &str| Sensitive::new(text.to_owned());
    let new =
        NewHold { scope: NewScope::Subject(vec![identity]), matter: words("a matter"), reason: words("a reason") };
    let view = sandbox.holds.place(&counsel(), &new, None).await.expect("a hold is never refused for load");
    let effective = (view.hold.status == HoldStatus::Effective).then(|| left(memory));
    Placed { effective, in_flight: view.in_flight.len() }
}

/// A worker of every queue that handles messages for a while.
async fn work(sandbox: &Handlers, memory: &MemoryWorld) {
    let store = memory.job_store();
    for _ in 0..25 {
        let received = memory.change(|state| {
            let now = state.now;
            state.queues.receive(None, now)
        });
        let Some(delivery) = received else {
            store.load(&[]).await.expect("nothing is loaded");
            continue;
        };
        let worker = match delivery.nudge.step.queue() {
            QueueName::Export => &sandbox.export_worker,
            QueueName::Erasure => &sandbox.erasure_worker,
            QueueName::Notification => &sandbox.notification_worker,
        };
        let ends_at = memory.now() + SignedDuration::from_secs(96);
        if worker.once(&delivery.nudge, ends_at).await.is_ok() {
            memory.change(|state| state.queues.acknowledge(delivery.id));
        }
    }
}

pub(crate) fn ready_to_erase(memory: &MemoryWorld) -> Vec<Nudge> {
    let nudge = |record: &Record| match record {
        Record::Step(step) if step.kind == StepKind::Erase && step.state == StepState::Ready => {
            Some(Nudge::for_step(step))
        }
        _ => None,
    };
    memory.inspect(|state| state.items.values().filter_map(|record| nudge(record)).collect())
}

/// A crowd's scenario: a hold at every point of a claim.
pub(crate) fn hold_meets_claim(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut scene = Scene::new(seed);
    let mut broken = Vec::new();
    for calls in 0..25 {
        broken.extend(scene.overlap(mutants, calls));
        if !broken.is_empty() {
            break;
        }
    }
    broken
}
