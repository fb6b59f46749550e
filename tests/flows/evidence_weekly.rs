//! Evidence that collects itself from the log of a week, from policies and receipts; and its end once its lock has ended.

use domain::event::{Action, EventType};
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::handlers::sealer;
use habeas_tests::sample::{ADA, tenant};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::audit_log::{look as look_at_log, ticking};
use crate::audit_verifying::{due, sealed};
use crate::caller::{Caller, operator, owner};
use crate::erasure::{approved, planned};
use crate::house::{BASE, Call, EVIDENCE, House};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

fn auditor(slug: &str) -> Caller {
    Caller::new(slug, "auditor")
}

fn seal(house: &House) {
    run(&house.world.memory, sealer(&house.world.memory).run()).answer().unwrap();
}

/// Pieces of one kind as they are shown, the oldest first.
fn pieces(house: &mut House, kind: &str) -> Vec<Value> {
    let shown = house.ask(&auditor("acme"), Call::get(format!("{EVIDENCE}?limit=100")));
    assert_eq!((shown.status, &shown.body["next_cursor"]), (200, &Value::Null), "{}", shown.body);
    let items = shown.body["items"].as_array().unwrap().iter();
    items.filter(|it| it["type"] == kind && it["collector"] == "worker").cloned().collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_log_of_a_week_is_evidence_of_access_findings_policies_and_receipts() {
    let mut house = ticking();
    let job = planned(&mut house, ADA);
    approved(&mut house, &job);
    assert_eq!(house.get(&operator("acme"), "/holds").status, 403);
    let policy = json!({"permanent": ["messages_days"], "justification": "a court has ordered it"});
    let call = Call { method: "PUT", ..Call::post(format!("{BASE}/retention"), &policy) };
    assert_eq!(house.ask(&owner("acme", "org-1"), call).status, 200);
    seal(&house);
    let log = look_at_log(&mut house, &auditor("acme"), "/events?limit=1000&end=2026-03-09T00:00:00Z").body;
    let log = log["items"].as_array().unwrap().clone();
    house.world.advance(WEEK + SignedDuration::from_hours(1));
    assert_eq!(house.status("acme", &job), "completed");
    seal(&house);
    due(&house);

    let [access] = &pieces(&mut house, "access_review")[..] else { panic!("one of the week") };
    let access = &access["content"];
    assert_eq!((&access["from"], &access["until"]), (&json!("2026-03-02T00:00:00Z"), &json!("2026-03-09T00:00:00Z")));
    assert_eq!(access["whole"], json!(true));
    let staff = access["staff"].as_array().unwrap();
    let acts = |who: &Value| who["acts"].as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum::<u64>();
    for role in ["operator", "dpo", "auditor"] {
        let told = staff.iter().find(|who| who["role"] == role).unwrap();
        let is_own = |event: &&Value| event["role"] == role && event["actor"] == told["actor"];
        let own: Vec<&Value> = log.iter().filter(is_own).collect();
        // The look at the log above is in the log, but not in what it showed.
        assert_eq!(acts(told), own.len() as u64 + u64::from(role == "auditor"), "{role}");
        let failed = own.iter().filter(|event| event["outcome"] == "failure").count();
        assert_eq!(told["failures"], json!(failed), "{role}");
        assert!(time(&told["first_at"]) <= time(&told["last_at"]));
    }
    assert!(staff.iter().any(|who| who["role"] == "operator" && who["failures"] == 1), "{access}");
    assert!(staff.iter().all(|who| who["role"] != "owner"), "an owner is none of the staff");
    assert!(access["acts_of_other_people"].as_u64().unwrap() > 0);
    let found = pieces(&mut house, "scan_result")[0]["content"]["found"].clone();
    assert_eq!((&found[0]["rule"], found.as_array().unwrap().len()), (&json!("approved_in_seconds"), 1), "{found}");
    let why = pieces(&mut house, "retention_justification")[0]["content"].clone();
    assert_eq!((&why[0]["justification"], &why[0]["version"]), (&policy["justification"], &json!(1)));
    assert_eq!(why[0]["rules"], json!({"messages_days": "permanently"}));
    let rules = pieces(&mut house, "policy")[0]["content"][0]["rules"].clone();
    assert_eq!((&rules["messages_days"], &rules["logs_days"]), (&json!("permanently"), &json!(30)));
    assert_eq!(pieces(&mut house, "erasure_receipt"), [Value::Null; 0], "it was signed a week later");

    house.world.advance(WEEK);
    seal(&house);
    due(&house);
    let receipts = pieces(&mut house, "erasure_receipt")[0]["content"]["receipts"].clone();
    let sha256 = house.job("acme", &job).receipt().unwrap().sha256.clone();
    assert_eq!((&receipts[0]["job"], &receipts[0]["sha256"]), (&json!(job), &json!(sha256)), "{receipts}");
    assert_eq!(pieces(&mut house, "scan_result")[1]["content"]["found"], json!([]), "nothing found is told too");
    let foreign = house.ask(&auditor("globex"), Call::get(format!("{EVIDENCE}?limit=100"))).body.to_string();
    assert!(!foreign.contains(&job) && !foreign.contains("a court"), "{foreign}");
}

/// Objects of evidence of a tenant.
fn kept(house: &House, slug: &str) -> Vec<String> {
    let prefix = format!("evidence/{slug}/");
    house
        .world
        .memory
        .inspect(|state| state.evidence.objects.keys().filter(|name| name.starts_with(&prefix)).cloned().collect())
}

fn ends_told(house: &House, id: &str) -> usize {
    house.world.memory.inspect(|state| {
        let told = |record: &Record| match record {
            Record::Event(it) => {
                (it.event_type, it.action, it.to.as_deref()) == (EventType::RetentionRun, Action::Delete, Some(id))
            }
            _ => false,
        };
        state.items.values().filter(|record| told(record)).count()
    })
}

#[test]
fn evidence_ends_with_its_lock_and_not_before_and_a_run_that_was_stopped_is_gone_on_with() {
    let (mut house, _) = sealed();
    due(&house);
    let audit = pieces(&mut house, "audit")[0].clone();
    let id = audit["id"].as_str().unwrap().to_owned();
    let path = format!("{EVIDENCE}/{id}/verify");
    assert_eq!(house.ask(&auditor("acme"), Call::post(path, &json!({}))).body["ok"], json!(true));
    let before = kept(&house, "acme");
    let of = |id: &str, names: &[String]| names.iter().filter(|name| name.contains(id)).count();
    assert_eq!(of(&id, &before), 4, "the piece, two entries of custody, the check");
    let verify = |house: &House| {
        let ends_at = house.world.memory.now() + SignedDuration::from_mins(10);
        run(&house.world.memory, house.world.handlers.verifier.run_now(&tenant("acme"), ends_at)).answer().unwrap()
    };

    house.world.memory.set_now(time(&audit["retain_until"]) - SignedDuration::from_secs(1));
    verify(&house);
    assert!(before.iter().all(|name| kept(&house, "acme").contains(name)), "it is still locked");
    assert_eq!(ends_told(&house, &id), 0);

    // A run that died after the first object, as the next finds it.
    house.world.memory.advance(SignedDuration::from_secs(2));
    let check = before.iter().find(|name| name.contains("/checks/")).unwrap();
    house.world.memory.change(|state| state.evidence.objects.remove(check)).unwrap();
    let foreign = kept(&house, "globex");
    verify(&house);
    assert!(kept(&house, "acme").iter().all(|name| !before.contains(name)), "all of the first week is gone");
    assert_eq!((ends_told(&house, &id), kept(&house, "globex")), (1, foreign), "said, and of one tenant alone");
    assert!(!kept(&house, "acme").is_empty(), "what was collected since stays");
    seal(&house);
    assert_eq!(verify(&house).held, 1, "the log that tells of it holds");
}
