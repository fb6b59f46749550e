//! What outlived its policy goes: exactly that, each row archived first, through crashes, beside holds, within the cap.
//!
//! Each story takes the bugs it is told with; the last test lets every one loose and wants it found.

use adapters_memory::{Fault, Mutant, Mutants, Point, Side, SplitMix};
use domain::datum::Datum;
use domain::hold::HoldStatus;
use domain::request::{Identity, IdentityKind};
use domain::retention_run::{RunPhase, Tally};
use domain::sensitive::Sensitive;
use habeas_tests::executor::{Ended, Held, run, run_together};
use habeas_tests::handlers::Handlers;
use habeas_tests::sample::{officer, tenant};
use habeas_tests::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::holds::{HoldView, NewHold, NewScope};
use workflow::ports::{PortErrorKind, RetentionWarning};
use workflow::sweep_retention::{Asked, Cap};

use self::scene::{DAY, PEOPLE, Scene, insert};
use crate::caller::{dpo, owner};
use crate::house::House;

mod figures;
mod objects;
pub(crate) mod scene;

const NO_BUG: Mutants = Mutants::NONE;

fn tally(scene: &Scene, collection: &str) -> Tally {
    scene.run_of("acme", collection).told()
}

async fn place(handlers: &Handlers, person: &str) -> HoldView {
    let email = format!("{person}.canary@example.com");
    let identity = Identity::new(IdentityKind::Email, &email).unwrap();
    let words = |text: &str| Sensitive::new(text.to_owned());
    let new =
        NewHold { scope: NewScope::Subject(vec![identity]), matter: words("a matter"), reason: words("a reason") };
    handlers.holds.place(&officer("acme"), &new, None).await.expect("a hold is never refused for load")
}

/// A new policy is reported before it is obeyed; then everything goes that must, and nothing else.
fn two_nights(mutants: Mutants) -> Vec<String> {
    let mut scene = Scene::new(mutants);
    scene.first_night();
    let mut broken = scene.broken();
    if scene.memory.inspect(|state| !state.removed.is_empty()) {
        broken.push("something went before it was reported".to_owned());
    }
    for slug in ["acme", "globex"] {
        scene.night(slug);
        broken.extend(scene.left_behind(slug, &[]));
    }
    broken
}

#[test]
fn exactly_what_expired_leaves_and_each_row_is_archived_first() {
    assert_eq!(two_nights(NO_BUG), [""; 0]);
}

#[test]
fn a_run_tells_what_it_did() {
    let mut scene = Scene::new(NO_BUG);
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.messages").phase, RunPhase::Reported);
    let expected = Tally { scanned: 15, expired: 6, ..Tally::default() };
    assert_eq!(tally(&scene, "chat.messages"), expected, "bob's own policy has 30 days");
    scene.memory.advance(DAY);
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.messages").phase, RunPhase::Ended);
    assert_eq!(tally(&scene, "chat.messages"), Tally { archived: 6, deleted: 6, ..expected });
    let four = Tally { scanned: 15, expired: 4, ..Tally::default() };
    assert_eq!(tally(&scene, "chat.posts"), Tally { anonymized: 4, ..four });
    assert_eq!(tally(&scene, "chat.runs"), Tally { archived: 4, deleted: 4, ..four });
    scene.memory.advance(DAY);
    scene.night("acme");
    assert_eq!(tally(&scene, "chat.posts").expired, 2, "what was anonymised is left alone, a day more has expired");
    let unlabelled = RetentionWarning::Unlabelled { tenant: tenant("acme"), collection: "chat.runs".to_owned() };
    let told = scene.memory.inspect(|state| state.retention_warnings.iter().any(|(_, it)| *it == unlabelled));
    assert!(told, "a table without a label is told of");
    assert_eq!(scene.broken(), [""; 0]);
}

