//! Many callers at once, and callers of another tenant: what no single story meets.

use adapters_memory::{Fault, MemoryWorld, Mutants, Point, Side, SplitMix};
use domain::ids::JobId;
use domain::record::{Challenge, Record};
use domain::sensitive::Sensitive;
use habeas_tests::executor::{Ended, Held, Task, run, run_together};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always, check_at_rest};
use habeas_tests::sample::{ADA, EVE, access, officer, signed_in, tenant};
use habeas_tests::story::{Kind, Story};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::ports::{ExportStore, JobFilter, KeyContext, KeyService};
use workflow::refusal::Refusal;
use workflow::submit_request::{Idempotency, Quotas};

/// A scenario: says what was broken.
pub(crate) type Scenario = (&'static str, fn(Mutants, u64) -> Vec<String>);

/// Every scenario.
pub(crate) const ALL: &[Scenario] = &[
    ("one key, four callers", one_key_many_callers),
    ("a quota, nine callers", quota_under_load),
    ("wrong codes, twelve at once", wrong_codes_at_once),
    ("a wrong code, retried by the SDK", wrong_code_retried),
    ("a note, retried by the SDK", note_retried),
    ("another tenant asks", another_tenant),
    ("a job key in another context", key_in_another_context),
    ("two uploads of one archive", two_uploads),
    ("a hold in the middle of a claim", crate::holds::hold_meets_claim),
    ("an erasure", |mutants, seed| erasure(Kind::Erasure, mutants, seed)),
    ("an erasure while the data changes", |mutants, seed| erasure(Kind::DriftingErasure, mutants, seed)),
];

/// What shares of erasures meet, each scenario at every call: one seed plays all there is.
pub(crate) const OF_SHARES: &[Scenario] = &[
    ("two erasures in one pass", |mutants, seed| erasure(Kind::SharedErasure, mutants, seed)),
    ("a hold in the middle of a pass", crate::passing::hold_meets_pass),
    ("a start by hand while another share is parked", crate::parking::start_meets_parking),
    ("shares parked before all are made", crate::parking::parked_before_all_are_made),
];

/// What corrections of identities meet, each scenario at every call: one seed plays all there is.
pub(crate) const OF_CORRECTIONS: &[Scenario] = &[
    ("an identity is corrected", |mutants, seed| erasure(Kind::RenamedIdentity, mutants, seed)),
    ("the right value is erased meanwhile", crate::renaming::erasure_meets_correction),
    ("a restriction in the middle of a correction", crate::renaming::restriction_meets_correction),
    ("an erasure in the middle of a correction", crate::renaming::own_erasure_meets_correction),
];

fn world(mutants: Mutants, seed: u64) -> World {
    let mut world = World::new(seed);
    world.memory.change(|state| state.mutants = mutants);
    world.handlers = Handlers::new(&world.memory);
    world
}

fn claim(broken: &mut Vec<String>, holds: bool, text: impl Into<String>) {
    if !holds {
        broken.push(text.into());
    }
}

fn jobs(memory: &MemoryWorld) -> usize {
    memory.inspect(|state| state.items.values().filter(|it| matches!(it.as_ref(), Record::Job(_))).count())
}

/// INV-S4: four callers with one idempotency key make one job and hear of the same.
fn one_key_many_callers(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let world = world(mutants, seed);
    let sandboxes: Vec<Handlers> = (0..4).map(|_| Handlers::new(&world.memory)).collect();
    let key = Idempotency { key: "k".to_owned(), route: "POST /export".to_owned(), body: b"body".to_vec() };
    let staff = officer("acme");
    let call = |sandbox| Box::pin(submit(sandbox, &staff, &key)) as Task<'_, Option<JobId>>;
    let answers = run_together(&world.memory, sandboxes.iter().map(call).collect(), &mut SplitMix::new(seed));
    let ids: Vec<JobId> = answers.into_iter().filter_map(|answer| answer.answer()).collect();
    claim(&mut broken, jobs(&world.memory) == 1, format!("INV-S4 {} jobs under one key", jobs(&world.memory)));
    claim(
        &mut broken,
        !ids.is_empty() && ids.windows(2).all(|pair| pair[0] == pair[1]),
        "INV-S4 callers hear of several jobs",
    );
    let other = Idempotency { body: b"other".to_vec(), ..key };
    let refused = run(&world.memory, sandboxes[0].submit.submit(&staff, access(ADA), Some(&other))).answer();
    claim(
        &mut broken,
        matches!(refused, Err(Refusal::IdempotencyMismatch)),
        "INV-S4 another body under one key was taken",
    );
    broken
}

async fn submit(sandbox: &Handlers, staff: &workflow::caller::Caller, key: &Idempotency) -> Option<JobId> {
    sandbox.submit.submit(staff, access(ADA), Some(key)).await.ok().map(|accepted| accepted.job.id)
}

/// INV-Q1: nobody gets past a quota, and the counter says what is open.
fn quota_under_load(mutants: Mutants, seed: u64) -> Vec<String> {
    const LIMIT: usize = 3;
    let mut broken = Vec::new();
    let world = world(mutants, seed);
    let quotas = Quotas { open_jobs: LIMIT as i64, jobs_per_month: 1_000 };
    let sandboxes: Vec<Handlers> = (0..9).map(|_| Handlers::with_quotas(&world.memory, quotas)).collect();
    let staff = officer("acme");
    let call = async |sandbox: &Handlers| sandbox.submit.submit(&staff, access(ADA), None).await;
    let tasks = sandboxes.iter().map(|sandbox| -> Task<'_, _> { Box::pin(call(sandbox)) }).collect();
    let answers = run_together(&world.memory, tasks, &mut SplitMix::new(seed));
    let mut expected = Expected::default();
    for answer in answers {
        match answer.answer() {
            Ok(accepted) => expected.accepted.push((tenant("acme"), accepted.job.id, ADA)),
            Err(Refusal::QuotaReached { .. } | Refusal::Busy) => {}
            Err(refusal) => broken.push(format!("INV-Q1 refused with {refusal}")),
        }
    }
    claim(
        &mut broken,
        jobs(&world.memory) <= LIMIT,
        format!("INV-Q1 {} jobs past a limit of {LIMIT}", jobs(&world.memory)),
    );
    claim(&mut broken, expected.accepted.len() == jobs(&world.memory), "INV-Q1 a job nobody was told of");
    broken.extend(world.memory.inspect(|state| check_always(state, &expected)));
    broken
}

/// A job of Ada's that waits for her code.
fn waiting_job(world: &mut World) -> (Story, JobId) {
    let mut story = Story::new(ADA);
    story.submit(world);
    world.run_until_idle();
    // The mail of the code is minutes old at most: idle is when nothing is due, not when time has passed.
    let job = story.job.clone().expect("the request was accepted");
    (story, job)
}

fn attempts(world: &World, job: &JobId) -> u32 {
    world.memory.inspect(|state| match state.items.get(&Challenge::key_of(&tenant("acme"), job)).map(AsRef::as_ref) {
        Some(Record::Challenge(challenge)) => challenge.attempts,
        _ => 0,
    })
}

/// INV-X4: at most five attempts count, whoever makes them at once; the right code is worth nothing then.
fn wrong_codes_at_once(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut world = world(mutants, seed);
    let (story, job) = waiting_job(&mut world);
    let sandboxes: Vec<Handlers> = (0..12).map(|_| Handlers::new(&world.memory)).collect();
    let (person, wrong) = (signed_in(ADA), Sensitive::new("0000000x".to_owned()));
    let guess = async |sandbox: &Handlers| sandbox.verify.code(&person, &job, &wrong).await;
    let tasks = sandboxes.iter().map(|sandbox| -> Task<'_, _> { Box::pin(guess(sandbox)) }).collect();
    let answers = run_together(&world.memory, tasks, &mut SplitMix::new(seed));
    let heard = answers
        .iter()
        .filter(|it| matches!(it, Ended::With(Err(Refusal::WrongCode { tries_left })) if *tries_left > 0));
    claim(&mut broken, heard.count() <= 4, "INV-X4 more than five guesses were answered");
    claim(&mut broken, attempts(&world, &job) <= Challenge::MAX_ATTEMPTS, "INV-X4 more than five attempts count");
    broken.extend(world.memory.inspect(|state| check_always(state, &story.expected)));
    broken
}

/// INV-S2: an attempt whose answer the SDK lost counts once.
fn wrong_code_retried(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut world = world(mutants, seed);
    let (_, job) = waiting_job(&mut world);
    let (person, wrong) = (signed_in(ADA), Sensitive::new("0000000x".to_owned()));
    with_retried_commit(&mut world, async |handlers| drop(handlers.verify.code(&person, &job, &wrong).await));
    let counted = attempts(&world, &job);
    claim(&mut broken, counted == 1, format!("INV-S2 one attempt counts {counted} times"));
    broken
}

/// INV-S2: a note whose answer the SDK lost is written once.
fn note_retried(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut world = world(mutants, seed);
    let (_, job) = waiting_job(&mut world);
    let (staff, act) = (officer("acme"), Act::Note { note: "called back".to_owned() });
    with_retried_commit(&mut world, async |handlers| drop(handlers.act.act(&staff, &job, &act).await));
    let notes = world.job(&tenant("acme"), &job).and_then(|job| job.resolution_notes).unwrap_or_default();
    let written = notes.matches("called back").count();
    claim(&mut broken, written == 1, format!("INV-S2 a note was written {written} times"));
    broken
}

/// Finds the call's commit in a rehearsal, then makes the SDK repeat it.
fn with_retried_commit(world: &mut World, call: impl AsyncFn(&Handlers)) {
    let before = world.memory.snapshot();
    world.memory.change(|state| state.faults.reset());
    run(&world.memory, call(&Handlers::new(&world.memory))).answer();
    let commit = world.memory.inspect(|state| state.faults.calls().iter().find(|it| it.operation == "commit").copied());
    world.restore(&before);
    world.memory.change(|state| {
        state.faults.reset();
        let commit = commit.expect("the call commits something");
        state.faults.plan(Point { call: commit.number, side: Side::After }, Fault::RetriedBySdk);
    });
    run(&world.memory, call(&Handlers::new(&world.memory))).answer();
    let injected = world.memory.inspect(|state| state.faults.injected());
    assert_eq!(injected, 1, "a fault test that injected nothing proves nothing");
}

/// INV-T1, INV-T2: for another tenant the job does not exist, by any call, and its rows stay its own.
fn another_tenant(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut world = world(mutants, seed);
    let mut story = Story::new(EVE);
    story.play(&mut world);
    broken.append(&mut story.broken);
    let (_, job) = waiting_job(&mut world);
    let unknown = JobId::new(world.memory.now(), [9; 10]);
    let strangers = [officer("globex"), signed_in(EVE)];
    let handlers = Handlers::new(&world.memory);
    for stranger in &strangers {
        let answers = |id: JobId| {
            let handlers = &handlers;
            async move {
                let code = Sensitive::new("12345678".to_owned());
                let page = handlers.read.list(stranger, JobFilter::default(), None, 50).await;
                let listed = page.is_ok_and(|page| page.jobs.iter().any(|job| job.id == id));
                [
                    format!("{:?}", handlers.read.one(stranger, &id).await.map(|_| ())),
                    format!("{:?}", handlers.read.timeline(stranger, &id).await.map(|_| ())),
                    format!("{:?}", handlers.verify.code(stranger, &id, &code).await),
                    format!("{:?}", handlers.verify.resend(stranger, &id).await),
                    format!("{:?}", handlers.act.act(stranger, &id, &Act::Cancel).await.map(|_| ())),
                    format!("{:?}", handlers.download.for_session(stranger, &id).await.map(|_| ())),
                    format!("{listed}"),
                ]
            }
        };
        let foreign = run(&world.memory, answers(job.clone())).answer();
        let nothing = run(&world.memory, answers(unknown.clone())).answer();
        claim(
            &mut broken,
            foreign == nothing,
            format!("INV-T2 a foreign job answers {foreign:?}, an unknown one {nothing:?}"),
        );
    }
    broken
}

/// INV-T3: a wrapped key opens in its own context only.
fn key_in_another_context(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let world = world(mutants, seed);
    let keys = world.memory.key_service();
    let own = KeyContext { tenant: tenant("acme"), owner: "job#1".to_owned() };
    let made = run(&world.memory, keys.generate(&own)).answer().expect("the key service is up");
    for foreign in
        [KeyContext { tenant: tenant("globex"), ..own.clone() }, KeyContext { owner: "job#2".to_owned(), ..own }]
    {
        let opened = run(&world.memory, keys.unwrap(&foreign, &made.wrapped)).answer();
        claim(&mut broken, opened.is_err(), "INV-T3 a key opens in another context");
    }
    broken
}

/// INV-S2: of two uploads of one archive the first that completes stays.
fn two_uploads(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let world = world(mutants, seed);
    let store = world.memory.export_store();
    let upload = |bytes: &'static [u8]| {
        let store = &store;
        async move {
            let id = store.start_upload("exports/acme/job.zip").await.ok()?;
            let part = store.upload_part("exports/acme/job.zip", &id, 1, bytes.to_vec()).await.ok()?;
            store.complete_upload("exports/acme/job.zip", &id, &[part]).await.ok()
        }
    };
    let first = Held::new(&world.memory, Box::pin(upload(b"first"))).finish();
    let second = Held::new(&world.memory, Box::pin(upload(b"second"))).finish();
    claim(&mut broken, first.flatten().is_some() && second.flatten().is_none(), "INV-S2 an archive was replaced");
    world.memory.advance(SignedDuration::from_secs(1));
    broken
}

/// INV-E3 to E9: an erasure to its end, everything checked.
fn erasure(kind: Kind, mutants: Mutants, seed: u64) -> Vec<String> {
    let mut world = world(mutants, seed);
    world.memory.change(|state| state.tick = SignedDuration::from_millis(1));
    let mut story = Story::of(kind, ADA);
    story.play(&mut world);
    let mut broken = story.broken;
    broken.extend(world.memory.inspect(|state| check_at_rest(state, &story.expected)));
    broken
}