/// Every fault at every call of the night in which rows go; the same rows go in the end, each archived before.
#[test]
fn a_death_at_any_call_changes_nothing() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    let before = scene.memory.snapshot();
    scene.memory.change(|state| state.faults.reset());
    scene.night("acme");
    let calls = scene.memory.inspect(|state| state.faults.calls().len());
    let calm = tables(&scene);
    let archived = scene.archived(&tenant("acme"));
    let kinds = [
        (Side::Before, Fault::Crash),
        (Side::Before, Fault::Fail(PortErrorKind::Transient)),
        (Side::After, Fault::Crash),
        (Side::After, Fault::LoseAnswer),
        (Side::After, Fault::RetriedBySdk),
    ];
    let mut injected = 0;
    for call in 0..calls as u64 {
        // Deaths everywhere, the others in turn.
        for (index, (side, fault)) in kinds.into_iter().enumerate() {
            if fault != Fault::Crash && !(call + index as u64).is_multiple_of(3) {
                continue;
            }
            scene.memory.restore(&before);
            scene.memory.change(|state| {
                state.faults.reset();
                state.faults.plan(Point { call, side }, fault);
            });
            let ended = scene.slice("acme", &Asked::default());
            if ended == Ended::Crashed {
                assert_eq!(scene.broken(), [""; 0], "{fault:?} {side:?} {call}");
            }
            injected += scene.memory.inspect(|state| state.faults.injected());
            scene.night("acme");
            assert!(tables(&scene) == calm, "{fault:?} {side:?} {call}: other rows are left");
            assert!(scene.archived(&tenant("acme")) == archived, "{fault:?} {side:?} {call}: other rows are archived");
            for collection in ["chat.messages", "chat.runs"] {
                let told = tally(&scene, collection);
                assert_eq!((told.archived, told.deleted), (told.expired, told.expired), "{fault:?} {side:?} {call}");
            }
        }
    }
    assert!(injected >= 2 * calls as u64, "a fault test that injects nothing proves nothing");
}

fn tables(scene: &Scene) -> Vec<(String, Vec<Datum>)> {
    scene.memory.inspect(|state| {
        let tables = state.sources.tables.iter();
        tables.map(|(name, table)| (name.clone(), table.rows().cloned().collect())).collect()
    })
}

/// Up to thirty deaths in one night, wherever they strike.
#[test]
fn many_deaths_in_one_night_change_nothing() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    let before = scene.memory.snapshot();
    scene.night("acme");
    let calm = tables(&scene);
    let mut deaths = 0;
    for seed in 0..6 {
        scene.memory.restore(&before);
        scene.memory.change(|state| state.faults.reset());
        let mut random = SplitMix::new(seed);
        for _ in 0..30 {
            let made = scene.memory.inspect(|state| state.faults.calls().len() as u64);
            let point = Point { call: made + random.below(24), side: Side::After };
            scene.memory.change(|state| state.faults.plan(point, Fault::Crash));
            if scene.slice("acme", &Asked::default()) != Ended::Crashed {
                break;
            }
            deaths += 1;
        }
        scene.memory.change(|state| state.faults.reset());
        scene.night("acme");
        assert!(tables(&scene) == calm, "seed {seed}");
        assert_eq!(scene.left_behind("acme", &[]), [""; 0], "seed {seed}");
    }
    assert!(deaths >= 30, "{deaths} deaths prove nothing");
}

/// More than a run may take: nothing goes until a person says so, for that run and collection alone.
fn beyond_the_cap(mutants: Mutants) -> Vec<String> {
    let mut scene = Scene::with_cap(mutants, Cap { rows: 5, percent: 90 });
    scene.first_night();
    scene.night("acme");
    let mut broken = scene.broken();
    let went =
        |scene: &Scene| scene.memory.inspect(|state| state.removed.iter().filter(|it| it.1 == "chat.messages").count());
    if went(&scene) > 0 || scene.run_of("acme", "chat.messages").phase != RunPhase::BeyondCap {
        broken.push(format!("INV-E6 {} rows went beyond the cap", went(&scene)));
    }
    let warned = |it: &RetentionWarning| matches!(it, RetentionWarning::BeyondCap { expired: 6, .. });
    if !scene.memory.inspect(|state| state.retention_warnings.iter().any(|(_, it)| warned(it))) {
        broken.push("nobody was told".to_owned());
    }
    let asked =
        Asked { by_hand: true, beyond_cap: true, collection: Some("chat.messages".to_owned()), ..Asked::default() };
    scene.slice("acme", &asked);
    if went(&scene) != 6 {
        broken.push(format!("{} rows went by hand", went(&scene)));
    }
    broken.extend(scene.left_behind("acme", &[]));
    broken
}

#[test]
fn beyond_the_cap_nothing_goes_until_a_person_says_so() {
    assert_eq!(beyond_the_cap(NO_BUG), [""; 0]);
}

#[test]
fn a_large_share_of_a_collection_is_beyond_the_cap_too() {
    let mut scene = Scene::with_cap(NO_BUG, Cap { rows: 100_000, percent: 50 });
    let row = scene
        .planted
        .iter()
        .find(|it| it.collection == "chat.runs" && it.row.get("id") == Some(&Datum::Text("r-acme-ada-200".to_owned())));
    let row = row.unwrap().row.clone();
    scene.memory.change_sources(|sources| {
        for number in 0..120 {
            let mut row = row.clone();
            insert(&mut row, "id", Datum::Text(format!("more-{number}")));
            sources.table("chat.runs").insert(row);
        }
    });
    scene.first_night();
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.runs").phase, RunPhase::BeyondCap);
    assert_eq!(scene.run_of("acme", "chat.messages").phase, RunPhase::Ended, "six rows are no share");
}

#[test]
fn a_dry_run_changes_nothing_and_the_night_goes_on_after_it() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    let before = tables(&scene);
    let dry = Asked { by_hand: true, dry_run: true, ..Asked::default() };
    let Ended::With(report) = scene.slice("acme", &dry) else { panic!("nothing dies here") };
    assert!(tables(&scene) == before && report.swept.iter().all(|it| it.phase == RunPhase::Reported));
    assert_eq!(report.swept.iter().map(|it| it.tally.expired).sum::<u64>(), 14);
    scene.memory.advance(DAY);
    scene.night("acme");
    assert_eq!(scene.left_behind("acme", &[]), [""; 0]);
}

#[test]
fn a_shorter_policy_is_reported_before_it_is_obeyed() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    scene.plant_policy("acme", "org-1", 20);
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.messages").phase, RunPhase::Reported);
    assert_eq!(scene.run_of("acme", "chat.runs").phase, RunPhase::Ended, "no policy of an organisation counts there");
    scene.memory.advance(DAY);
    scene.night("acme");
    assert_eq!(tally(&scene, "chat.messages").deleted, 8);
}

/// Rows of a person under hold stay, are counted, and go once it is released.
fn under_hold(mutants: Mutants) -> Vec<String> {
    let mut scene = Scene::new(mutants);
    scene.first_night();
    let handlers = Handlers::new(&scene.memory);
    let hold = run(&scene.memory, place(&handlers, "ada")).answer();
    scene.night("acme");
    let mut broken = scene.left_behind("acme", &["ada"]);
    for (collection, held) in [("chat.messages", 2), ("chat.posts", 2), ("chat.runs", 0)] {
        if tally(&scene, collection).held != held {
            broken.push(format!("{collection} tells of {} held", tally(&scene, collection).held));
        }
    }
    let mut another = officer("acme");
    another.principal.subject = Sensitive::new("another".to_owned());
    run(&scene.memory, handlers.holds.release(&another, &hold.hold.id)).answer().expect("another officer may");
    scene.memory.advance(DAY);
    scene.night("acme");
    broken.extend(scene.left_behind("acme", &[]));
    broken
}

#[test]
fn rows_under_a_legal_hold_stay_until_it_is_released() {
    assert_eq!(under_hold(NO_BUG), [""; 0]);
}

/// A hold placed after any number of the sweep's calls: once it is effective nothing of the person goes (INV-E1).
fn hold_at_any_moment(mutants: Mutants) -> Vec<String> {
    let mut broken = Vec::new();
    let mut waited = 0;
    let mut scene = Scene::new(mutants);
    scene.first_night();
    let before = scene.memory.snapshot();
    for calls in 0..150 {
        scene.memory.restore(&before);
        let ends_at = scene.memory.now() + SignedDuration::from_mins(14);
        let asked = Asked { tenant: Some(tenant("acme")), ..Asked::default() };
        let handlers = Handlers::new(&scene.memory);
        let mut night = Held::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        night.make_calls(calls);
        let hold = run(&scene.memory, place(&handlers, "ada")).answer();
        waited += u32::from(!hold.in_flight.is_empty());
        let placed_at = scene.memory.now();
        night.finish().expect("nothing dies here").expect("a tenant that is named is told");
        let listed = run(&scene.memory, handlers.holds.list(&officer("acme"), None, 10)).answer().unwrap();
        if listed.holds[0].hold.status != HoldStatus::Effective {
            broken.push(format!("after {calls} calls: the hold waits although nothing is under way"));
        }
        let of_ada: Vec<_> = scene.planted.iter().filter(|it| (it.tenant, it.person) == ("acme", "ada")).collect();
        let is_of_ada = |id: &str, number: u64| of_ada.iter().any(|it| it.collection == id && it.number == number);
        scene.memory.inspect(|state| {
            for (at, id, number) in
                state.removed.iter().filter(|(_, id, number)| id != "chat.runs" && is_of_ada(id, *number))
            {
                if hold.hold.status == HoldStatus::Effective && *at > placed_at {
                    broken.push(format!("INV-E1 after {calls} calls: {id} {number} went under an effective hold"));
                }
            }
        });
        broken.extend(scene.broken());
    }
    if waited == 0 && mutants == NO_BUG {
        broken.push("no hold ever met a chunk that was under way".to_owned());
    }
    broken
}

#[test]
fn a_hold_placed_amid_a_chunk_waits_for_it_and_then_holds() {
    assert_eq!(hold_at_any_moment(NO_BUG), [""; 0]);
}

#[test]
fn a_hold_does_not_wait_for_ever_for_a_sweep_that_died() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    scene.memory.change(|state| state.faults.reset());
    let before = scene.memory.snapshot();
    scene.night("acme");
    let first = scene.memory.inspect(|state| state.faults.calls().iter().find(|it| it.operation == "remove").copied());
    scene.memory.restore(&before);
    let point = Point { call: first.unwrap().number, side: Side::After };
    scene.memory.change(|state| state.faults.plan(point, Fault::Crash));
    assert_eq!(scene.slice("acme", &Asked::default()), Ended::Crashed);
    let handlers = Handlers::new(&scene.memory);
    let hold = run(&scene.memory, place(&handlers, "ada")).answer();
    assert_eq!((hold.hold.status, hold.in_flight.len()), (HoldStatus::Pending, 1));
    scene.memory.advance(SignedDuration::from_mins(13));
    let listed = run(&scene.memory, handlers.holds.list(&officer("acme"), None, 10)).answer().unwrap();
    assert_eq!((listed.holds[0].hold.status, listed.holds[0].in_flight.len()), (HoldStatus::Effective, 0));
}

/// One collection that can't be read, and one that is damaged on its way to the archive: the others are swept.
#[test]
fn one_collection_that_fails_stops_no_other() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    scene.memory.change_sources(|sources| sources.denied.push("chat.messages".to_owned()));
    let Ended::With(report) = scene.slice("acme", &Asked::default()) else { panic!("nothing dies here") };
    assert_eq!(report.failed, 1);
    assert_eq!(
        scene.run_of("acme", "chat.messages").failed_because.as_deref().map(|it| it.contains("expired")),
        Some(true)
    );
    assert_eq!(scene.run_of("acme", "chat.posts").phase, RunPhase::Ended);
    assert_eq!(scene.run_of("acme", "chat.runs").phase, RunPhase::Ended);
    scene.memory.change_sources(|sources| sources.denied.clear());
    scene.night("acme");
    assert_eq!(scene.run_of("acme", "chat.messages").failed_because, None);
    assert_eq!(scene.left_behind("acme", &[]), [""; 0]);
}

/// A bucket that stores something else than was sent: nothing may go.
fn damaged_archives(mutants: Mutants) -> Vec<String> {
    let mut scene = Scene::new(mutants);
    scene.first_night();
    scene.memory.change(|state| state.evidence.is_damaging = true);
    scene.slice("acme", &Asked::default());
    scene.broken()
}

#[test]
fn without_a_whole_archive_nothing_goes() {
    assert_eq!(damaged_archives(NO_BUG), [""; 0]);
}

/// The sweep of one tenant touches no row of another in the same table.
fn one_tenant_alone(mutants: Mutants) -> Vec<String> {
    let mut scene = Scene::new(mutants);
    scene.first_night();
    scene.night("acme");
    let mut broken = scene.broken();
    for it in scene.planted.iter().filter(|it| it.tenant == "globex") {
        let now = scene.memory.inspect(|state| state.sources.tables[it.collection].row(it.number).cloned());
        if now.as_ref() != Some(&it.row) {
            broken.push(format!("INV-T1 {} {} of another tenant", it.collection, it.number));
        }
    }
    broken
}

#[test]
fn rows_of_another_tenant_stay() {
    assert_eq!(one_tenant_alone(NO_BUG), [""; 0]);
}

/// A row that its owner changes while the sweep runs goes as it is archived, or not at all.
fn changed_meanwhile(mutants: Mutants) -> Vec<String> {
    let mut broken = Vec::new();
    let mut stayed = 0;
    let mut scene = Scene::new(mutants);
    scene.first_night();
    let before = scene.memory.snapshot();
    let at = scene
        .planted
        .iter()
        .position(|it| {
            it.collection == "chat.messages" && it.row.get("id") == Some(&Datum::Text("m-acme-ada-200".to_owned()))
        })
        .unwrap();
    for calls in 0..120 {
        scene.memory.restore(&before);
        let planted = scene.planted[at].clone();
        let ends_at = scene.memory.now() + SignedDuration::from_mins(14);
        let asked = Asked { tenant: Some(tenant("acme")), ..Asked::default() };
        let mut night = Held::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        night.make_calls(calls);
        let mut row = planted.row.clone();
        if !scene.is_removed(&planted) {
            insert(&mut row, "text", Datum::Text("canary: said anew".to_owned()));
            scene.memory.change_sources(|sources| sources.table("chat.messages").replace(planted.number, row.clone()));
        }
        night.finish().expect("nothing dies here").expect("a tenant that is named is told");
        scene.planted[at].row = row;
        stayed += u32::from(!scene.is_removed(&planted));
        broken.extend(scene.broken());
        scene.planted[at].row = planted.row;
    }
    if stayed == 0 && mutants == NO_BUG {
        broken.push("no change ever met the sweep".to_owned());
    }
    broken
}

#[test]
fn a_row_that_changed_after_it_was_read_stays() {
    assert_eq!(changed_meanwhile(NO_BUG), [""; 0]);
}

/// Two sweeps at once: each row goes once, and one run is told of.
fn two_at_once(mutants: Mutants) -> Vec<String> {
    let mut broken = Vec::new();
    let mut scene = Scene::new(mutants);
    scene.first_night();
    let before = scene.memory.snapshot();
    for seed in 0..8 {
        scene.memory.restore(&before);
        let ends_at = scene.memory.now() + SignedDuration::from_mins(14);
        let asked = Asked { tenant: Some(tenant("acme")), ..Asked::default() };
        let both: Vec<habeas_tests::executor::Task<'_, _>> =
            vec![Box::pin(scene.sweep.run(&asked, ends_at)), Box::pin(scene.sweep.run(&asked, ends_at))];
        run_together(&scene.memory, both, &mut SplitMix::new(seed));
        scene.night("acme");
        broken.extend(scene.left_behind("acme", &[]));
        let told = tally(&scene, "chat.messages");
        if told.deleted != 6 {
            broken.push(format!("seed {seed}: {} messages are told to be deleted", told.deleted));
        }
    }
    broken
}

#[test]
fn two_sweeps_at_once_do_the_work_of_one() {
    assert_eq!(two_at_once(NO_BUG), [""; 0]);
}

#[test]
fn every_seeded_bug_is_caught() {
    let stories: [fn(Mutants) -> Vec<String>; 8] = [
        two_nights,
        beyond_the_cap,
        under_hold,
        hold_at_any_moment,
        damaged_archives,
        one_tenant_alone,
        changed_meanwhile,
        two_at_once,
    ];
    let is_caught = |mutant: &Mutant| stories.iter().any(|story| !story(Mutants::only(*mutant)).is_empty());
    let missed: Vec<&Mutant> = Mutant::OF_RETENTION.iter().filter(|mutant| !is_caught(mutant)).collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

/// Officers read what goes when, and what the last run did; owners read of their own organisation only.
#[test]
fn the_schedule_tells_of_collections_and_of_the_last_run() {
    let mut scene = Scene::new(NO_BUG);
    scene.first_night();
    scene.night("acme");
    let mut house = House::over(World::over(scene.memory.clone()), crate::house::Settings::default());
    let told = house.get(&dpo("acme"), "/retention/schedule").body;
    assert_eq!((&told["next_run_at"], &told["unscheduled"]), (&json!("2026-03-04T00:00:00Z"), &json!(["chat.people"])));
    let of = |told: &Value, id: &str| {
        told["collections"].as_array().unwrap().iter().find(|it| it["collection"] == id).unwrap().clone()
    };
    let messages = of(&told, "chat.messages");
    let fields = ["class", "act", "archive_first", "days", "labelled"].map(|name| messages[name].clone());
    assert_eq!(fields, [json!("messages_days"), json!("delete"), json!(true), json!(90), json!(true)]);
    assert_eq!(
        (&messages["last_run"]["phase"], &messages["last_run"]["counts"]["deleted"]),
        (&json!("ended"), &json!(6))
    );
    assert_eq!(of(&told, "chat.runs")["labelled"], json!(false));
    let own = house.get(&owner("acme", "org-2"), "/retention/schedule").body;
    assert_eq!((&of(&own, "chat.messages")["days"], &of(&own, "chat.posts")["days"]), (&json!(30), &json!(90)));
    assert_eq!(of(&own, "chat.messages")["last_run"], Value::Null, "counts are of all organisations");
    assert_eq!(PEOPLE.len(), 3);
}
